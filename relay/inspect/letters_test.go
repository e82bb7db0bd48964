package inspect_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/meetbus/meetbus/relay/deadletter"
	"github.com/meetbus/meetbus/relay/inspect"
)

// TestLettersOfMeeting: who searches for a meeting finds its dead letters, among the webhooks and among the letters, and reads what would
// become of each today before anything that could be done.
func TestLettersOfMeeting(t *testing.T) {
	r := newRig(t, "")
	r.send("signed", `{"no":"event","meeting":{"id":"meeting-one"}}`, nil)
	r.send("signed", `no JSON, of meeting-one`, nil)
	r.send("signed", `{"event":7,"meetingId":"meeting-two"}`, nil)
	for path, want := range map[string]struct{ says, not []string }{
		"/?meeting=meeting-one": {[]string{`data-number="1"`}, []string{`data-number="2"`, `data-number="3"`}},
		"/inspector/deadletters?meeting=MEETING-ONE": {[]string{"meeting-one", `href="/inspector/deadletters/1"`},
			[]string{`href="/inspector/deadletters/2"`, `href="/inspector/deadletters/3"`}},
		"/inspector/deadletters?meeting=meeting-six": {[]string{"Of the 3 dead letters that were searched none names this meeting"}, []string{"<table"}},
		"/inspector/deadletters":                     {[]string{"meeting-two", `href="/inspector/deadletters/2"`}, []string{"Older"}},
		"/inspector/deadletters/1":                   {[]string{"Today it would still be a dead letter:", "names no event", `id="retry">`, "meeting-one"}, []string{`class="main"`}},
	} {
		_, text := r.get(path, nil)
		for _, part := range want.says {
			if !strings.Contains(text, part) {
				t.Errorf("%s does not say %q", path, part)
			}
		}
		for _, part := range want.not {
			if strings.Contains(text, part) {
				t.Errorf("%s says %q", path, part)
			}
		}
	}
}

// TestLettersInPages: a search goes on to older letters where a page of them is full, and ends where they do.
func TestLettersInPages(t *testing.T) {
	r := newRig(t, "")
	r.send("signed", `{"meeting":{"id":"oldest"}}`, nil)
	for range 60 {
		r.send("signed", `{"meeting":{"id":"others"}}`, nil)
	}
	r.send("signed", `{"meeting":{"id":"newest"}}`, nil)
	_, text := r.get("/inspector/deadletters?meeting=other", nil)
	if n := strings.Count(text, `class="open"`); n != 50 || !strings.Contains(text, `href="/inspector/deadletters?before=12&amp;meeting=other"`) {
		t.Errorf("the first page has %d: %s", n, text)
	}
	_, text = r.get("/inspector/deadletters?before=12&meeting=other", nil)
	if n := strings.Count(text, `class="open"`); n != 10 || strings.Contains(text, "Older") {
		t.Errorf("the second page has %d: %s", n, text)
	}
	if _, text = r.get("/inspector/deadletters?meeting=oldest", nil); !strings.Contains(text, `href="/inspector/deadletters/1"`) {
		t.Errorf("the oldest is not found: %s", text)
	}
}

// slow is a stream that takes its time, and counts how many read it at once.
type slow struct {
	inspect.Letters
	now, most atomic.Int32
}

func (s *slow) List(ctx context.Context, before uint64, limit int) ([]deadletter.Letter, error) {
	defer s.now.Add(-1)
	if now := s.now.Add(1); now > s.most.Load() {
		s.most.Store(now)
	}
	time.Sleep(550 * time.Millisecond)
	return s.Letters.List(ctx, before, limit)
}

// TestSearchOfMany: a search that takes long ends with what was searched so far, and where to go on; those of several people are done
// one after the other.
func TestSearchOfMany(t *testing.T) {
	var stream slow
	r := newRig(t, "", func(o *inspect.Options) { stream.Letters, o.Letters = o.Letters, &stream })
	r.admin = r.serve(r.inspector, 5*time.Second, r.inspector.Close)
	for range 200 {
		r.send("signed", `{"meeting":{"id":"others"}}`, nil)
	}
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			status, text := r.get("/inspector/deadletters?meeting=oldest", nil)
			if status != http.StatusOK || !strings.Contains(text, "0 dead letters that were searched none names") ||
				!strings.Contains(text, "&amp;meeting=oldest\">Older ones") {
				t.Errorf("answered %d: %s", status, text)
			}
		})
	}
	all.Wait()
	if most := stream.most.Load(); most != 1 {
		t.Errorf("%d searched at once", most)
	}
}
