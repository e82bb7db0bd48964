package bus

import (
	"slices"
	"strings"
)

// maxSubject keeps a PUB line under the server's max_control_line of 4 KiB: past it, the server ends the connection.
const maxSubject = 2048

// publishable says whether s is one subject: the server would store a wildcard, and never answer an empty token.
func publishable(s string) bool {
	tokens := strings.Split(s, ".")
	return matchable(s) && !slices.Contains(tokens, "*") && tokens[len(tokens)-1] != ">"
}

// matchable says whether s is a subject, wildcards allowed.
func matchable(s string) bool {
	tokens := strings.Split(s, ".")
	for i, token := range tokens {
		if token == "" || token == ">" && i < len(tokens)-1 || strings.ContainsFunc(token, blank) {
			return false
		}
	}
	return len(s) <= maxSubject
}

func blank(r rune) bool { return r <= ' ' || r == 0x7f }

// covers says whether every subject that matches narrow matches wide too. Both may hold wildcards.
func covers(wide, narrow string) bool {
	w, n := strings.Split(wide, "."), strings.Split(narrow, ".")
	for i, token := range w {
		switch {
		case token == ">":
			return len(n) > i
		case i >= len(n) || n[i] == ">":
			return false
		case token != "*" && token != n[i]:
			return false
		}
	}
	return len(w) == len(n)
}

// overlaps says whether some subject matches both.
func overlaps(a, b string) bool {
	x, y := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(x), len(y)) {
		switch {
		case x[i] == ">" || y[i] == ">":
			return true
		case x[i] != y[i] && x[i] != "*" && y[i] != "*":
			return false
		}
	}
	return len(x) == len(y)
}
