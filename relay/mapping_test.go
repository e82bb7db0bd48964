package relay

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/zap"

	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/relay/keys/keystest"
	"github.com/meetbus/meetbus/relay/route"
	"github.com/meetbus/meetbus/schemas"
)

func withRules(t testing.TB, rules ...route.Rule) func(*Options) {
	return func(o *Options) { o.Table = tableOf(t, rules...) }
}

// TestRules: an event goes where the first rule that matches says, or nowhere.
func TestRules(t *testing.T) {
	r := newRig(t, func(r *rig) []Endpoint {
		own := signedBy(normalize.Dyte, r.ring("dyte", r.dyte))
		own.Organizations = []string{ours}
		return []Endpoint{own, open(normalize.VideoSDK)}
	}, withRules(t,
		route.Rule{Match: map[string][]string{"type": {"videosdk.*"}}, Drop: true},
		route.Rule{When: "sessionid = '64b0c2d3e4f5a6b7c8d9e0f1'", Subject: "room.{meetingid}.{type}"},
		route.Rule{Match: map[string][]string{"provider": {"dyte"}}, Subject: "{type}.{participantid}"},
	))
	sent := func(body string) hook {
		return hook{path: "/webhooks/dyte", body: body, header: headers("dyte-signature", r.dyte.Sign([]byte(body)))}
	}
	for _, c := range []struct {
		name            string
		hook            hook
		status          int
		subject         string
		events, letters int
	}{
		{"by attribute", sent(joinedBody(ours)), 200, "meeting.participantJoined.7b9e4d10-1111-4222-8333-9a0b1c2d3e4f", 1, 0},
		{"by condition", hook{path: "/open/videosdk", body: person}, 200, "room.qwer-tyui-opas.meeting.participantJoined", 1, 0},
		{"dropped", hook{path: "/open/videosdk", body: `{"webhookType":"waved","data":{}}`}, 200, "", 0, 0},
		{"not ours, and not dropped but refused", sent(joinedBody(theirs)), 403, "", 0, 0},
		{"dead letters see no rule", sent("hello"), 200, "meetbus.deadletter.dyte", 0, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			r.t = t
			storedEvents, storedLetters := r.stored(events), r.stored(letters)
			got := r.send(c.hook)
			subject, _ := got.fields["subject"].(string)
			if got.status != c.status || subject != c.subject || (c.name == "dropped") != (got.fields["dropped"] == true) {
				t.Errorf("got %d %s", got.status, got.text)
			}
			if n, m := r.stored(events)-storedEvents, r.stored(letters)-storedLetters; n != c.events || m != c.letters {
				t.Errorf("%d events and %d dead letters stored, want %d and %d", n, m, c.events, c.letters)
			}
		})
	}
	// Every event that came as far as the condition had a session: the one that was dropped, without, did not come to it.
	if got := testutil.ToFloat64(r.relay.metrics.ruleErrors); got != 0 {
		t.Errorf("%v rules could not be told", got)
	}
	r.send(hook{path: "/open/videosdk", body: strings.Replace(person, "sessionId", "other", 1)})
	if got := testutil.ToFloat64(r.relay.metrics.ruleErrors); got != 1 {
		t.Errorf("%v rules could not be told, want 1", got)
	}
	dropped := r.log.FilterMessage("webhook").FilterField(zap.String("by", "subjects.rules[0]"))
	if dropped.Len() != 1 || dropped.All()[0].ContextMap()["outcome"] != "dropped" {
		t.Errorf("the log does not say what dropped it: %v", dropped.All())
	}
}

// TestDroppedNeedsNoBus: there is nothing to store.
func TestDroppedNeedsNoBus(t *testing.T) {
	r := newRig(t, func(*rig) []Endpoint { return []Endpoint{open(normalize.VideoSDK)} },
		withRules(t, route.Rule{Match: map[string][]string{"type": {"meeting.*"}}, Drop: true}))
	r.nats.Stop()
	if got := r.send(hook{path: "/open/videosdk", body: person}); got.status != 200 || got.fields["dropped"] != true {
		t.Errorf("got %d %s", got.status, got.text)
	}
	if r.relay.HasTaken() {
		t.Error("counts as taken")
	}
}

// TestBinaryMode: the attributes are headers, beside those of NATS, and the data is alone; tail and subscribers read it back.
func TestBinaryMode(t *testing.T) {
	r := newRig(t, func(r *rig) []Endpoint { return []Endpoint{signedBy(normalize.Dyte, r.ring("dyte", r.dyte))} },
		func(o *Options) { o.Envelope = schemas.Envelope{Binary: true, TypePrefix: "com.example."} })
	body := strings.Replace(joinedBody(ours), "5f7c2b9e-1111-4222-8333-9a0b1c2d3e4f", "Räume 100%", 1)
	got := r.send(hook{path: "/webhooks/dyte", body: body, header: headers("dyte-signature", r.dyte.Sign([]byte(body)))})
	m := r.last(events)
	for name, want := range map[string]string{
		"content-type": "application/json", "ce-specversion": "1.0", "ce-type": "com.example.meeting.participantJoined",
		"ce-meetingid": "R%C3%A4ume%20100%25", "ce-verified": "true", "Nats-Msg-Id": "https://dyte.io#" + got.fields["id"].(string),
	} {
		if values := m.Header[name]; len(values) != 1 || values[0] != want {
			t.Errorf("%s is %q, want %q", name, values, want)
		}
	}
	if got.fields["type"] != "meeting.participantJoined" {
		t.Errorf("the prefix is in the answer, too: %s", got.text)
	}
	text, err := schemas.Structured(m.Header, m.Data)
	if err != nil {
		t.Fatal(err)
	}
	e := cloudEvent(t, text)
	var data struct{ Original string }
	if err := e.DataAs(&data); err != nil || data.Original != body || e.Subject() != "Räume 100%" {
		t.Errorf("read back as %s: %v", text, err)
	}
	r.send(hook{path: "/webhooks/dyte", body: "{", header: headers("dyte-signature", r.dyte.Sign([]byte("{")))})
	if ct := r.last(letters).Header["content-type"]; ct[0] != schemas.ContentType {
		t.Errorf("dead letter is %q", ct)
	}
}

// TestSignatureCanBeCheckedAgain by a subscriber, with nothing but the event and the provider's key.
func TestSignatureCanBeCheckedAgain(t *testing.T) {
	r := newRig(t, func(r *rig) []Endpoint {
		return []Endpoint{signedBy(normalize.Dyte, r.ring("dyte", r.dyte)), open(normalize.Dyte)}
	}, func(o *Options) { o.KeepSignature = true })
	body := joinedBody(ours)
	r.send(hook{path: "/webhooks/dyte", body: body, header: headers("dyte-signature", r.dyte.Sign([]byte(body)))})
	e := cloudEvent(t, r.last(events).Data)
	var data struct{ Original string }
	if err := e.DataAs(&data); err != nil {
		t.Fatal(err)
	}
	signature, err := base64.StdEncoding.DecodeString(e.Extensions()["signature"].(string))
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256([]byte(data.Original))
	if err := rsa.VerifyPKCS1v15(publicKey(t, r.dyte), crypto.SHA256, digest[:], signature); err != nil {
		t.Error(err)
	}
	r.send(hook{path: "/open/dyte", body: waved, header: headers("dyte-signature", "bm8=")})
	if got := cloudEvent(t, r.last(events).Data).Extensions()["signature"]; got != nil {
		t.Errorf("what nobody has checked is passed on as a signature: %v", got)
	}
}

func publicKey(t *testing.T, of *keystest.Server) *rsa.PublicKey {
	t.Helper()
	block, _ := pem.Decode(of.PrivatePEM())
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return &key.(*rsa.PrivateKey).PublicKey
}

// TestWhiteLabel: header names, source, ids and original as an endpoint has them.
func TestWhiteLabel(t *testing.T) {
	r := newRig(t, func(r *rig) []Endpoint {
		p := normalize.Dyte
		p.Headers = normalize.Headers{
			Signature: []string{"x-signature"}, Delivery: []string{"x-delivery"}, Registration: []string{"x-registration"},
		}
		e := signedBy(p, r.ring("dyte", r.dyte))
		e.Source, e.NoDedupe, e.NoOriginal, e.WebhookIDs = "urn:example:calls", true, true, []string{"w-1"}
		return []Endpoint{e}
	})
	body := joinedBody(ours)
	h := hook{path: "/webhooks/dyte", body: body,
		header: headers("x-signature", r.dyte.Sign([]byte(body)), "x-delivery", "d-1", "x-registration", "w-1")}
	first, second := r.send(h), r.send(h)
	if first.status != 200 || second.fields["duplicate"] != false || first.fields["id"] == second.fields["id"] {
		t.Errorf("with dedupe: none, twice the same is %s and %s", first.text, second.text)
	}
	e := cloudEvent(t, r.last(events).Data)
	if e.Source() != "urn:example:calls" || e.Extensions()["deliveryid"] != "d-1" || strings.Contains(string(e.Data()), "original") {
		t.Errorf("got %v", e)
	}
	if got := r.send(hook{path: "/webhooks/dyte", body: body, header: headers("dyte-signature", r.dyte.Sign([]byte(body)))}); got.status != 401 {
		t.Errorf("the usual header is taken, too: %d", got.status)
	}
}

// TestTrace: the trace of a request goes on in its event.
func TestTrace(t *testing.T) {
	r := newRig(t, func(*rig) []Endpoint { return []Endpoint{open(normalize.Dyte)} })
	const parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	r.send(hook{path: "/open/dyte", body: waved, header: headers("traceparent", parent, "tracestate", "a=1")})
	if got := cloudEvent(t, r.last(events).Data).Extensions(); got["traceparent"] != parent || got["tracestate"] != "a=1" {
		t.Errorf("got %v", got)
	}
}
