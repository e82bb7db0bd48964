package route

import (
	"regexp"
	"testing"

	"pgregory.net/rapid"
)

func TestTokenIsOneToken(t *testing.T) {
	one := regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
	rapid.Check(t, func(t *rapid.T) {
		s := string(rapid.SliceOf(rapid.Byte()).Draw(t, "text"))
		if got := Token(s); !one.MatchString(got) {
			t.Fatalf("Token(%q) = %q", s, got)
		}
	})
}
