package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/meetbus/meetbus/cmd/meetbus/registrytest"
)

const hook = "https://hooks.example.com/webhooks/dyte"

var dyteCredentials = customer{"DYTE_ORG_ID": "org-1", "DYTE_API_KEY": "dyte-key-4711"}
var realtimeKitCredentials = customer{"CLOUDFLARE_ACCOUNT_ID": "account-1", "REALTIMEKIT_APP_ID": "app-1", "CLOUDFLARE_API_TOKEN": "rtk-token-4711"}

func dyteRegistrar(t *testing.T) (*registrytest.Server, *registrar) {
	t.Helper()
	return registrarAt(t, registrytest.Dyte(), "dyte", dyteCredentials)
}

func realtimeKitRegistrar(t *testing.T) (*registrytest.Server, *registrar) {
	t.Helper()
	return registrarAt(t, registrytest.RealtimeKit(), "realtimekit", realtimeKitCredentials)
}

func registrarAt(t *testing.T, s *registrytest.Server, provider string, c customer) (*registrytest.Server, *registrar) {
	t.Cleanup(s.Close)
	r := newRegistrar(registryAPIs[provider], s.URL, c)
	r.pause = time.Millisecond
	t.Cleanup(r.client.CloseIdleConnections)
	return s, r
}

var asked = wish{URL: hook, Events: []string{"meeting.started", "meeting.ended"}}

func methods(s *registrytest.Server) string {
	var all []string
	for _, call := range s.Calls() {
		method, _, _ := strings.Cut(call, " ")
		all = append(all, method)
	}
	return strings.Join(all, " ")
}

// TestEnsureOnce: whatever goes wrong with a call that may be made again, the URL is registered once, and its id is known.
func TestEnsureOnce(t *testing.T) {
	slow := registrytest.Slow(10 * time.Second)
	for name, c := range map[string]struct {
		faults []registrytest.Fault
		want   string
	}{
		"no fault":               {nil, "GET POST"},
		"POST answered, lost":    {[]registrytest.Fault{registrytest.Pass, registrytest.Lost}, "GET POST GET"},
		"POST done, 503":         {[]registrytest.Fault{registrytest.Pass, registrytest.Garbled(503, "<html>")}, "GET POST GET"},
		"POST done, garbage":     {[]registrytest.Fault{registrytest.Pass, registrytest.Garbled(201, "<html>")}, "GET POST GET"},
		"POST done, no id":       {[]registrytest.Fault{registrytest.Pass, registrytest.Garbled(201, `{"success":true,"data":{}}`)}, "GET POST GET"},
		"POST done, other shape": {[]registrytest.Fault{registrytest.Pass, registrytest.Garbled(201, `{"success":true,"data":[1]}`)}, "GET POST GET"},
		"POST not done, 500":     {[]registrytest.Fault{registrytest.Pass, registrytest.Answer(500, "")}, "GET POST GET POST"},
		"POST not done, 429":     {[]registrytest.Fault{registrytest.Pass, registrytest.Answer(429, "", "Retry-After", "0")}, "GET POST GET POST"},
		"POST slow":              {[]registrytest.Fault{registrytest.Pass, slow}, "GET POST GET POST"},
		"GET 503, slow": {[]registrytest.Fault{registrytest.Answer(503, "", "Retry-After", "soon"), slow},
			"GET GET GET POST"},
		"GET huge": {[]registrytest.Fault{registrytest.Huge}, "GET GET POST"},
	} {
		for api, start := range map[string]func(*testing.T) (*registrytest.Server, *registrar){
			"dyte": dyteRegistrar, "realtimekit": realtimeKitRegistrar,
		} {
			t.Run(name+" "+api, func(t *testing.T) {
				s, r := start(t)
				r.client.Timeout = 500 * time.Millisecond
				s.Break(c.faults...)
				done, err := r.ensure(t.Context(), asked)
				if err != nil {
					t.Fatal(err)
				}
				hooks := s.Webhooks()
				if len(hooks) != 1 || hooks[0].ID != done.Now.ID || done.Done != "registered" {
					t.Fatalf("registered %+v, said %+v", hooks, done)
				}
				if hooks[0].URL != hook || hooks[0].Name != defaultName || !sameEvents(hooks[0].Events, asked.Events) {
					t.Errorf("registered %+v", hooks[0])
				}
				if got := methods(s); got != c.want {
					t.Errorf("calls are %s, want %s", got, c.want)
				}
				again, err := r.ensure(t.Context(), asked)
				if err != nil || again.Done != "unchanged" || again.Now.ID != done.Now.ID || len(s.Webhooks()) != 1 {
					t.Errorf("the second time: %+v %v", again, err)
				}
			})
		}
	}
}

func TestEnsureAligns(t *testing.T) {
	s, r := realtimeKitRegistrar(t)
	s.Add(registrytest.Webhook{ID: "other", Name: "other", URL: "https://elsewhere.example.com/", Events: asked.Events})
	s.Add(registrytest.Webhook{ID: "ours", Name: "kept", URL: "HTTPS://Hooks.Example.com:443/webhooks/dyte/", Events: []string{"meeting.summary"}, Enabled: new(false)})
	done, err := r.ensure(t.Context(), asked)
	if err != nil {
		t.Fatal(err)
	}
	if got := done.changed(); done.Done != "updated" || !slices.Equal(got, []string{"events", "enabled"}) {
		t.Errorf("%s, changed %q", done.Done, got)
	}
	calls := s.Calls()
	if got, want := calls[len(calls)-1], `PATCH /accounts/account-1/realtime/kit/app-1/webhooks/ours {"events":["meeting.started","meeting.ended"],"enabled":true}`; got != want {
		t.Errorf("the last call is %s, want %s", got, want)
	}
	renamed, err := r.ensure(t.Context(), wish{URL: hook, Name: "new", Events: asked.Events})
	if err != nil || !slices.Equal(renamed.changed(), []string{"name"}) || s.Webhooks()[1].Name != "new" {
		t.Errorf("renaming: %+v %v", renamed, err)
	}
}

// An id that the API gives is a part of the path of what is sent next: one that leads elsewhere is not sent.
func TestEnsureRefusesPaths(t *testing.T) {
	for _, id := range []string{"", ".", "..", "../../account", "a/b", "\x1b[2J"} {
		s, r := realtimeKitRegistrar(t)
		s.Add(registrytest.Webhook{ID: id, URL: hook, Events: []string{"meeting.ended"}})
		done, err := r.ensure(t.Context(), asked)
		if err == nil || !strings.Contains(err.Error(), "is not an id") || len(s.Calls()) != 1 {
			t.Errorf("%q: %+v, %v, after %q", id, done, err, s.Calls())
		}
	}
}

func TestEnsureNamesTwins(t *testing.T) {
	s, r := dyteRegistrar(t)
	s.Add(registrytest.Webhook{ID: "first", URL: hook, Events: []string{"meeting.ended"}})
	s.Add(registrytest.Webhook{ID: "fits", URL: hook, Events: []string{"meeting.ended", "meeting.started"}})
	done, err := r.ensure(t.Context(), asked)
	if err != nil || done.Done != "unchanged" || done.Now.ID != "fits" || len(done.Twins) != 1 || done.Twins[0].ID != "first" {
		t.Errorf("got %+v %v", done, err)
	}
}

// TestEnsureFails has the answers after which nothing can be done, with what is said and what was asked. In each, the API says
// the credentials back, and steers the terminal: neither may be shown.
func TestEnsureFails(t *testing.T) {
	echo := `{"success":false,"error":{"message":"bad \u001b[31m dyte-key-4711 b3JnLTE6ZHl0ZS1rZXktNDcxMQ=="}}`
	conflict := registrytest.Answer(409, echo)
	for name, c := range map[string]struct {
		faults []registrytest.Fault
		want   string
		calls  string
	}{
		"400":             {[]registrytest.Fault{registrytest.Pass, registrytest.Answer(400, echo)}, "answers 400 (bad [31m <secret> <secret>)", "GET POST"},
		"401":             {[]registrytest.Fault{registrytest.Answer(401, `{"message":"Unauthorized"}`)}, "answers 401 (Unauthorized): are the credentials", "GET"},
		"403":             {[]registrytest.Fault{registrytest.Answer(403, echo)}, "are the credentials", "GET"},
		"404":             {[]registrytest.Fault{registrytest.Answer(404, "<p>dyte-key-4711")}, "answers 404 (Not Found)", "GET"},
		"302":             {[]registrytest.Fault{registrytest.Answer(302, echo, "Location", "http://127.0.0.1:1/")}, "redirects are not followed", "GET"},
		"success is no":   {[]registrytest.Fault{registrytest.Answer(200, echo)}, "answers 200 (bad", "GET"},
		"409, not listed": {[]registrytest.Fault{registrytest.Pass, conflict, registrytest.Pass}, "has this URL already, but does not list it", "GET POST GET"},
		"503 for ever":    {slices.Repeat([]registrytest.Fault{registrytest.Answer(503, echo)}, 9), "answers 503", "GET GET GET"},
		"POST 503 for ever": {slices.Repeat([]registrytest.Fault{registrytest.Pass, registrytest.Answer(503, echo)}, 4), "answers 503",
			"GET POST GET POST GET POST GET"},
		"POST lost, and then 401": {[]registrytest.Fault{registrytest.Pass, registrytest.Answer(502, ""), registrytest.Answer(401, "")},
			"answers 502 (Bad Gateway): the provider has a fault, try again later; it may be registered: list", "GET POST GET"},
		"garbage": {slices.Repeat([]registrytest.Fault{registrytest.Answer(200, "dyte-key-4711 <html>")}, 3), "status 200, and a body that is no JSON", "GET GET GET"},
		"a list that is none": {slices.Repeat([]registrytest.Fault{registrytest.Answer(200, `{"success":true,"data":{"x":1}}`)}, 3),
			"no data of the documented shape", "GET GET GET"},
	} {
		t.Run(name, func(t *testing.T) {
			s, r := dyteRegistrar(t)
			s.Break(c.faults...)
			done, err := r.ensure(t.Context(), asked)
			if err == nil {
				t.Fatalf("got %+v", done)
			}
			said := err.Error()
			if !strings.Contains(said, c.want) || strings.ContainsAny(said, "\x1b\n") {
				t.Errorf("says %q, want %q in it", said, c.want)
			}
			for _, secret := range []string{"dyte-key-4711", "b3JnLTE6"} {
				if strings.Contains(said, secret) {
					t.Errorf("says the secret: %s", said)
				}
			}
			if got := methods(s); got != c.calls {
				t.Errorf("calls are %s, want %s", got, c.calls)
			}
		})
	}
}

// TestRedirectGetsNoCredentials: the server that a redirect leads to is not even called.
func TestRedirectGetsNoCredentials(t *testing.T) {
	called := make(chan string, 1)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { called <- r.Header.Get("Authorization") }))
	defer elsewhere.Close()
	s, r := dyteRegistrar(t)
	for _, status := range []int{301, 302, 303, 307, 308} {
		s.Break(registrytest.Answer(status, "", "Location", elsewhere.URL))
		if _, err := r.list(t.Context()); !isStatus(err, status) {
			t.Errorf("%d: %v", status, err)
		}
	}
	select {
	case got := <-called:
		t.Errorf("redirected with %q", got)
	default:
	}
}

func TestRemoveAfterLostAnswer(t *testing.T) {
	s, r := dyteRegistrar(t)
	s.Add(registrytest.Webhook{ID: "ours", URL: hook})
	s.Break(registrytest.Lost)
	if err := r.remove(t.Context(), "ours"); err != nil || len(s.Webhooks()) != 0 || methods(s) != "DELETE DELETE" {
		t.Errorf("%v, left %+v after %s", err, s.Webhooks(), methods(s))
	}
}

func TestEnsureStops(t *testing.T) {
	s, r := dyteRegistrar(t)
	r.pause = time.Hour
	s.Break(registrytest.Pass, registrytest.Answer(503, ""))
	ctx, stop := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer stop()
	if _, err := r.ensure(ctx, asked); err == nil || !strings.Contains(err.Error(), "stopped after") {
		t.Errorf("got %v", err)
	}
}

func TestSubscription(t *testing.T) {
	dyte, _ := providerNamed("dyte")
	videosdk, _ := providerNamed("videosdk")
	all, err := subscription(dyte, nil)
	if err != nil || len(all) != 9 {
		t.Errorf("all of dyte is %q, %v", all, err)
	}
	for asked, want := range map[string]string{
		"recording.statusUpdate":         "recording.statusUpdate",
		"meeting.ended,meeting.started":  "meeting.started,meeting.ended",
		"*.statusUpdate":                 "recording.statusUpdate,livestreaming.statusUpdate",
		"meeting.participant*,meeting.*": "meeting.started,meeting.ended,meeting.participantJoined,meeting.participantLeft,meeting.chatSynced,meeting.transcript,meeting.summary",
	} {
		if got, err := subscription(dyte, strings.Split(asked, ",")); err != nil || strings.Join(got, ",") != want {
			t.Errorf("%s is %q, %v", asked, got, err)
		}
	}
	got, err := subscription(videosdk, []string{"meeting.participantLeft", "hls-p*"})
	if err != nil || strings.Join(got, ",") != "participant-left,hls-playable" {
		t.Errorf("got %q, %v", got, err)
	}
	for asked, want := range map[string]string{
		"meeting.partcipantJoined":        "did you mean meeting.participantJoined,",
		"hls*":                            "fits no event of dyte",
		"recording.statusUpdate:UPLOADED": `leave ":UPLOADED" out`,
		"":                                "unknown event",
	} {
		if got, err := subscription(dyte, []string{asked}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is %q, %v", asked, got, err)
		}
	}
}

// TestSettingsNameEveryEvent: what VideoSDK is told has each event once, wherever events are told.
func TestSettingsNameEveryEvent(t *testing.T) {
	videosdk, _ := providerNamed("videosdk")
	all, err := subscription(videosdk, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(settings("https://h.example.com", all))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		untold := e == "call-summary" || strings.HasPrefix(e, "merge-") || strings.HasPrefix(e, "transcription-") || e == "resource-acquired"
		if got := strings.Count(string(text), fmt.Sprintf("%q", e)); got != 1 && !untold || got != 0 && untold {
			t.Errorf("%s is told %d times", e, got)
		}
	}
}

func TestCredentialsFile(t *testing.T) {
	t.Setenv("DYTE_ORG_ID", "from-environment")
	t.Setenv("DYTE_API_KEY", "from-environment")
	needs := registryAPIs["dyte"].needs
	file := filepath.Join(t.TempDir(), "dyte.env")
	read := func(text string, mode os.FileMode) (customer, string, error) {
		if err := os.WriteFile(file, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		var warned bytes.Buffer
		c, err := readCredentials(needs, file, &warned)
		return c, warned.String(), err
	}
	c, warned, err := read("# mine\n\nexport DYTE_API_KEY='from=file' \nOTHER=x\nDYTE_ORGANIZATION_ID=alias\r\n", 0o600)
	if err != nil || warned != "" || c["DYTE_API_KEY"] != "from=file" || c["DYTE_ORG_ID"] != "alias" || len(c) != 2 {
		t.Errorf("got %#v %v %q", map[string]string(c), err, warned)
	}
	if c, warned, err = read("DYTE_API_KEY=\n", 0o644); err != nil || c["DYTE_API_KEY"] != "from-environment" || !strings.Contains(warned, "chmod 600") {
		t.Errorf("got %#v %v %q", map[string]string(c), err, warned)
	}
	for text, want := range map[string]string{
		"DYTE_API_KEY: 4711\n":         "line 1 of " + file + " is not NAME=value",
		"=4711\n":                      "line 1 of " + file + " is not NAME=value",
		"DYTE_API_KEY=47 11\n":         "DYTE_API_KEY has a blank",
		"DYTE_API_KEY=4711\u200bx\n":   "DYTE_API_KEY has a blank",
		"DYTE_ORG_ID=4711/../x\n":      "DYTE_ORG_ID is not an id",
		"\nDYTE_ORG_ID=x\nmy key 4711": "line 3 of",
	} {
		if _, _, err := read(text, 0o600); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "4711") {
			t.Errorf("%q: %v", text, err)
		}
	}
	if got := fmt.Sprintf("%v %+v %#v %s", c, c, c, c); strings.Contains(got, "from-environment") {
		t.Errorf("credentials print as %s", got)
	}
}

func TestCheckAPI(t *testing.T) {
	for api, good := range map[string]bool{
		"https://api.dyte.io/v2": true, "http://127.0.0.1:80/x": true, "http://localhost": true, "https://white.example.com": true,
		"http://api.dyte.io/v2": false, "http://127.0.0.1.example.com": false, "ftp://127.0.0.1": false, "api.dyte.io": false, "": false,
		"https://u:p@api.dyte.io": false, "https://api.dyte.io?x=1": false, "https://": false,
	} {
		if err := checkAPI(api); (err == nil) != good {
			t.Errorf("%s: %v", api, err)
		}
	}
}
