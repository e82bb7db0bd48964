package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

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

// harmless is JSON that says the same, without what could steer a terminal, reorder a line or end it: that is escaped. Within JSON
// it can be in strings only, but for line breaks between them; those that are more than a line feed become blanks. What is no JSON is
// returned as it is.
func harmless(text []byte) []byte {
	if bytes.ContainsFunc(text, steers) && json.Valid(text) {
		return escapedJSON(text)
	}
	return text
}

// harmlessAnyway is harmless for what may be no JSON and goes to a terminal: then that is escaped, too.
func harmlessAnyway(text []byte) []byte {
	if json.Valid(text) {
		return harmless(text)
	}
	return []byte(escaped(strings.ToValidUTF8(string(text), string(unicode.ReplacementChar))))
}

// steers says whether a character of JSON could do harm. JSON has \n and \t between values.
func steers(r rune) bool {
	return r != '\n' && r != '\t' && (unprintable(r) || r == '\u2028' || r == '\u2029')
}

// escapedJSON is JSON with what steers escaped. Bytes that are no UTF-8 stay as they are.
func escapedJSON(text []byte) []byte {
	escaped := make([]byte, 0, len(text)+64)
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		switch {
		case r == '\r':
			escaped = append(escaped, ' ')
		case steers(r):
			escaped = fmt.Appendf(escaped, `\u%04x`, r)
		default:
			escaped = append(escaped, text[:size]...)
		}
		text = text[size:]
	}
	return escaped
}

// shortened cuts s where a line would get hard to read.
func shortened(s string) string {
	const limit = 160
	if r := []rune(s); len(r) > limit {
		return string(r[:limit]) + "…"
	}
	return s
}
