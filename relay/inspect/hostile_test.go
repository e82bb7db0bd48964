package inspect_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/meetbus/meetbus/relay/inspect"
	"github.com/meetbus/meetbus/relay/inspect/inspecttest"
)

// TestTextStaysText: webhooks whose every text wants to be markup go through a whole relay, and each page about them has the elements and
// attributes that the same page has of friendly ones, and no others.
func TestTextStaysText(t *testing.T) {
	r := newRig(t, "")
	hooks, texts := inspecttest.Webhooks(), inspecttest.Texts()
	if len(hooks) < 100 || len(texts) < 10 {
		t.Fatalf("%d webhooks with %d texts", len(hooks), len(texts))
	}
	for _, w := range hooks {
		if status := r.send(w.Provider, string(w.Body), w.Header); status != http.StatusOK {
			t.Errorf("%s: %d", w.Body, status)
		}
	}
	for _, text := range texts {
		r.send("signed", text, map[string]string{"Dyte-Extra": "<img src=x onerror=alert(1)>", "User-Agent": "<script>alert(1)</script>"})
	}
	pages := []string{"/", "/inspector/deadletters"}
	for n := range len(hooks) + len(texts) {
		pages = append(pages, fmt.Sprintf("/inspector/webhooks/%d", n+1))
	}
	for n, text := range texts {
		pages = append(pages, fmt.Sprintf("/inspector/deadletters/%d", n+1), "/?meeting="+escaped(text)+"&type="+escaped(text)+"&outcome="+escaped(text),
			"/inspector/"+escaped(text), "/inspector/deadletters?done=retried&letter="+escaped(text), "/inspector/deadletters?meeting="+escaped(text))
	}
	shown := 0
	for _, page := range pages {
		_, text := r.get(page, nil)
		shown += strings.Count(text, "&lt;script&gt;")
		harmless(t, page, text)
	}
	if shown < len(hooks) {
		t.Errorf("hostile texts are shown %d times only", shown)
	}
	lines := r.listen("/inspector/live?after=0", nil)
	r.inspector.Close()
	var b strings.Builder
	for line := range lines {
		if field, value, _ := strings.Cut(line, ": "); line != "" && field != "id" && (field != "event" || value != "rows" && value != "plots") && field != "data" {
			t.Errorf("a text has made a line of its own: %q", line)
		}
		b.WriteString(strings.TrimPrefix(line, "data: "))
	}
	harmless(t, "the events", "<table>"+b.String()+"</table>")
}

func escaped(text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}

// elements and attributes are all that pages are made of.
var (
	elements = strings.Fields(`html head meta title link script body a header svg path circle rect nav span main h1 h2 small dl div dt dd
		p article section ol ul li code pre figure figcaption b form fieldset legend label input datalist option select button table thead tbody tr
		th td time dialog kbd footer details summary em`)
	attributes = strings.Fields(`lang charset name content rel href src defer class viewBox preserveAspectRatio aria-hidden aria-label aria-current
		aria-pressed role id d cx cy r x y width height title for method action type value checked selected list autocomplete spellcheck maxlength
		placeholder hidden data-last data-number data-count data-path data-at datetime scope`)
)

// harmless wants nothing in a page but what the page is made of.
func harmless(t *testing.T, page, text string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		if n.Type == html.CommentNode {
			t.Errorf("%s has a comment: %q", page, n.Data)
		}
		if n.Type != html.ElementNode {
			continue
		}
		if !slices.Contains(elements, n.Data) {
			t.Errorf("%s has the element %s", page, n.Data)
		}
		for _, a := range n.Attr {
			if !slices.Contains(attributes, a.Key) {
				t.Errorf("%s has %s with the attribute %s", page, n.Data, a.Key)
			}
			if (a.Key == "href" || a.Key == "src" || a.Key == "action") && (!strings.HasPrefix(a.Val, "/") || strings.HasPrefix(a.Val, "//")) && a.Val != "#main" {
				t.Errorf("%s leads to %q", page, a.Val)
			}
		}
		if n.Data == "script" && (n.FirstChild != nil || n.Attr[0].Val != "/inspector/page.js") {
			t.Errorf("%s has a script of its own", page)
		}
	}
}

// FuzzRow: no entry, whatever its words are, makes more than a row.
func FuzzRow(f *testing.F) {
	for _, text := range inspecttest.Texts() {
		f.Add(text, uint64(1))
	}
	f.Fuzz(func(t *testing.T, text string, sequence uint64) {
		recent := inspect.NewRecent()
		recent.Add(&inspect.Entry{
			Outcome: inspect.Rejected, Event: text, Type: text, Subject: text, Meeting: text, ID: text, Why: text, Client: text, Sequence: sequence,
		})
		recent.Add(&inspect.Entry{Outcome: inspect.Unmapped, Event: text, Type: text, Subject: text, Meeting: text, ID: text, Why: text})
		page := inspect.Rendered(recent)
		harmless(t, "the page", page)
		if rows := strings.Count(page, "<tr class=\"o-"); rows != 2 {
			t.Errorf("two webhooks make %d rows", rows)
		}
	})
}
