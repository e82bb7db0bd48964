package bus

import (
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"pgregory.net/rapid"
)

func TestCovers(t *testing.T) {
	for _, c := range []struct {
		wide, narrow string
		want         bool
	}{
		{"a.b", "a.b", true},
		{"a.b", "a.c", false},
		{"a", "a.b", false},
		{"a.b", "a", false},
		{"a.*", "a.b", true},
		{"a.*", "a.*", true},
		{"a.b", "a.*", false},
		{"a.*", "a.b.c", false},
		{"a.*", "a.>", false},
		{"a.>", "a", false},
		{"a.>", "a.*", true},
		{"a.>", "a.b.>", true},
		{">", "a", true},
		{"*.b", "a.*", false},
	} {
		if got := patternOf(c.wide).covers(patternOf(c.narrow)); got != c.want {
			t.Errorf("%s covers %s: %t", c.wide, c.narrow, got)
		}
	}
}

// patterns are short, over few tokens, so that they meet.
func patterns() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		tokens := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "*"}), 1, 4).Draw(t, "tokens")
		if rapid.Bool().Draw(t, "open") {
			tokens[len(tokens)-1] = ">"
		}
		return strings.Join(tokens, ".")
	})
}

func TestSubjectsMatchAsInTheServer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := patterns().Draw(t, "a"), patterns().Draw(t, "b")
		x, y := patternOf(a), patternOf(b)
		if got, want := x.overlaps(y), server.SubjectsCollide(a, b); got != want {
			t.Errorf("%s overlaps %s: %t, the server says %t", a, b, got, want)
		}
		if x.covers(y) && !x.overlaps(y) {
			t.Errorf("%s covers %s and does not overlap it", a, b)
		}
		if got, want := x.crosses(y), y.crosses(x); got != want {
			t.Errorf("%s crosses %s: %t, the other way round %t", a, b, got, want)
		}
		literal := strings.NewReplacer("*", "b", ">", "b.b").Replace(b)
		if x.covers(y) && !x.covers(patternOf(literal)) {
			t.Errorf("%s covers %s but not %s", a, b, literal)
		}
		if got, want := x.covers(patternOf(literal)), server.SubjectsCollide(a, literal); got != want {
			t.Errorf("%s covers %s: %t, the server says %t", a, literal, got, want)
		}
	})
}

func TestWidest(t *testing.T) {
	for _, c := range []struct{ given, want string }{
		{"", ""},
		{"a b", "a b"},
		{"a a", "a"},
		{"a.b a.*", "a.*"},
		{"a.* a.b", "a.*"},
		{"a.b c a.c a.>", "c a.>"},
	} {
		if got := strings.Join(widest(strings.Fields(c.given)), " "); got != c.want {
			t.Errorf("widest of %q: %q, want %q", c.given, got, c.want)
		}
	}
}
