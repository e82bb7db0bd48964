package relay

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/relay/keys/keystest"
)

const (
	ours   = "0d5a7a44-3f3c-4a52-8a61-2f6f0a6f7a01"
	theirs = "9b1f3f0e-7f63-4a0e-9df0-57a1d7f1c902"
)

func joinedBody(organization string) string {
	return fmt.Sprintf(`{"event":"meeting.participantJoined","meeting":{"id":"5f7c2b9e-1111-4222-8333-9a0b1c2d3e4f",`+
		`"sessionId":"6a8d3c0f-1111-4222-8333-9a0b1c2d3e4f","status":"LIVE","startedAt":"2026-11-20T10:00:00.000Z",`+
		`"organizedBy":{"id":%q,"name":"Acme"}},"participant":{"peerId":"7b9e4d10-1111-4222-8333-9a0b1c2d3e4f",`+
		`"userDisplayName":"Ada","customParticipantId":"user-7","joinedAt":"2026-11-20T10:05:00.000Z"}}`, organization)
}

const (
	waved    = `{"event":"meeting.waved","meeting":{"id":"5f7c2b9e-1111-4222-8333-9a0b1c2d3e4f"}}`
	nameless = `{"meeting":{"id":"5f7c2b9e-1111-4222-8333-9a0b1c2d3e4f"}}`
	person   = `{"webhookType":"participant-joined","data":{"meetingId":"qwer-tyui-opas","sessionId":"64b0c2d3e4f5a6b7c8d9e0f1",` +
		`"participantId":"ada","participantName":"Ada"}}`
)

// huge is a body that is small enough, of an event that is not: the id of its meeting stands in it five times.
var huge = `{"event":"meeting.started","meeting":{"id":"` + strings.Repeat("m", 240<<10) + `"}}`

// TestStatusTable has a case for each row of the table of answers. Every case says how many messages it leaves in each stream.
func TestStatusTable(t *testing.T) {
	r := newRig(t, func(r *rig) []Endpoint {
		own := signedBy(normalize.Dyte, r.ring("dyte", r.dyte))
		own.Name, own.Path, own.Organizations = "own", "/webhooks/own", []string{ours}
		lenient := own
		lenient.Name, lenient.Path, lenient.Unnamed = "lenient", "/webhooks/lenient", true
		registered := signedBy(normalize.Dyte, r.ring("dyte", r.dyte))
		registered.Name, registered.Path, registered.WebhookIDs = "registered", "/webhooks/registered", []string{"hook-1"}
		return []Endpoint{
			signedBy(normalize.Dyte, r.ring("dyte", r.dyte)), signedBy(normalize.VideoSDK, r.ring("videosdk", r.videosdk)),
			own, lenient, registered, open(normalize.Dyte), open(normalize.VideoSDK),
		}
	})
	signed := func(path, body string, more ...string) hook {
		return hook{path: path, body: body, header: headers(append(more, "dyte-signature", r.dyte.Sign([]byte(body)))...)}
	}
	joined := joinedBody(ours)
	cases := []struct {
		name            string
		hook            hook
		status          int
		want            map[string]any
		events, letters int
	}{
		{"published", signed("/webhooks/dyte", joined), 200,
			map[string]any{"type": "meeting.participantJoined", "subject": "meeting.participantJoined", "stream": events,
				"sequence": 1.0, "duplicate": false}, 1, 0},
		{"known already, under another delivery id", signed("/webhooks/dyte", joined, "dyte-uuid", "other"), 200,
			map[string]any{"duplicate": true, "sequence": 1.0}, 0, 0},
		{"trailing slash", signed("/webhooks/dyte/", joined), 200, map[string]any{"duplicate": true}, 0, 0},
		{"query is ignored", signed("/webhooks/dyte?x=1", joined), 200, map[string]any{"duplicate": true}, 0, 0},
		{"content type is ignored", signed("/webhooks/dyte", joined, "Content-Type", "text/xml"), 200,
			map[string]any{"duplicate": true}, 0, 0},
		{"identity encoding", signed("/webhooks/dyte", joined, "Content-Encoding", "identity"), 200,
			map[string]any{"duplicate": true}, 0, 0},
		{"unmapped", signed("/webhooks/dyte", waved), 200,
			map[string]any{"type": "dyte.meeting.waved", "subject": "meetbus.unmapped.dyte.meeting_waved"}, 1, 0},

		{"not UTF-8", signed("/webhooks/dyte", "{\"event\":\"\xff\"}"), 200,
			map[string]any{"deadLettered": true, "reason": "not_utf8", "subject": "meetbus.deadletter.dyte"}, 0, 1},
		{"not JSON", signed("/webhooks/dyte", "hello"), 200, map[string]any{"deadLettered": true, "reason": "not_json"}, 0, 1},
		{"two objects", signed("/webhooks/dyte", "{}{}"), 200, map[string]any{"deadLettered": true, "reason": "not_json"}, 0, 1},
		{"no event name", signed("/webhooks/dyte", nameless), 200,
			map[string]any{"deadLettered": true, "reason": "no_event"}, 0, 1},
		{"nesting without end", signed("/webhooks/dyte", strings.Repeat("[", 100_000)), 200,
			map[string]any{"deadLettered": true, "reason": "not_json"}, 0, 1},
		{"unreadable, whatever the organizations", signed("/webhooks/own", "{"), 200,
			map[string]any{"deadLettered": true}, 0, 1},
		{"an event that is too large", signed("/webhooks/dyte", huge), 200,
			map[string]any{"deadLettered": true, "reason": "too_large"}, 0, 1},

		{"unverified and not UTF-8", hook{path: "/open/dyte", body: "{\"event\":\"\xff\"}"}, 400, nil, 0, 0},
		{"unverified and not JSON", hook{path: "/open/dyte", body: "hello"}, 400, nil, 0, 0},
		{"unverified and no event name", hook{path: "/open/dyte", body: nameless}, 400, nil, 0, 0},
		{"unverified and too large", hook{path: "/open/dyte", body: huge}, 400, nil, 0, 0},

		{"no signature", hook{path: "/webhooks/dyte", body: joined}, 401, problemIs("signature-missing"), 0, 0},
		{"signature in the query", hook{path: "/webhooks/dyte?dyte-signature=" + r.dyte.Sign([]byte(joined)), body: joined}, 401,
			problemIs("signature-missing"), 0, 0},
		{"signature in another provider's header",
			hook{path: "/webhooks/dyte", body: joined, header: headers("rtk-signature", r.dyte.Sign([]byte(joined)))}, 401,
			problemIs("signature-missing"), 0, 0},
		{"signature is not base64", hook{path: "/webhooks/dyte", body: joined, header: headers("dyte-signature", "%%%")}, 401,
			problemIs("signature-malformed"), 0, 0},
		{"signature is empty", hook{path: "/webhooks/dyte", body: joined, header: headers("dyte-signature", "")}, 401,
			problemIs("signature-malformed"), 0, 0},
		{"signature is cut", hook{path: "/webhooks/dyte", body: joined,
			header: headers("dyte-signature", r.dyte.Sign([]byte(joined))[:64])}, 401, problemIs("signature-malformed"), 0, 0},
		{"two signatures", signed("/webhooks/dyte", joined, "dyte-signature", r.dyte.Sign([]byte("x"))), 401,
			problemIs("signature-malformed"), 0, 0},

		{"another organization", signed("/webhooks/own", joinedBody(theirs)), 403, problemIs("organization"), 0, 0},
		{"no organization", signed("/webhooks/own", waved), 403, problemIs("organization"), 0, 0},
		{"no organization, where that is allowed", signed("/webhooks/lenient", waved, "dyte-uuid", "w-1"), 200, nil, 1, 0},
		{"our organization", signed("/webhooks/own", joined), 200, map[string]any{"duplicate": true}, 0, 0},
		{"another registration", signed("/webhooks/registered", joined, "dyte-webhook-id", "hook-2"), 403,
			problemIs("registration"), 0, 0},
		{"no registration", signed("/webhooks/registered", joined), 403, problemIs("registration"), 0, 0},
		{"our registration", signed("/webhooks/registered", joined, "dyte-webhook-id", "hook-1"), 200, nil, 0, 0},

		{"unknown path", signed("/webhooks/nobody", joined), 404, problemIs("no-endpoint"), 0, 0},
		{"method", hook{method: http.MethodGet, path: "/webhooks/dyte"}, 405, problemIs("method"), 0, 0},
		{"a browser's question", hook{method: http.MethodOptions, path: "/webhooks/dyte/"}, 405, problemIs("method"), 0, 0},
		{"body too large", signed("/webhooks/dyte", strings.Repeat(" ", 256<<10+1)), 413, problemIs("body-too-large"), 0, 0},
		{"encoding after none", signed("/webhooks/dyte", joined, "Content-Encoding", "identity", "Content-Encoding", "gzip"), 415,
			problemIs("content-encoding"), 0, 0},
		{"encoding", signed("/webhooks/dyte", joined, "Content-Encoding", "gzip"), 415, problemIs("content-encoding"), 0, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r.t = t
			storedEvents, storedLetters := r.stored(events), r.stored(letters)
			got := r.send(c.hook)
			if got.status != c.status {
				t.Fatalf("status %d, want %d: %s", got.status, c.status, got.text)
			}
			for field, want := range c.want {
				if got.fields[field] != want {
					t.Errorf("%s is %v, want %v: %s", field, got.fields[field], want, got.text)
				}
			}
			checkProblem(t, got)
			if n := r.stored(events) - storedEvents; n != c.events {
				t.Errorf("%d events stored, want %d", n, c.events)
			}
			if n := r.stored(letters) - storedLetters; n != c.letters {
				t.Errorf("%d dead letters stored, want %d", n, c.letters)
			}
		})
	}
}

func problemIs(name string) map[string]any {
	return map[string]any{"type": "urn:meetbus:problem:" + name}
}

// checkProblem checks that an answer which is not 200 is a problem as RFC 9457 has it, and one of 503 says when to come again.
func checkProblem(t *testing.T, a answer) {
	t.Helper()
	if a.status == http.StatusOK {
		return
	}
	if got := a.header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("Content-Type is %q", got)
	}
	if a.fields["status"] != float64(a.status) || a.fields["title"] == "" {
		t.Errorf("not a problem: %s", a.text)
	}
	if again := a.header.Get("Retry-After"); (a.status == http.StatusServiceUnavailable) != (again != "") {
		t.Errorf("Retry-After is %q with status %d", again, a.status)
	}
}

// TestForged: what does not verify is refused and stores nothing. The first wrong signature has the key fetched once more, the
// next ones in that minute cannot be told from a new key's.
func TestForged(t *testing.T) {
	r := newRig(t, func(r *rig) []Endpoint {
		return []Endpoint{signedBy(normalize.Dyte, r.ring("dyte", r.dyte))}
	})
	body := joinedBody(ours)
	if got := r.send(hook{path: "/webhooks/dyte", body: body, header: headers("dyte-signature", r.dyte.Sign([]byte(body)))}); got.status != 200 {
		t.Fatalf("a signed webhook gets %d: %s", got.status, got.text)
	}
	for _, forged := range []struct {
		name, body, signature string
	}{
		{"signed with another key", body, keystest.New(t).Sign([]byte(body))},
		{"another body", joinedBody(theirs), r.dyte.Sign([]byte(body))},
		{"PSS", body, pss(t, r.dyte, body)},
		{"signed bytes are not these bytes", body + " ", r.dyte.Sign([]byte(body))},
	} {
		t.Run(forged.name, func(t *testing.T) {
			r.t = t
			got := r.send(hook{path: "/webhooks/dyte", body: forged.body, header: headers("dyte-signature", forged.signature)})
			if got.status != 401 && got.status != 503 {
				t.Errorf("status %d, want 401 or, without a fresh key, 503: %s", got.status, got.text)
			}
			if n := r.stored(events) + r.stored(letters); n != 1 {
				t.Errorf("%d messages stored, want the signed one only", n)
			}
		})
	}
}

func pss(t *testing.T, from *keystest.Server, body string) string {
	t.Helper()
	block, _ := pem.Decode(from.PrivatePEM())
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256([]byte(body))
	signature, err := rsa.SignPSS(rand.Reader, key.(*rsa.PrivateKey), crypto.SHA256, digest[:], nil)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(signature)
}
