package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
)

// customer is what a provider's API wants to know of who calls it, by the names of its credentials. It is never printed.
type customer map[string]string

// String keeps them out of whatever prints values.
func (customer) String() string { return "<secret>" }

// GoString does the same for %#v.
func (customer) GoString() string { return "<secret>" }

// readCredentials takes what the API needs from file, if one is named, and else from the environment. What is missing is not an
// error yet: missing says it. A file that others can read is reported to warnings. No error quotes a value.
func readCredentials(needs []credential, file string, warnings io.Writer) (customer, error) {
	inFile := map[string]string{}
	if file != "" {
		var err error
		if inFile, err = credentialsFile(file, warnings); err != nil {
			return nil, err
		}
	}
	c := customer{}
	for _, n := range needs {
		for _, value := range []string{inFile[n.name], inFile[n.alias], os.Getenv(n.name), getenv(n.alias)} {
			if value = strings.TrimSpace(value); value == "" {
				continue
			}
			if strings.ContainsFunc(value, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || r > unicode.MaxASCII }) {
				return nil, usagef("%s has a blank or another character in it that no credential has: copy it again", n.name)
			}
			if !n.secret && strings.ContainsAny(value, "/?#:%\\{}.") {
				return nil, usagef("%s is not an id: it may have no / ? # : %% \\ { } or dot", n.name)
			}
			c[n.name] = value
			break
		}
	}
	return c, nil
}

func getenv(name string) string {
	if name == "" {
		return ""
	}
	return os.Getenv(name)
}

// credentialsFile reads lines of NAME=value, as env files have them: # begins a comment, export may stand in front, and quotes
// may stand around the value.
func credentialsFile(name string, warnings io.Writer) (map[string]string, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, usagef("read --credentials: %w", err)
	}
	if state, err := os.Stat(name); err == nil && state.Mode().IsRegular() && state.Mode().Perm()&0o077 != 0 {
		fmt.Fprintf(warnings, "meetbus: warning: %s can be read by others: chmod 600 %[1]s\n", printable(name))
	}
	values, at := map[string]string{}, 0
	for line := range strings.Lines(string(text)) {
		at++
		line = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line), "export "))
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, value, found := strings.Cut(line, "=")
		key = strings.TrimSpace(key)
		if !found || key == "" {
			return nil, usagef("line %d of %s is not NAME=value", at, name)
		}
		values[key] = unquoted(strings.TrimSpace(value))
	}
	return values, nil
}

func unquoted(s string) string {
	if len(s) > 1 && (s[0] == '"' || s[0] == '\'') && s[len(s)-1] == s[0] {
		return s[1 : len(s)-1]
	}
	return s
}

// missing refuses credentials that are not all there.
func (c customer) missing(needs []credential) error {
	var names []string
	for _, n := range needs {
		if c[n.name] == "" {
			names = append(names, n.name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return usagef("no %s: set it in the environment, or in a file of lines NAME=value that --credentials names",
		strings.Join(names, ", no "))
}
