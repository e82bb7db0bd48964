package relay

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/meetbus/meetbus/schemas"
)

// TestAdmin has a case for each way to ask the operators' front end.
func TestAdmin(t *testing.T) {
	away := errors.New("bus is unavailable: gone fishing")
	ready := AdminOptions{Ready: func() error { return nil }}
	sent := func() []byte { return []byte(`{"asyncapi":"3.0.0"}`) }
	guarded := AdminOptions{Ready: ready.Ready, Token: func() string { return "open-sesame" }, AsyncAPI: sent}
	described := AdminOptions{Ready: ready.Ready, AsyncAPI: sent}
	profiled := AdminOptions{Ready: ready.Ready, Token: func() string { return "open-sesame" }, Profiles: true}
	checked := AdminOptions{Ready: ready.Ready, CheckHost: true, Hosts: []string{"ops.example.org"}}
	for _, c := range []struct {
		name    string
		options AdminOptions
		hook    hook
		status  int
		text    string
	}{
		{"alive", AdminOptions{Ready: func() error { return away }}, hook{path: "/healthz"}, 200, `"alive"`},
		{"ready", ready, hook{path: "/readyz"}, 200, `"ready":true`},
		{"not ready", AdminOptions{Ready: func() error { return away }}, hook{path: "/readyz"}, 503, "gone fishing"},
		{"a key that cannot be had", ready, hook{path: "/readyz"}, 200, `"videosdk":{"known":false,"failing":true}`},
		{"a key", ready, hook{path: "/readyz"}, 200, `"dyte":{"known":true,"ageSeconds":90}`},
		{"metrics", ready, hook{path: "/metrics"}, 200, "meetbus_webhook_duration_seconds"},
		{"metrics without the token", guarded, hook{path: "/metrics"}, 401, "bearer token"},
		{"metrics with another token", guarded, hook{path: "/metrics", header: headers("Authorization", "Bearer x")}, 401, "bearer token"},
		{"metrics with the token elsewhere", guarded, hook{path: "/metrics", header: headers("Authorization", "open-sesame")}, 401, "bearer"},
		{"metrics with the token", guarded, hook{path: "/metrics", header: headers("Authorization", "bearer open-sesame")}, 200, "meetbus_"},
		{"health needs no token", guarded, hook{path: "/healthz"}, 200, "alive"},
		{"readiness needs no token", guarded, hook{path: "/readyz"}, 200, "ready"},
		{"schemas need no token", guarded, hook{path: "/schemas/v1/meeting.started.json"}, 200, "urn:meetbus:schema:v1:meeting.started"},
		{"what is sent", described, hook{path: "/asyncapi.json"}, 200, `{"asyncapi":"3.0.0"}`},
		{"what is sent, without the token", guarded, hook{path: "/asyncapi.json"}, 401, "bearer token"},
		{"what is sent, with the token", guarded, hook{path: "/asyncapi.json", header: headers("Authorization", "Bearer open-sesame")}, 200, "3.0.0"},
		{"schemas", ready, hook{path: "/schemas/"}, 200, "v1/meeting.participantJoined.json"},
		{"schemas without the slash", ready, hook{path: "/schemas"}, 200, "v1/meeting.participantJoined.json"},
		{"types", ready, hook{path: "/schemas/"}, 200, `"typescript":["v1/meetbus.d.ts"]`},
		{"types need no token", guarded, hook{path: "/schemas/v1/meetbus.d.ts"}, 200, "export type MeetbusEvent"},
		{"a version to come", ready, hook{path: "/schemas/v2/meeting.started.json"}, 404, "Not Found"},
		{"a way out", ready, hook{path: "/schemas/v1/..%2fv1%2fmeetbus.d.ts"}, 404, "Not Found"},
		{"another way out", ready, hook{path: "/schemas/%2e%2e/admin.go"}, 404, "Not Found"},
		{"a folder", ready, hook{path: "/schemas/v1/"}, 404, "Not Found"},
		{"a folder as a file", ready, hook{path: "/schemas/v1/."}, 404, "Not Found"},
		{"no such schema", ready, hook{path: "/schemas/v1/meeting.danced.json"}, 404, "Not Found"},
		{"a schema by another name", ready, hook{path: "/schemas/v1/meeting.started"}, 404, "Not Found"},
		{"a listed host", checked, hook{path: "/readyz", host: "OPS.example.org:8081"}, 200, "ready"},
		{"a loopback host", checked, hook{path: "/readyz", host: "localhost:8081"}, 200, "ready"},
		{"a web page's host", checked, hook{path: "/readyz", host: "rebound.example.com"}, 403, "host is neither"},
		{"a web page's host, for a schema", checked, hook{path: "/schemas/", host: "rebound.example.com"}, 403, "host is neither"},
		{"profiles, if not wanted", ready, hook{path: "/debug/pprof/"}, 404, "Not Found"},
		{"profiles without the token", profiled, hook{path: "/debug/pprof/heap"}, 401, "bearer token"},
		{"profiles", profiled, hook{path: "/debug/pprof/", header: headers("Authorization", "Bearer open-sesame")}, 200, "goroutine"},
		{"a profile", profiled, hook{path: "/debug/pprof/heap?debug=1", header: headers("Authorization", "Bearer open-sesame")}, 200, "heap profile"},
		{"a profile of the processor", profiled, hook{path: "/debug/pprof/profile?seconds=1", header: headers("Authorization", "Bearer open-sesame")}, 200, ""},
		{"no such page", ready, hook{path: "/nowhere"}, 404, "Not Found"},
		{"another method", ready, hook{method: http.MethodPost, path: "/metrics"}, 405, "Method Not Allowed"},
		{"a browser's question", ready, hook{method: http.MethodOptions, path: "/metrics"}, 405, "Method Not Allowed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			registry := prometheus.NewRegistry()
			NewMetrics(registry).webhooks.WithLabelValues("dyte", "published").Observe(1)
			c.options.Metrics, c.options.Log, c.options.Keys = registry, zap.NewNop(), someKeys
			r := &rig{t: t, url: serve(t, Admin(c.options), usualDeadline), sender: &http.Transport{DisableKeepAlives: true}}
			if c.hook.method == "" {
				c.hook.method = http.MethodGet
			}
			status, text := r.ask(c.hook)
			if status != c.status || !strings.Contains(text, c.text) {
				t.Errorf("status %d, want %d with %q: %s", status, c.status, c.text, text)
			}
		})
	}
}

func someKeys() map[string]KeyState {
	return map[string]KeyState{
		"dyte":     {Known: true, Age: 90 * time.Second},
		"videosdk": {Failing: true},
	}
}

// TestEverySchemaIsServed: the names that are listed are the types that are spoken.
func TestEverySchemaIsServed(t *testing.T) {
	r := &rig{t: t, sender: &http.Transport{DisableKeepAlives: true}, url: serve(t, Admin(AdminOptions{
		Ready: func() error { return nil }, Keys: someKeys, Metrics: prometheus.NewRegistry(), Log: zap.NewNop(),
	}), usualDeadline)}
	listed, _ := r.send(hook{method: http.MethodGet, path: "/schemas/"}).fields["schemas"].([]any)
	if len(listed) < len(schemas.Catalogue()) {
		t.Errorf("%d schemas are listed, and there are %d types", len(listed), len(schemas.Catalogue()))
	}
	for _, c := range schemas.Catalogue() {
		if !slices.Contains(listed, any("v1/"+c.Name+".json")) {
			t.Errorf("%s is not listed", c.Name)
		}
	}
	if !slices.Contains(listed, any("v1/"+schemas.SchemaEvent+".json")) {
		t.Error("the schema of the whole event is not listed")
	}
	for _, name := range listed {
		if status, text := r.ask(hook{method: http.MethodGet, path: "/schemas/" + name.(string)}); status != http.StatusOK {
			t.Errorf("%s: %d %s", name, status, text)
		}
	}
}

// TestMediaTypes: what is served below /schemas/ says what it is.
func TestMediaTypes(t *testing.T) {
	url := serve(t, Admin(AdminOptions{Metrics: prometheus.NewRegistry(), Log: zap.NewNop()}), usualDeadline)
	for name, want := range map[string]string{
		"v1/meeting.started.json": "application/schema+json",
		"v1/meetbus.d.ts":         "text/plain; charset=UTF-8",
	} {
		answer, err := http.Get(url + "/schemas/" + name)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if got := answer.Header.Get("Content-Type"); answer.StatusCode != http.StatusOK || got != want {
			t.Errorf("%s: %s of %s, want %s", name, answer.Status, got, want)
		}
	}
}
