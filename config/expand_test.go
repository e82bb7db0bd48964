package config

import "testing"

func TestExpand(t *testing.T) {
	env := lookup(map[string]string{"A": "1", "_b2": "2", "EMPTY": "", "HOSTILE": "${A} $$ ${", "EXACT": "x:-y"})
	for text, want := range map[string]string{
		"":                     "",
		"plain":                "plain",
		"${A}":                 "1",
		"a${A}b${_b2}c":        "a1b2c",
		"${A:-no}":             "1",
		"${UNSET:-no}":         "no",
		"${UNSET:-}":           "",
		"${UNSET:-a:-b $ c}":   "a:-b $ c",
		"${EMPTY}":             "",
		"${EMPTY:-no}":         "no",
		"$${A}":                "${A}",
		"$$$${A}":              "$${A}",
		"$$${A}":               "$1",
		"$A costs 5$":          "$A costs 5$",
		"${HOSTILE}":           "${A} $$ ${",
		"${HOSTILE}${HOSTILE}": "${A} $$ ${${A} $$ ${",
		"${EXACT}":             "x:-y",
	} {
		if got, err := expand(text, env); err != nil || got != want {
			t.Errorf("%s: got %q, %v; want %q", text, got, err, want)
		}
	}
}

func TestExpandRefuses(t *testing.T) {
	env := lookup(map[string]string{"A": "1"})
	for _, text := range []string{
		"${UNSET}", "${A", "${", "${}", "${:-x}", "${A-x}", "${A:x}", "${1A}", "${A B}", "${ A }", "${UNSET:-${A}}", "${A}${UNSET}",
	} {
		if got, err := expand(text, env); err == nil || got != "" {
			t.Errorf("%s: got %q, %v; want an error only", text, got, err)
		}
	}
}
