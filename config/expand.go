package config

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// expand replaces ${VAR}, ${VAR:-default} and $$ in text. As in a shell, the default also stands in for an empty variable.
// What a variable holds is not looked at again. A $ before anything else is itself.
func expand(text string, env func(string) (string, bool)) (string, error) {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, "$")
		b.WriteString(before)
		switch {
		case !found:
			return b.String(), nil
		case strings.HasPrefix(after, "$"):
			b.WriteByte('$')
			text = after[1:]
		case strings.HasPrefix(after, "{"):
			inside, rest, closed := strings.Cut(after[1:], "}")
			if !closed {
				return "", errors.New("has ${ without }; write $${ for the characters themselves")
			}
			value, err := variable(inside, env)
			if err != nil {
				return "", err
			}
			b.WriteString(value)
			text = rest
		default:
			b.WriteByte('$')
			text = after
		}
	}
}

// variable returns what stands for VAR or VAR:-default.
func variable(inside string, env func(string) (string, bool)) (string, error) {
	name, fallback, optional := strings.Cut(inside, ":-")
	if !variableName.MatchString(name) {
		return "", errors.New("has ${…} that is neither ${VAR} nor ${VAR:-default}")
	}
	if strings.Contains(fallback, "${") {
		return "", fmt.Errorf("has a variable inside the default of ${%s}", name)
	}
	value, set := env(name)
	if optional && value == "" {
		return fallback, nil
	}
	if !set {
		return "", fmt.Errorf("needs the environment variable %s, which is not set; ${%s:-default} gives it a default", name, name)
	}
	return value, nil
}
