package main

import (
	"os"
	"strings"
	"unicode"

	"github.com/mattn/go-isatty"
)

// isTerminal says whether a person watches what is written to w.
func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}

// printable returns s as one line without what could steer a terminal or reorder the line: control characters and
// bidirectional overrides. Line breaks and tabs become blanks.
func printable(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\u2028' || r == '\u2029':
			return ' '
		case unprintable(r), r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, s))
}

// unprintable says whether r could steer a terminal or reorder a line. All such characters are in the Basic Multilingual Plane.
func unprintable(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }

// shortened cuts s where a line would get hard to read.
func shortened(s string) string {
	const limit = 160
	if r := []rune(s); len(r) > limit {
		return string(r[:limit]) + "…"
	}
	return s
}
