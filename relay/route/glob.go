package route

import "strings"

// Glob is one value of a match: a text in which * stands for any text, dots included.
type Glob string

// Literal says whether the glob stands for one text only.
func (g Glob) Literal() bool { return !strings.Contains(string(g), "*") }

// beginning returns the text that a literal is, or that a glob with one * at its end wants in front; empty for another glob.
func (g Glob) beginning() string {
	head, rest, _ := strings.Cut(string(g), "*")
	if rest != "" {
		return ""
	}
	return head
}

// Matches says whether the glob stands for s.
func (g Glob) Matches(s string) bool {
	head, rest, wild := strings.Cut(string(g), "*")
	if !wild {
		return string(g) == s
	}
	s, fits := strings.CutPrefix(s, head)
	if !fits {
		return false
	}
	for {
		middle, after, wild := strings.Cut(rest, "*")
		if !wild {
			return strings.HasSuffix(s, rest)
		}
		at := strings.Index(s, middle)
		if at < 0 {
			return false
		}
		s, rest = s[at+len(middle):], after
	}
}

// covers says whether g stands for every text that narrow stands for. Read as a plain text, narrow's own * is a character
// that only a * of g can take in, and then it can take in whatever that * stands for.
func (g Glob) covers(narrow Glob) bool { return g.Matches(string(narrow)) }

// canBegin says whether the glob stands for some text that is longer than prefix and begins with it.
func (g Glob) canBegin(prefix string) bool {
	head, _, wild := strings.Cut(string(g), "*")
	if !wild {
		return strings.HasPrefix(head, prefix) && len(head) > len(prefix)
	}
	return strings.HasPrefix(head, prefix) || strings.HasPrefix(prefix, head)
}

// anyOf says whether one of globs fits.
func anyOf(globs []Glob, fits func(Glob) bool) bool {
	for _, g := range globs {
		if fits(g) {
			return true
		}
	}
	return false
}
