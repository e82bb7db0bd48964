package inspect_test

import (
	"strings"
	"testing"
	"time"

	"github.com/meetbus/meetbus/relay/inspect"
)

// TestNothingFound: who searches for a meeting in vain reads how much was searched, and where else it may be; only where nothing has come
// at all the page says how to try it.
func TestNothingFound(t *testing.T) {
	const advice = "meetbus trigger"
	r := newRig(t, "")
	for _, path := range []string{"/", "/?meeting=m-9"} {
		if _, text := r.get(path, nil); !strings.Contains(text, advice) {
			t.Errorf("of nothing, %s does not say %q", path, advice)
		}
	}
	r.send("signed", joined("m-1", "Ada"), nil)
	r.send("signed", "no JSON", nil)
	r.send("signed", joined("m-9", "Ada"), map[string]string{"dyte-signature": "no"})
	_, text := r.get("/?meeting=m-9", nil)
	for _, part := range []string{
		"names this meeting.</b> Searched: 2 taken since 20", " UTC, 1 refused.", `href="/?outcome=rejected"`,
		`href="/?outcome=dead_lettered"`, `href="/inspector/deadletters"`, "tail --meeting",
	} {
		if !strings.Contains(text, part) {
			t.Errorf("it does not say %q: %s", part, text)
		}
	}
	if strings.Contains(text, advice) {
		t.Error("it says how to try it, though there is traffic")
	}
}

// TestChipsCountTheTable: what came before the minutes that are drawn is in the table, and counted beside it.
func TestChipsCountTheTable(t *testing.T) {
	recent := inspect.NewRecent()
	long := time.Now().Add(-time.Hour)
	for range 3 {
		recent.Add(&inspect.Entry{Outcome: inspect.Rejected, Time: long})
	}
	recent.Add(&inspect.Entry{Outcome: inspect.Published, Time: long})
	page := inspect.Rendered(recent)
	for _, part := range []string{`<b data-count="rejected">3</b>`, `<b data-count="published">1</b>`, `<b data-count="">4</b>`} {
		if !strings.Contains(page, part) {
			t.Errorf("the page has no %s", part)
		}
	}
}
