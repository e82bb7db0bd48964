package relay

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/relay/keys"
)

// TestUnverified: an endpoint that does not verify takes what this machine sends, and nothing that a tunnel, a proxy or a web
// page passes on.
func TestUnverified(t *testing.T) {
	r := newRig(t, func(*rig) []Endpoint {
		return []Endpoint{open(normalize.Dyte), automatic(false, nil)}
	})
	body := joinedBody(ours)
	for _, c := range []struct {
		name   string
		host   string
		header []string
		status int
	}{
		{"loopback address", "", nil, 200},
		{"localhost", "localhost:8080", nil, 200},
		{"localhost in capitals", "LOCALHOST", nil, 200},
		{"IPv6 loopback", "[::1]:8080", nil, 200},
		{"IPv6 loopback without a port", "[::1]", nil, 200},
		{"any loopback address", "127.1.2.3", nil, 200},
		{"public name", "relay.example.com", nil, 401},
		{"name that only looks like loopback", "127.0.0.1.example.com", nil, 401},
		{"localhost as a part", "localhost.example.com", nil, 401},
		{"unspecified address", "0.0.0.0:8080", nil, 401},
		{"another address", "10.0.0.1", nil, 401},
		{"listed name", "hooks.example.org", nil, 200},
		{"listed name with a port, in capitals", "Hooks.Example.ORG:443", nil, 200},
		{"forwarded", "", []string{"Forwarded", "for=192.0.2.1"}, 401},
		{"X-Forwarded-For", "", []string{"X-Forwarded-For", "192.0.2.1"}, 401},
		{"X-Forwarded-anything", "", []string{"X-Forwarded-Prefix", "/"}, 401},
		{"Via", "", []string{"Via", "1.1 proxy"}, 401},
		{"X-Real-IP", "", []string{"X-Real-IP", "192.0.2.1"}, 401},
		{"no port", "127.0.0.1:evil.example.com", nil, 401},
		{"half a bracket", "localhost]", nil, 401},
		{"listed and forwarded", "hooks.example.org", []string{"X-Forwarded-For", "192.0.2.1"}, 200},
		{"web page", "", []string{"Origin", "https://example.com"}, 401},
		{"web page of nowhere", "", []string{"Origin", "null"}, 401},
		{"listed name, and a web page", "hooks.example.org", []string{"Origin", "https://example.com"}, 401},
	} {
		for _, path := range []string{"/open/dyte", "/webhooks"} {
			t.Run(c.name+" at "+path, func(t *testing.T) {
				r.t = t
				before := r.stored(events)
				got := r.send(hook{path: path, host: c.host, body: body, header: headers(c.header...)})
				if got.status != c.status {
					t.Fatalf("status %d, want %d: %s", got.status, c.status, got.text)
				}
				if c.status == 401 && (got.fields["title"] != "This endpoint does not verify" || r.stored(events) != before) {
					t.Errorf("stored, or not refused for that: %s", got.text)
				}
			})
		}
	}
}

// automatic returns the endpoint that finds the provider out.
func automatic(verify bool, rings map[string][]*keys.Ring) Endpoint {
	e := Endpoint{
		Name: "auto", Path: "/webhooks", Verify: verify,
		SignatureHeaders: []string{"videosdk-signature", "rtk-signature", "dyte-signature"},
	}
	for _, p := range normalize.Providers() {
		e.Signers = append(e.Signers, Signer{Provider: p, Keys: rings[p.Name]})
	}
	return e
}

// TestAutomatic: the header that is present chooses whose keys are tried, and the key that verifies names the provider.
func TestAutomatic(t *testing.T) {
	r := newRig(t, func(r *rig) []Endpoint {
		return []Endpoint{automatic(true, map[string][]*keys.Ring{
			"dyte": r.ring("dyte", r.dyte), "realtimekit": r.ring("realtimekit", r.realtimekit), "videosdk": r.ring("videosdk", r.videosdk),
		})}
	})
	body := joinedBody(ours)
	for _, c := range []struct {
		name, body string
		header     []string
		status     int
		source     string
	}{
		{"Dyte's", body, []string{"dyte-signature", r.dyte.Sign([]byte(body))}, 200, "https://dyte.io"},
		{"RealtimeKit's", body, []string{"rtk-signature", r.realtimekit.Sign([]byte(body))}, 200, "https://realtime.cloudflare.com"},
		{"RealtimeKit's in Dyte's header", body + " ", []string{"dyte-signature", r.realtimekit.Sign([]byte(body + " "))}, 200,
			"https://realtime.cloudflare.com"},
		{"VideoSDK's", person, []string{"videosdk-signature", r.videosdk.Sign([]byte(person))}, 200, "https://videosdk.live"},
		{"none", body, nil, 401, ""},
		{"a wrong one before a right one", body,
			[]string{"videosdk-signature", "AAAA", "dyte-signature", r.dyte.Sign([]byte(body))}, 401, ""},
		// RealtimeKit's key was fetched less than a minute ago, so nobody can tell.
		{"Dyte's in RealtimeKit's header", body, []string{"rtk-signature", r.dyte.Sign([]byte(body))}, 503, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r.t = t
			before := r.stored(events)
			got := r.send(hook{path: "/webhooks", body: c.body, header: headers(c.header...)})
			if got.status != c.status {
				t.Fatalf("status %d, want %d: %s", got.status, c.status, got.text)
			}
			if c.status != 200 {
				if after := r.stored(events); after != before {
					t.Errorf("%d events stored", after-before)
				}
				return
			}
			if got := cloudEvent(t, r.last(events).Data); got.Source() != c.source || got.Extensions()["verified"] != true {
				t.Errorf("stored is %s", got)
			}
		})
	}
}

// TestAutomaticUnverified: without verification the body says who sent it.
func TestAutomaticUnverified(t *testing.T) {
	r := newRig(t, func(*rig) []Endpoint { return []Endpoint{automatic(false, nil)} })
	for _, c := range []struct {
		name, body string
		header     []string
		source     string
	}{
		{"event", joinedBody(ours), nil, "https://dyte.io"},
		{"event with an rtk header", joinedBody(theirs), []string{"rtk-uuid", "1"}, "https://realtime.cloudflare.com"},
		{"webhookType", person, nil, "https://videosdk.live"},
		{"type with data", `{"type":"participant-left","data":{"meetingId":"qwer-tyui-opas"}}`, nil, "https://videosdk.live"},
		{"neither", `{"hello":1}`, nil, ""},
		{"not JSON", `hello`, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r.t = t
			got := r.send(hook{path: "/webhooks", body: c.body, header: headers(c.header...)})
			if c.source == "" {
				if got.status != 400 {
					t.Errorf("status %d, want 400: %s", got.status, got.text)
				}
				return
			}
			stored := cloudEvent(t, r.last(events).Data)
			if got.status != 200 || stored.Source() != c.source || stored.Extensions()["verified"] != false {
				t.Errorf("status %d, stored %s", got.status, stored)
			}
		})
	}
}

// TestKeys: what a signature means depends on whether we know all keys.
func TestKeys(t *testing.T) {
	r := newRig(t, func(r *rig) []Endpoint {
		file := filepath.Join(r.t.TempDir(), "public.pem")
		if err := os.WriteFile(file, r.videosdk.PublicPEM(), 0o600); err != nil {
			r.t.Fatal(err)
		}
		fromFile := signedBy(normalize.VideoSDK, r.ringOf(keys.Source{Provider: "videosdk", File: file}))
		r.dyte.Fail(true)
		return []Endpoint{
			fromFile, signedBy(normalize.Dyte, r.ring("dyte", r.dyte)), signedBy(normalize.RealtimeKit, r.ring("realtimekit", r.realtimekit)),
		}
	})
	body := joinedBody(ours)
	status := func(path, header, signature, body string) int {
		return r.send(hook{path: path, body: body, header: headers(header, signature)}).status
	}
	if got := status("/webhooks/videosdk", "videosdk-signature", r.videosdk.Sign([]byte(person)), person); got != 200 {
		t.Errorf("a file's key: %d", got)
	}
	var wrong []int
	for range 3 {
		wrong = append(wrong, status("/webhooks/videosdk", "videosdk-signature", r.dyte.Sign([]byte(person)), person))
	}
	if !slices.Equal(wrong, []int{401, 401, 401}) {
		t.Errorf("keys that are files only, three wrong signatures: %v, want 401 each", wrong)
	}
	if got := status("/webhooks/dyte", "dyte-signature", r.dyte.Sign([]byte(body)), body); got != 503 {
		t.Errorf("a key that cannot be fetched: %d, want 503", got)
	}
	if got := status("/webhooks/realtimekit", "rtk-signature", r.realtimekit.Sign([]byte(body)), body); got != 200 {
		t.Fatalf("a fetched key: %d", got)
	}
}
