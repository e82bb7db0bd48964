package inspect_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestPages has a case for each page, and for what each says of the webhooks that came.
func TestPages(t *testing.T) {
	r := newRig(t, "")
	for i, hook := range [][2]string{
		{"dyte", joined("m-1", "Ada")}, {"dyte", joined("m-1", "Ada")}, {"dyte", `{"event":"meeting.danced","meeting":{"id":"m-2"}}`},
		{"dyte", `{"event":"recording.statusUpdate","recording":{"id":"r","meetingId":"m-3","status":"UPLOADED"}}`},
		{"videosdk", `{"webhookType":"hls-started","data":{"meetingId":"m-4"}}`}, {"signed", `{"no":"event"}`}, {"dyte", "no JSON"},
		{"dyte", `{"event":"livestreaming.statusUpdate","meetingId":"m-5","streamKey":"hunter2","status":"LIVE"}`},
	} {
		r.send(hook[0], hook[1], map[string]string{"dyte-uuid": fmt.Sprintf("delivery-%d", i+1), "dyte-webhook-id": "hook"})
	}
	r.send("signed", "{}", map[string]string{"dyte-signature": "no"})
	for path, want := range map[string]struct {
		status int
		texts  []string
		not    []string
	}{
		"/": {200, []string{"m-1", "duplicate", "dyte.meeting.danced", "recording.m-3", "subjects.rules[1]: type hls.* → drop",
			"no_event: meetbus.deadletter.dyte", "signature is not one base64 text", "ready"}, []string{"hunter2", "no JSON"}},
		"/?meeting=M-3":            {200, []string{"m-3"}, []string{"m-1", "m-2"}},
		"/?type=danced":            {200, []string{"m-2"}, []string{"m-1", "m-3"}},
		"/?provider=videosdk":      {200, []string{"m-4"}, []string{"m-1", "m-2"}},
		"/?outcome=duplicate":      {200, []string{"m-1"}, []string{"m-2", "m-3"}},
		"/?outcome=nonsense":       {200, []string{"fits the filter.</b> Searched: 7 taken since 20"}, []string{"m-1"}},
		"/inspector/webhooks/1":    {200, []string{`data-at="data.participant.name"`, "MEETBUS:1", "delivery-1", "hook", "the SHA-256 of the body", "none: subjects.default"}, []string{"has moved it"}},
		"/inspector/webhooks/2":    {200, []string{"duplicate", "MEETBUS:1"}, nil},
		"/inspector/webhooks/3":    {200, []string{"This meetbus does not know meeting.danced of dyte. It is on meetbus.unmapped.dyte.meeting_danced, and"}, nil},
		"/inspector/webhooks/4":    {200, []string{"Rule subjects.rules[0] has moved it: it is on recording.m-3, not on recording.statusUpdate", "subjects.rules[0]: type recording.statusUpdate → recording.{meetingid}", "data.recording.status"}, nil},
		"/inspector/webhooks/5":    {200, []string{"A rule drops it", "subjects.rules[1]"}, []string{"The CloudEvent"}},
		"/inspector/webhooks/6":    {200, []string{`href="/inspector/deadletters/1"`, "no_event"}, nil},
		"/inspector/webhooks/7":    {200, []string{"nothing of its body was kept", "400"}, []string{"no JSON"}},
		"/inspector/webhooks/8":    {200, []string{"masked", "streamKey"}, []string{"hunter2"}},
		"/inspector/webhooks/9":    {200, []string{"401", "127.0.0.1"}, nil},
		"/inspector/webhooks/10":   {404, []string{"no longer remembered"}, nil},
		"/inspector/webhooks/0":    {404, []string{"no such webhook"}, nil},
		"/inspector/webhooks/x":    {404, []string{"no such webhook"}, nil},
		"/inspector/nothing":       {404, []string{"no such page"}, nil},
		"/inspector/deadletters":   {200, []string{"no_event", "signed"}, nil},
		"/inspector/deadletters/1": {200, []string{"names no event", `&#34;no&#34;`, "masked: 344 characters", "delivery-6"}, nil},
		"/inspector/deadletters/9": {404, []string{"There is no dead letter 9"}, nil},
		"/inspector/deadletters/x": {404, []string{"no such dead letter"}, nil},
		"/inspector/page.css":      {200, []string{"prefers-color-scheme"}, nil},
		"/inspector/page.js":       {200, []string{"EventSource"}, nil},
	} {
		status, text := r.get(path, nil)
		if status != want.status {
			t.Errorf("%s: %d, want %d", path, status, want.status)
		}
		for _, part := range want.texts {
			if !strings.Contains(text, part) {
				t.Errorf("%s does not say %q", path, part)
			}
		}
		_, table, _ := strings.Cut(text, "<tbody>")
		for _, part := range want.not {
			if strings.Contains(table, part) || part == "hunter2" && strings.Contains(text, part) {
				t.Errorf("%s says %q", path, part)
			}
		}
	}
}

// TestEveryAnswerIsGuarded: whatever is asked, the answer lets nothing run and nobody keep it.
func TestEveryAnswerIsGuarded(t *testing.T) {
	r := newRig(t, "open-sesame")
	bearer := map[string]string{"Authorization": "Bearer open-sesame"}
	for _, header := range []map[string]string{nil, bearer} {
		for _, ask := range [][2]string{
			{"GET", "/"}, {"HEAD", "/"}, {"GET", "/inspector/page.css"}, {"GET", "/inspector/page.js"}, {"GET", "/inspector/webhooks/1"},
			{"GET", "/inspector/deadletters"}, {"GET", "/inspector/none"}, {"POST", "/inspector/login"}, {"POST", "/inspector/logout"},
			{"POST", "/inspector/deadletters/1/retry"}, {"POST", "/inspector/webhooks/1"}, {"GET", "/inspector/deadletters/1/discard"},
		} {
			_, got, _ := r.do(r.request(ask[0], r.admin+ask[1], nil, header))
			policy := got.Get("Content-Security-Policy")
			for _, part := range []string{"default-src 'none'", "script-src 'self'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"} {
				if !strings.Contains(policy, part) {
					t.Errorf("%s: the policy %q lacks %s", ask, policy, part)
				}
			}
			if strings.Contains(policy, "unsafe") || got.Get("X-Content-Type-Options") != "nosniff" || got.Get("Cache-Control") != "no-store" ||
				got.Get("Referrer-Policy") != "same-origin" {
				t.Errorf("%s: %v", ask, got)
			}
		}
	}
}

// TestNothingChangesByGet, nor by what a page of another origin sends.
func TestNothingChangesByGet(t *testing.T) {
	r := newRig(t, "")
	r.send("signed", `{"no":"event"}`, nil)
	for _, path := range []string{"/inspector/deadletters/1/discard", "/inspector/deadletters/1/retry", "/inspector/logout", "/inspector/login"} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			if status, _, _ := r.do(r.request(method, r.admin+path, nil, nil)); status != http.StatusNotFound && status != http.StatusMethodNotAllowed {
				t.Errorf("%s %s: %d", method, path, status)
			}
		}
		for name, header := range map[string]map[string]string{
			"another origin":  {"Origin": "https://evil.example"},
			"another port":    {"Origin": "http://127.0.0.1:1"},
			"null":            {"Origin": "null"},
			"cross-site":      {"Sec-Fetch-Site": "cross-site"},
			"same site":       {"Sec-Fetch-Site": "same-site"},
			"another host":    {"Host": "rebound.example"},
			"both, disagreed": {"Sec-Fetch-Site": "cross-site", "Origin": r.admin},
		} {
			if status, _, _ := r.post(path, nil, header); status != http.StatusForbidden {
				t.Errorf("%s from %s: %d", path, name, status)
			}
		}
	}
	if status, text := r.get("/inspector/deadletters/1", nil); status != http.StatusOK {
		t.Fatalf("the letter is gone: %d %s", status, text)
	}
	if status, _, text := r.post("/inspector/deadletters/1/retry", nil, map[string]string{"Origin": r.admin}); status != http.StatusConflict ||
		!strings.Contains(text, "names no event") {
		t.Errorf("retried: %d %s", status, text)
	}
	status, got, _ := r.post("/inspector/deadletters/1/discard", nil, map[string]string{"Sec-Fetch-Site": "same-origin"})
	if status != http.StatusSeeOther || got.Get("Location") != "/inspector/deadletters?done=discarded&letter=1" {
		t.Errorf("discarded: %d %v", status, got)
	}
	if _, text := r.get(got.Get("Location"), nil); !strings.Contains(text, "Dead letter 1 was discarded.") || !strings.Contains(text, "There are none.") {
		t.Errorf("after that: %s", text)
	}
	for _, what := range []string{"retry", "discard"} {
		if status, _, _ := r.post("/inspector/deadletters/1/"+what, nil, nil); status != http.StatusNotFound {
			t.Errorf("%s of none: %d", what, status)
		}
	}
	if _, text := r.get("/inspector/deadletters?done=%3Cscript%3E&letter=1", nil); strings.Contains(text, "script>x") || strings.Contains(text, "role=\"status\"") {
		t.Errorf("the address says what it likes: %s", text)
	}
}

// TestLogin: with a token nobody sees anything without it, in any of the ways to show it.
func TestLogin(t *testing.T) {
	r := newRig(t, "open-sesame")
	r.send("dyte", joined("m-1", "Ada"), nil)
	for _, path := range []string{"/", "/inspector/live", "/inspector/webhooks/1", "/inspector/deadletters", "/inspector/none"} {
		for _, header := range []map[string]string{nil, {"Authorization": "Bearer sesame"}, {"Authorization": "open-sesame"}, {"Cookie": "meetbus_inspector=x"}} {
			if status, text := r.get(path, header); status != http.StatusUnauthorized || strings.Contains(text, "m-1") {
				t.Errorf("%s with %v: %d", path, header, status)
			}
		}
	}
	if status, text := r.get("/", map[string]string{"Authorization": "bearer open-sesame"}); status != http.StatusOK || !strings.Contains(text, "m-1") {
		t.Errorf("by bearer token: %d", status)
	}
	status, got, _ := r.post("/inspector/login", url.Values{"token": {"open-sesame"}}, nil)
	cookie := got.Get("Set-Cookie")
	for _, part := range []string{"HttpOnly", "SameSite=Strict", "Max-Age=43200", "Path=/"} {
		if status != http.StatusSeeOther || !strings.Contains(cookie, part) || strings.Contains(cookie, "sesame") {
			t.Errorf("logged in: %d, %q without %s", status, cookie, part)
		}
	}
	name, _, _ := strings.Cut(cookie, ";")
	with := map[string]string{"Cookie": name}
	if status, text := r.get("/", with); status != http.StatusOK || !strings.Contains(text, "Log out") {
		t.Errorf("by cookie: %d", status)
	}
	// Another token ends it, and a page that is open with it.
	lines := r.listen("/inspector/live?after=0", with)
	other := "open-simsim"
	r.token.Store(&other)
	if status, _ := r.get("/", with); status != http.StatusUnauthorized {
		t.Errorf("after the token has changed: %d", status)
	}
	for range lines { // ends, or the test does not
	}
	_, got, _ = r.post("/inspector/login", url.Values{"token": {other}}, nil)
	name, _, _ = strings.Cut(got.Get("Set-Cookie"), ";")
	with["Cookie"] = name
	if status, got, _ := r.post("/inspector/logout", nil, with); status != http.StatusSeeOther || !strings.Contains(got.Get("Set-Cookie"), "Max-Age=0") {
		t.Errorf("logged out: %d %v", status, got)
	}
	if status, _ := r.get("/", with); status != http.StatusUnauthorized {
		t.Errorf("after logging out: %d", status)
	}
}

func TestGuessingIsSlow(t *testing.T) {
	r := newRig(t, "open-sesame")
	var statuses []int
	for range 7 {
		status, _, _ := r.post("/inspector/login", url.Values{"token": {"guess"}}, nil)
		statuses = append(statuses, status)
	}
	if got := fmt.Sprint(statuses); got != "[401 401 401 401 401 429 429]" {
		t.Errorf("guesses are answered %s", got)
	}
	if status, got, _ := r.post("/inspector/login", url.Values{"token": {"open-sesame"}}, nil); status != http.StatusTooManyRequests || got.Get("Retry-After") == "" {
		t.Errorf("and the right one %d %v", status, got)
	}
	if status, _, _ := r.post("/inspector/login", url.Values{"token": {strings.Repeat("x", 1<<20)}}, nil); status == http.StatusOK || status == http.StatusSeeOther {
		t.Errorf("a megabyte is answered %d", status)
	}
}

// listen opens a page's events, and gives the lines that come until they end.
func (r *rig) listen(path string, header map[string]string) <-chan string {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	answer, err := r.client.Do(r.request(http.MethodGet, r.admin+path, nil, header).WithContext(ctx))
	if err != nil {
		r.t.Fatal(err)
	}
	if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "text/event-stream" {
		r.t.Fatalf("%s: %d %v", path, answer.StatusCode, answer.Header)
	}
	lines := make(chan string, 1<<16)
	go func() {
		defer cancel()
		defer answer.Body.Close()
		defer close(lines)
		for s := bufio.NewScanner(answer.Body); s.Scan(); {
			lines <- s.Text()
		}
		if ctx.Err() != nil {
			r.t.Error("the events did not end")
		}
	}()
	return lines
}

// hears waits for a line that holds a part.
func hears(t *testing.T, lines <-chan string, part string) {
	t.Helper()
	for {
		select {
		case line, more := <-lines:
			if strings.Contains(line, part) {
				return
			}
			if !more {
				t.Fatalf("the events have ended without %q", part)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("no event with %q", part)
		}
	}
}

// TestLive: a page hears of what comes, for longer than any answer may take, by its filter, and goes on where it was.
func TestLive(t *testing.T) {
	r := newRig(t, "")
	r.send("dyte", joined("m-1", "Ada"), nil)
	lines := r.listen("/inspector/live?after=1&meeting=m-3", nil)
	hears(t, lines, "event: plots")
	time.Sleep(3 * deadline) // beyond the server's deadlines for reading and writing
	r.send("dyte", joined("m-2", "Ada"), nil)
	r.send("dyte", joined("m-3", "Ada"), nil)
	hears(t, lines, "id: 3")
	hears(t, lines, "m-3")
	again := r.listen("/inspector/live?after=0", map[string]string{"Last-Event-ID": "2"})
	hears(t, again, `data-number="3"`)
	old := r.listen("/inspector/live?after=99", nil) // of a relay that was started anew
	hears(t, old, `data-number="1"`)
	// Stopping does not wait for them: the servers' own cleanup fails if it does.
	r.inspector.Close()
	for _, open := range []<-chan string{lines, again, old} {
		for line := range open {
			if strings.Contains(line, "m-2") && open == lines {
				t.Error("it hears of what its filter leaves out")
			}
		}
	}
}

func TestLiveIsBounded(t *testing.T) {
	r := newRig(t, "")
	for range 16 {
		r.listen("/inspector/live", nil)
	}
	if status, _ := r.get("/inspector/live", nil); status != http.StatusServiceUnavailable {
		t.Errorf("one page more is answered %d", status)
	}
	r.inspector.Close()
}
