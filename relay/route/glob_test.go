package route

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var (
	someGlob = rapid.StringOfN(rapid.RuneFrom([]rune("ab.**")), 0, 8, -1)
	someText = rapid.StringOfN(rapid.RuneFrom([]rune("ab.")), 0, 10, -1)
)

func TestGlobIsARegularExpressionOfAnyText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g, s := Glob(someGlob.Draw(t, "glob")), someText.Draw(t, "text")
		same := regexp.MustCompile(`(?s)^` + strings.ReplaceAll(regexp.QuoteMeta(string(g)), `\*`, `.*`) + `$`)
		if got, want := g.Matches(s), same.MatchString(s); got != want {
			t.Fatalf("%q matches %q: %v, want %v", g, s, got, want)
		}
	})
}

func TestGlobCoversOnlyWhatItMatches(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		wide, narrow := Glob(someGlob.Draw(t, "wide")), Glob(someGlob.Draw(t, "narrow"))
		s := someText.Draw(t, "text")
		if wide.covers(narrow) && narrow.Matches(s) && !wide.Matches(s) {
			t.Fatalf("%q covers %q, which matches %q, and does not match it", wide, narrow, s)
		}
	})
	for _, c := range []struct {
		wide, narrow Glob
		want         bool
	}{
		{"*", "a*b", true}, {"a*", "ab*", true}, {"a*c", "a*b*c", true}, {"ab*", "a*", false}, {"a", "a", true}, {"a*", "*", false},
	} {
		if got := c.wide.covers(c.narrow); got != c.want {
			t.Errorf("%q covers %q: %v", c.wide, c.narrow, got)
		}
	}
}

func TestGlobThatCanBegin(t *testing.T) {
	for _, c := range []struct {
		g    Glob
		want bool
	}{
		{"dyte.*", true}, {"dyte.waved", true}, {"dyte.", false}, {"*", true}, {"dy*x", true}, {"*.statusUpdate", true}, {"dyte*", true},
		{"meeting.*", false}, {"dyte", false}, {"videosdk.*", false}, {"dyt.*", false},
	} {
		if got := c.g.canBegin("dyte."); got != c.want {
			t.Errorf("%q: %v", c.g, got)
		}
	}
}
