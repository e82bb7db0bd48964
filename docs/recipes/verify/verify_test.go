package main

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/meetbus/meetbus/docs/recipes/recipetest"
	"github.com/meetbus/meetbus/relay/bus/bustest"
	"github.com/meetbus/meetbus/schemas"
)

func TestMain(m *testing.M) { os.Exit(recipetest.Main(m)) }

// odd is a body that no JSON library writes again as it is.
const odd = " {\"event\":\"meeting.started\",\n\t\"meeting\" : {\"id\":\"m\\u00e9\\/<&>\",\"id\":\"m-1\",\"sessionId\":\"s\",\"n\":1.0e3," +
	"\"startedAt\":\"2026-11-24T09:00:00Z\",\"title\":\"caf\u00e9 \U0001f44b\u2028\"}} \r\n"

// rig is a relay that verifies, with a pair of keys.
type rig struct {
	*recipetest.Relay
	dir string
}

// start runs a relay that verifies with a new key, and adds the signature to its events.
func start(t *testing.T, mode string) rig {
	t.Helper()
	dir := t.TempDir()
	made := exec.Command(recipetest.Build(t, recipetest.Meetbus), "keygen", dir)
	if out, err := made.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	public := filepath.Join(dir, "public.pem")
	return rig{dir: dir, Relay: recipetest.StartRelay(t, "", `
cloudevents: { mode: `+mode+`, signature: true }
endpoints:
  - { provider: dyte, keys: { file: `+public+` } }
  - { provider: realtimekit, keys: { file: `+public+` } }
  - { provider: videosdk, keys: { file: `+public+` } }
`)}
}

// trigger sends one of every webhook of a provider, signed.
func (r rig) trigger(t *testing.T, provider string) {
	t.Helper()
	sent := exec.Command(r.Binary, "trigger", provider, "--all", "--url", r.URL, "--key", filepath.Join(r.dir, "private.pem"))
	if out, err := sent.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// private and public are the pair of keys.
func (r rig) private(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	block, _ := pem.Decode(read(t, filepath.Join(r.dir, "private.pem")))
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return key.(*rsa.PrivateKey)
}

func (r rig) public(t *testing.T) *rsa.PublicKey {
	t.Helper()
	key, err := KeyOf(read(t, filepath.Join(r.dir, "public.pem")))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// send signs a body as a provider does, and posts it to Dyte's endpoint.
func (r rig) send(t *testing.T, body string) {
	t.Helper()
	digest := sha256.Sum256([]byte(body))
	signature, err := rsa.SignPKCS1v15(rand.Reader, r.private(t), crypto.SHA256, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.URL+"/webhooks/dyte", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("dyte-signature", base64.StdEncoding.EncodeToString(signature))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Fatal(response.Status)
	}
}

// stored are all events of the relay, as a subscriber reads them.
func (r rig) stored(t *testing.T) []schemas.Event {
	t.Helper()
	stream, err := recipetest.Connect(t, r.NATS).Stream(t.Context(), "MEETBUS")
	if err != nil {
		t.Fatal(err)
	}
	var events []schemas.Event
	for n := range stream.CachedInfo().State.LastSeq {
		m, err := stream.GetMsg(t.Context(), n+1)
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, recipetest.Read(t, &nats.Msg{Header: m.Header, Data: m.Data}))
	}
	return events
}

// Every webhook that there is, of every provider, in both modes: the bytes that were signed are there.
func TestSigned(t *testing.T) {
	for _, mode := range []string{"structured", "binary"} {
		t.Run(mode, func(t *testing.T) {
			r := start(t, mode)
			for _, provider := range []string{"dyte", "realtimekit", "videosdk"} {
				r.trigger(t, provider)
			}
			r.send(t, odd)
			events, key := r.stored(t), r.public(t)
			if len(events) < 90 {
				t.Fatalf("%d events, want those of all providers", len(events))
			}
			for _, e := range events {
				if _, err := Signed(e, key); err != nil {
					t.Errorf("%s: %v", e.Type, err)
				}
			}
			body, err := Signed(events[len(events)-1], key)
			if err != nil || string(body) != odd {
				t.Errorf("%v and %q, want %q", err, body, odd)
			}
		})
	}
}

const (
	adaJoins = `{"event":"meeting.participantJoined","meeting":{"id":"m","sessionId":"s"},` +
		`"participant":{"peerId":"p-1","userDisplayName":"Ada","joinedAt":"2026-11-24T09:00:01Z"}}`
	adaLeaves = `{"event":"meeting.participantLeft","meeting":{"id":"m","sessionId":"s"},` +
		`"participant":{"peerId":"p-1","userDisplayName":"Ada","leftAt":"2026-11-24T09:10:00Z"}}`
)

func digestOf(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text))) }

// What somebody on the way can do to an event, and what is said of it.
var tampering = map[string]struct {
	do   func(t *testing.T, e, another *schemas.Event, key *rsa.PrivateKey)
	want error
}{
	"nothing": {do: func(*testing.T, *schemas.Event, *schemas.Event, *rsa.PrivateKey) {}},
	"another name in the original": {want: ErrDigest, do: func(_ *testing.T, e, _ *schemas.Event, _ *rsa.PrivateKey) {
		e.Data.Shared().Original = strings.Replace(adaJoins, "Ada", "Eve", 1)
	}},
	"another name in the original, and the digest of that": {want: ErrForged, do: func(_ *testing.T, e, _ *schemas.Event, _ *rsa.PrivateKey) {
		e.Data.Shared().Original = strings.Replace(adaJoins, "Ada", "Eve", 1)
		e.Digest = digestOf(e.Data.Shared().Original)
	}},
	"a blank more in the original": {want: ErrForged, do: func(_ *testing.T, e, _ *schemas.Event, _ *rsa.PrivateKey) {
		e.Data.Shared().Original = adaJoins + " "
		e.Digest = digestOf(e.Data.Shared().Original)
	}},
	"another digest": {want: ErrDigest, do: func(_ *testing.T, e, _ *schemas.Event, _ *rsa.PrivateKey) { e.Digest = digestOf("") }},
	"no digest":      {want: ErrDigest, do: func(_ *testing.T, e, _ *schemas.Event, _ *rsa.PrivateKey) { e.Digest = "" }},
	"the original of another event": {want: ErrDigest, do: func(_ *testing.T, e, another *schemas.Event, _ *rsa.PrivateKey) {
		e.Data.Shared().Original = another.Data.Shared().Original
	}},
	"the signature of another event": {want: ErrForged, do: func(_ *testing.T, e, another *schemas.Event, _ *rsa.PrivateKey) {
		e.Signature = another.Signature
	}},
	"no signature": {want: ErrUnsigned, do: func(_ *testing.T, e, _ *schemas.Event, _ *rsa.PrivateKey) { e.Signature = "" }},
	"no original":  {want: ErrUnsigned, do: func(_ *testing.T, e, _ *schemas.Event, _ *rsa.PrivateKey) { e.Data.Shared().Original = "" }},
	"no base64":    {want: ErrForged, do: func(_ *testing.T, e, _ *schemas.Event, _ *rsa.PrivateKey) { e.Signature = "-" + e.Signature[1:] }},
	"a signature that was cut": {want: ErrForged, do: func(_ *testing.T, e, _ *schemas.Event, _ *rsa.PrivateKey) {
		e.Signature = e.Signature[:len(e.Signature)-8]
	}},
	"a signature with another key": {want: ErrForged, do: func(t *testing.T, e, _ *schemas.Event, _ *rsa.PrivateKey) {
		other, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		digest := sha256.Sum256([]byte(adaJoins))
		signature, err := rsa.SignPKCS1v15(rand.Reader, other, crypto.SHA256, digest[:])
		if err != nil {
			t.Fatal(err)
		}
		e.Signature = base64.StdEncoding.EncodeToString(signature)
	}},
	"a signature of the other kind": {want: ErrForged, do: func(t *testing.T, e, _ *schemas.Event, key *rsa.PrivateKey) {
		digest := sha256.Sum256([]byte(adaJoins))
		signature, err := rsa.SignPSS(rand.Reader, key, crypto.SHA256, digest[:], nil)
		if err != nil {
			t.Fatal(err)
		}
		e.Signature = base64.StdEncoding.EncodeToString(signature)
	}},
}

func TestTampered(t *testing.T) {
	r := start(t, "structured")
	r.send(t, adaJoins)
	r.send(t, adaLeaves)
	key, public := r.private(t), r.public(t)
	for name, c := range tampering {
		t.Run(name, func(t *testing.T) {
			events := r.stored(t)
			c.do(t, &events[0], &events[1], key)
			body, err := Signed(recipetest.Read(t, recipetest.Message(t, events[0])), public)
			if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
				t.Errorf("%v, want %v", err, c.want)
			}
			if err != nil && body != nil {
				t.Errorf("bytes are there beside %v", err)
			}
		})
	}
}

// What the relay made of the body, no provider has signed: it can be changed, and who reads the signed bytes is not deceived.
func TestOnlyTheOriginalIsSigned(t *testing.T) {
	r := start(t, "structured")
	r.send(t, adaJoins)
	e := r.stored(t)[0]
	e.Data.(*schemas.ParticipantJoined).Participant.Name = "Eve"
	e.Type, e.ID, e.MeetingID = schemas.TypeParticipantJoined, "another", "another"
	e = recipetest.Read(t, recipetest.Message(t, e))
	if body, err := Signed(e, r.public(t)); err != nil || string(body) != adaJoins {
		t.Errorf("%q, %v, want what was signed", body, err)
	}
}

// The program says which events of a stream are signed. The stream is somebody's who has changed some of them.
func TestProgram(t *testing.T) {
	r := start(t, "structured")
	r.send(t, adaJoins)
	r.send(t, adaLeaves)
	events := r.stored(t)
	changed := r.stored(t)
	changed[0].Data.Shared().Original = strings.Replace(adaJoins, "Ada", "Eve", 1)
	changed[1].Data.(*schemas.ParticipantLeft).Participant.Name = "Eve" // not signed, not read

	url := bustest.Server(t).URL()
	js := recipetest.Connect(t, url)
	recipetest.Stream(t, js)
	recipetest.Publish(t, js, events[0], changed[0], changed[1])
	if _, err := js.PublishMsg(t.Context(), &nats.Msg{Subject: "meeting.started", Data: []byte("no event")}); err != nil {
		t.Fatal(err)
	}

	want := []string{
		`signed   "meeting.participantJoined"`,
		`REFUSED  "meeting.participantJoined": ` + ErrDigest.Error(),
		`signed   "meeting.participantLeft"`,
		`REFUSED  "meeting.started": ` + schemas.ErrNoCloudEvent.Error(),
	}
	shown := recipetest.Program(t, func(ctx context.Context, w io.Writer) error {
		return run(ctx, url, filepath.Join(r.dir, "public.pem"), "dyte", w)
	})
	recipetest.Until(t, "four lines", func() bool { return len(shown.Lines()) == len(want) })
	for n, line := range shown.Lines() {
		if line != want[n] {
			t.Errorf("it says %s, want %s", line, want[n])
		}
	}
}
