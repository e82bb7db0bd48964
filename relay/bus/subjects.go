package bus

import (
	"fmt"
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

// pattern is a subject in tokens; wildcards allowed. Where every subject of one list meets every one of another, they are split
// only once.
type pattern []string

func patternOf(subject string) pattern { return strings.Split(subject, ".") }

func patternsOf(subjects []string) []pattern {
	patterns := make([]pattern, len(subjects))
	for i, subject := range subjects {
		patterns[i] = patternOf(subject)
	}
	return patterns
}

// covers says whether every subject that matches narrow matches p too.
func (p pattern) covers(narrow pattern) bool {
	for i, token := range p {
		switch {
		case token == ">":
			return len(narrow) > i
		case i >= len(narrow) || narrow[i] == ">":
			return false
		case token != "*" && token != narrow[i]:
			return false
		}
	}
	return len(p) == len(narrow)
}

// overlaps says whether some subject matches both.
func (p pattern) overlaps(other pattern) bool {
	for i := range min(len(p), len(other)) {
		switch {
		case p[i] == ">" || other[i] == ">":
			return true
		case p[i] != other[i] && p[i] != "*" && other[i] != "*":
			return false
		}
	}
	return len(p) == len(other)
}

// crosses says whether some subject matches both, and each matches some that the other does not: no stream may hold both.
func (p pattern) crosses(other pattern) bool {
	return p.overlaps(other) && !p.covers(other) && !other.covers(p)
}

// coveredBy says whether one of the wider covers p.
func (p pattern) coveredBy(wider []pattern) bool {
	return slices.ContainsFunc(wider, func(w pattern) bool { return w.covers(p) })
}

// uncovered are the subjects that none of the wider ones covers.
func uncovered(subjects, wider []string) []string {
	patterns := patternsOf(wider)
	return slices.DeleteFunc(slices.Clone(subjects), func(s string) bool { return patternOf(s).coveredBy(patterns) })
}

// widest leaves out what another subject covers: the server refuses such a pair.
func widest(subjects []string) []string {
	patterns := patternsOf(subjects)
	var kept []string
	for i, p := range patterns {
		// Of two that are the same, the first is kept.
		wider := func(w pattern) bool { return w.covers(p) && !p.covers(w) }
		if !p.coveredBy(patterns[:i]) && !slices.ContainsFunc(patterns[i+1:], wider) {
			kept = append(kept, subjects[i])
		}
	}
	return kept
}

// Overlap finds subjects, wildcards allowed, one of each list, that some subject matches both of.
func Overlap(some, others []string) (one, other string, found bool) {
	first, by, _ := firstOverlap(patternsOf(some), patternsOf(others))
	if first < 0 {
		return "", "", false
	}
	return some[first], others[by], true
}

// some lists subjects, and not a thousand of them.
func some(subjects []string) string {
	const most = 5
	if len(subjects) <= most {
		return strings.Join(subjects, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(subjects[:most], ", "), len(subjects)-most)
}
