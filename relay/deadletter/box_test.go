package deadletter_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"go.uber.org/zap"

	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/relay"
	"github.com/meetbus/meetbus/relay/bus"
	"github.com/meetbus/meetbus/relay/bus/bustest"
	"github.com/meetbus/meetbus/relay/deadletter"
	"github.com/meetbus/meetbus/relay/keys"
	"github.com/meetbus/meetbus/relay/keys/keystest"
	"github.com/meetbus/meetbus/relay/route"
	"github.com/meetbus/meetbus/schemas"
)

const (
	events  = "MEETBUS"
	letters = "MEETBUS_DEADLETTER"
	window  = time.Hour
)

var arrived = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

// rig is a real server with both streams, and a box of a relay as it is today.
type rig struct {
	t     testing.TB
	nats  *bustest.Node
	bus   *bus.Bus
	table *route.Table
	// signer plays the provider.
	signer *keystest.Server
}

func newRig(t testing.TB, changes ...func(*server.Options)) *rig {
	t.Helper()
	r := &rig{t: t, nats: bustest.Server(t, changes...), table: tableOf(t), signer: keystest.New(t)}
	r.bus = r.open(bus.Server{URL: r.nats.URL()}, window)
	return r
}

func tableOf(t testing.TB, rules ...route.Rule) *route.Table {
	t.Helper()
	table, faults := route.Compile(route.Mapping{
		Default: route.DefaultTemplate, Rules: rules, Providers: []string{"dyte", "realtimekit", "videosdk"},
	})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return table
}

// open returns a bus of its own. The streams are made with the window by whoever comes first.
func (r *rig) open(s bus.Server, window time.Duration) *bus.Bus {
	r.t.Helper()
	b, err := bus.Open(context.Background(), bus.Options{Server: s, Streams: []bus.Stream{
		{Name: events, Subjects: append(r.table.Subjects(), "elsewhere"), Manage: true, DuplicateWindow: window},
		{Name: letters, Subjects: r.table.DeadLetterSubjects(), Manage: true, DuplicateWindow: window},
	}})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(b.Close)
	return b
}

// box returns the box of a relay with these rules, whose endpoint dyte is changed first.
func (r *rig) box(b *bus.Bus, change func(*relay.Endpoint), rules ...route.Rule) *deadletter.Box {
	r.t.Helper()
	dyte := relay.Endpoint{
		Name: "dyte", Verify: true, SignatureHeaders: normalize.Dyte.Headers.Signature,
		Signers: []relay.Signer{{Provider: normalize.Dyte, Keys: []*keys.Ring{r.ring()}}},
	}
	if change != nil {
		change(&dyte)
	}
	today := relay.New(relay.Options{
		Endpoints: []relay.Endpoint{dyte}, Table: tableOf(r.t, rules...), KeepSignature: true, Log: zap.NewNop(),
		Deadline: time.Second,
	})
	return deadletter.New(deadletter.Options{Bus: b, Stream: events, Letters: letters, Again: today.Retake})
}

// ring has the key that the provider signs with now.
func (r *rig) ring() *keys.Ring {
	r.t.Helper()
	file := filepath.Join(r.t.TempDir(), "public.pem")
	if err := os.WriteFile(file, r.signer.PublicPEM(), 0o600); err != nil {
		r.t.Fatal(err)
	}
	ring, err := keys.New(keys.Source{Provider: "dyte", File: file}, keys.Options{})
	if err != nil {
		r.t.Fatal(err)
	}
	return ring
}

// webhook is one as it arrived at endpoint dyte, signed.
func (r *rig) webhook(delivery, body string) *normalize.Webhook {
	signature := r.signer.Sign([]byte(body))
	return &normalize.Webhook{
		Provider: normalize.Dyte, Endpoint: "dyte", Verified: true, Signature: signature, Body: []byte(body), Received: arrived,
		Header: http.Header{
			"Dyte-Signature": {signature}, "Dyte-Uuid": {delivery}, "Dyte-Webhook-Id": {"hook"}, "Authorization": {"hunter2"},
		},
	}
}

// put stores a dead letter as the relay does.
func (r *rig) put(w *normalize.Webhook, id, reason string) (sequence uint64, e *normalize.Event) {
	r.t.Helper()
	e = normalize.DeadLetter(w, id, reason, "the detail")
	header, data, err := schemas.Envelope{}.Seal(&e.Event)
	if err != nil {
		r.t.Fatal(err)
	}
	return r.publish(letters, r.table.DeadLetter(e.Provider), e.Source+"#"+e.ID, header, data), e
}

func (r *rig) publish(stream, subject, id string, header map[string][]string, data []byte) uint64 {
	r.t.Helper()
	ack, err := r.bus.Publish(r.t.Context(), bus.Message{Stream: stream, Subject: subject, ID: id, Header: header, Data: data})
	if err != nil || ack.Duplicate {
		r.t.Fatalf("publish %s: %+v, %v", id, ack, err)
	}
	return ack.Sequence
}

// stored returns the events of a stream.
func (r *rig) stored(stream string) []bus.Stored {
	r.t.Helper()
	all, err := r.bus.Newest(r.t.Context(), stream, 0, 1000)
	if err != nil {
		r.t.Fatal(err)
	}
	slices.Reverse(all)
	return all
}

// wants fails unless the streams hold so many.
func (r *rig) wants(inEvents, inLetters int) {
	r.t.Helper()
	if e, l := len(r.stored(events)), len(r.stored(letters)); e != inEvents || l != inLetters {
		r.t.Errorf("%d events and %d dead letters are stored, want %d and %d", e, l, inEvents, inLetters)
	}
}

const ended = `{"event":"meeting.ended","meeting":{"id":"m","organizedBy":{"id":"ours"}}}`

func TestList(t *testing.T) {
	r := newRig(t)
	box := r.box(r.bus, nil)
	if none, err := box.List(t.Context(), 0, 10); err != nil || len(none) != 0 {
		t.Errorf("an empty box has %v, %v", none, err)
	}
	body := "\xff\xfe is no text"
	_, first := r.put(r.webhook("first", body), "", normalize.ReasonNotUTF8)
	r.put(r.webhook("second", "{}"), "", normalize.ReasonNoEvent)
	r.publish(letters, "meetbus.deadletter.dyte", "junk", nil, []byte("somebody else's"))
	all, err := box.List(t.Context(), 0, 10)
	if err != nil || len(all) != 3 {
		t.Fatalf("listed %v, %v", all, err)
	}
	if junk := all[0]; junk.Sequence != 3 || junk.Data().Reason != deadletter.ReasonUnreadable || string(junk.Data().Body) != "somebody else's" {
		t.Errorf("the newest is %+v", junk)
	}
	l := all[2]
	if l.Sequence != 1 || l.Subject != "meetbus.deadletter.dyte" || l.Event.ID != "first" || !l.Event.Verified ||
		l.Data().Reason != "not_utf8" || string(l.Data().Body) != body || time.Since(l.Stored) > time.Minute {
		t.Errorf("the oldest is %+v with %+v", l, l.Data())
	}
	if _, data, err := (schemas.Envelope{}).Seal(&first.Event); err != nil || !bytes.Equal(l.Message(), data) {
		t.Errorf("its message is %s, %v", l.Message(), err)
	}
	if below, err := box.List(t.Context(), 2, 10); err != nil || len(below) != 1 || below[0].Sequence != 1 {
		t.Errorf("below 2 there is %v, %v", below, err)
	}
	if got, err := box.Letter(t.Context(), 1); err != nil || got.Event.ID != "first" {
		t.Errorf("letter 1 is %+v, %v", got, err)
	}
	if _, err := box.Letter(t.Context(), 4); !errors.Is(err, deadletter.ErrNotFound) {
		t.Errorf("letter 4: %v", err)
	}
	for _, want := range []error{nil, deadletter.ErrNotFound} {
		if err := box.Discard(t.Context(), 3); !errors.Is(err, want) {
			t.Errorf("discarded: %v, want %v", err, want)
		}
	}
	r.wants(0, 2)
}

// A letter that is understood today is the event that it would have been, with the id, the source and the time that it had.
func TestRetry(t *testing.T) {
	r := newRig(t)
	w := r.webhook("delivery", ended)
	w.Source = "https://before.example"
	sequence, letter := r.put(w, "", normalize.ReasonNoEvent)
	box := r.box(r.bus, func(e *relay.Endpoint) { e.Source = "https://now.example" }, route.Rule{
		Match: map[string][]string{"type": {"meeting.ended"}}, Subject: "elsewhere",
	})
	outcome, err := box.Retry(t.Context(), sequence)
	want := deadletter.Outcome{Type: "meeting.ended", Subject: "elsewhere", Stream: events, Sequence: 1}
	if err != nil || outcome != want {
		t.Fatalf("retried: %+v, %v", outcome, err)
	}
	r.wants(1, 0)
	m := r.stored(events)[0]
	e, err := schemas.Decode(m.Header, m.Data)
	if err != nil {
		t.Fatal(err)
	}
	if m.Subject != "elsewhere" || m.Header["Nats-Msg-Id"][0] != "https://before.example#delivery" {
		t.Errorf("it is on %s with %v", m.Subject, m.Header)
	}
	if e.ID != letter.ID || e.Source != w.Source || !e.RecordedTime.Equal(arrived) || !e.Verified || e.DeliveryID != "delivery" ||
		e.WebhookID != "hook" || e.Signature != w.Signature || e.MeetingID != "m" || e.Data.Shared().Original != ended {
		t.Errorf("it is %+v", e)
	}
	if _, err := box.Retry(t.Context(), sequence); !errors.Is(err, deadletter.ErrNotFound) {
		t.Errorf("retried again: %v", err)
	}
}

// Somebody who may write to the stream of dead letters, and cannot sign, gets nothing into the events, and a letter of an endpoint that
// does not verify any more is an event that is not verified.
func TestRetryForged(t *testing.T) {
	r := newRig(t)
	forged := func(change func(w *normalize.Webhook)) *normalize.Webhook {
		w := r.webhook("forged", ended)
		change(w)
		return w
	}
	const unconfirmed = "do not confirm its signature"
	cases := map[string]struct {
		w     *normalize.Webhook
		still string
	}{
		"another body": {forged(func(w *normalize.Webhook) { w.Body = []byte(`{"event":"meeting.ended","meeting":{"id":"x"}}`) }), unconfirmed},
		"unsigned":     {forged(func(w *normalize.Webhook) { w.Header.Del("Dyte-Signature") }), unconfirmed},
		"no signature": {forged(func(w *normalize.Webhook) { w.Header.Set("Dyte-Signature", "c2ln") }), unconfirmed},
		"not verified": {forged(func(w *normalize.Webhook) { w.Verified = false; w.Header.Del("Dyte-Signature") }), unconfirmed},
		"other digest": {forged(func(w *normalize.Webhook) { w.Digest[0] = 1 }), "its digest is another"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			sequence, _ := r.put(c.w, "sha256:"+strings.ReplaceAll(name, " ", "-"), normalize.ReasonNoEvent)
			outcome, err := r.box(r.bus, nil).Retry(t.Context(), sequence)
			if err != nil || outcome.Stream != "" || !strings.Contains(outcome.Still, c.still) {
				t.Errorf("retried: %+v, %v", outcome, err)
			}
		})
	}
	r.wants(0, len(cases))
	sequence, _ := r.put(r.webhook("open", ended), "", normalize.ReasonNoEvent)
	if o, err := r.box(r.bus, func(e *relay.Endpoint) { e.Verify = false }).Retry(t.Context(), sequence); err != nil || o.Still != "" {
		t.Fatalf("retried: %+v, %v", o, err)
	}
	m := r.stored(events)[0]
	if e, err := schemas.Decode(m.Header, m.Data); err != nil || e.Verified || e.Signature != "" {
		t.Errorf("it is %+v, %v", e, err)
	}
}

// What is no event today either stays, and says why.
func TestRetryStays(t *testing.T) {
	r := newRig(t, func(o *server.Options) { o.MaxPayload = 4096 })
	cases := map[string]struct {
		body, still string
		change      func(*relay.Endpoint)
		rules       []route.Rule
	}{
		"bytes":        {body: "\xff", still: "not UTF-8"},
		"words":        {body: "words", still: "not one JSON object"},
		"nothing":      {body: "{}", still: "names no event"},
		"large":        {body: `{"event":"meeting.ended","x":"` + strings.Repeat(`\"`, 900) + `"}`, still: "too large"},
		"foreign":      {body: ended, still: "accept.organizations", change: func(e *relay.Endpoint) { e.Organizations = []string{"theirs"} }},
		"gone":         {body: ended, still: `it came to "dyte", and no endpoint has this name now`, change: func(e *relay.Endpoint) { e.Name = "other" }},
		"other sender": {body: ended, still: "takes webhooks of videosdk now", change: func(e *relay.Endpoint) { e.Signers[0].Provider = normalize.VideoSDK }},
		"dropped":      {body: ended, still: "subjects.rules[0] drops it", rules: []route.Rule{{Match: map[string][]string{"type": {"meeting.*"}}, Drop: true}}},
	}
	kept := 0
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			sequence, _ := r.put(r.webhook(name, c.body), "", normalize.ReasonRefused)
			kept++
			outcome, err := r.box(r.bus, c.change, c.rules...).Retry(t.Context(), sequence)
			if err != nil || outcome.Stream != "" || !strings.Contains(outcome.Still, c.still) {
				t.Errorf("retried: %+v, %v", outcome, err)
			}
			if _, err := r.box(r.bus, nil).Letter(t.Context(), sequence); err != nil {
				t.Error(err)
			}
		})
	}
	r.publish(letters, "meetbus.deadletter.dyte", "junk", nil, []byte("junk"))
	if outcome, err := r.box(r.bus, nil).Retry(t.Context(), uint64(kept+1)); err != nil || !strings.Contains(outcome.Still, "no dead letter") {
		t.Errorf("retried junk: %+v, %v", outcome, err)
	}
	r.wants(0, kept+1)
}

// A crash between the acknowledgement and the removal: here the relay may publish and not remove. The next try finds the event,
// whether the stream still remembers its id or not.
func TestRetryAfterCrash(t *testing.T) {
	for name, window := range map[string]time.Duration{"remembered": window, "forgotten": 100 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			r := &rig{t: t, table: tableOf(t), signer: keystest.New(t), nats: bustest.Server(t, func(o *server.Options) {
				o.Users = []*server.User{{Username: "whole", Password: "secret"}, {Username: "dying", Password: "secret",
					Permissions: &server.Permissions{Publish: &server.SubjectPermission{Deny: []string{"$JS.API.STREAM.MSG.DELETE.>"}}}}}
			})}
			r.bus = r.open(bus.Server{URL: r.nats.URL(), User: "whole", Password: "secret"}, window)
			dying := r.box(r.open(bus.Server{URL: r.nats.URL(), User: "dying", Password: "secret"}, window), nil)
			whole := r.box(r.bus, nil, route.Rule{Subject: "elsewhere"}) // the rules may have changed meanwhile
			sequence, _ := r.put(r.webhook("one", ended), "sha256:one", normalize.ReasonTooLarge)
			other, _ := r.put(r.webhook("two", ended), "sha256:two", normalize.ReasonTooLarge)
			if _, err := dying.Retry(t.Context(), sequence); err == nil || !strings.Contains(err.Error(), "stored in MEETBUS, and the dead letter still there") {
				t.Errorf("died with %v", err)
			}
			r.wants(1, 2)
			time.Sleep(2 * min(window, 100*time.Millisecond))
			var got []string
			err := whole.RetryAll(t.Context(), []uint64{sequence, other, 99}, func(sequence uint64, o deadletter.Outcome, err error) {
				got = append(got, fmt.Sprint(sequence, o.Type, o.Duplicate, errors.Is(err, deadletter.ErrNotFound)))
			})
			want := []string{"1meeting.endedtruefalse", "2meeting.endedfalsefalse", "99falsetrue"}
			for i := range got {
				got[i] = strings.ReplaceAll(got[i], " ", "")
			}
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("retried %q, %v, want %q", got, err, want)
			}
			r.wants(2, 0)
		})
	}
}

// Many at once, on connections of their own, store a letter once.
func TestRetryAtOnce(t *testing.T) {
	for name, window := range map[string]time.Duration{"within the window": window, "after it": 2 * time.Second} {
		t.Run(name, func(t *testing.T) {
			r := &rig{t: t, table: tableOf(t), signer: keystest.New(t), nats: bustest.Server(t)}
			r.bus = r.open(bus.Server{URL: r.nats.URL()}, window)
			const rounds, tries = 10, 4
			var boxes []*deadletter.Box
			for range tries {
				boxes = append(boxes, r.box(r.open(bus.Server{URL: r.nats.URL()}, window), nil))
			}
			for round := range rounds {
				sequence, _ := r.put(r.webhook(fmt.Sprint(round), ended), "", normalize.ReasonNoEvent)
				var all sync.WaitGroup
				for _, box := range boxes {
					all.Go(func() {
						if o, err := box.Retry(t.Context(), sequence); o.Still != "" || err != nil && !errors.Is(err, deadletter.ErrNotFound) {
							t.Errorf("retried: %+v, %v", o, err)
						}
					})
				}
				all.Wait()
				r.wants(round+1, 0)
			}
		})
	}
}

// What was too large for the bus before an upgrade of it goes through after.
func TestRetryAfterUpgrade(t *testing.T) {
	small := func(o *server.Options) { o.MaxPayload = 4096 }
	r := newRig(t, small)
	sequence, _ := r.put(r.webhook("large", `{"event":"meeting.ended","x":"`+strings.Repeat(`\"`, 900)+`"}`), "sha256:x", normalize.ReasonTooLarge)
	if o, err := r.box(r.bus, nil).Retry(t.Context(), sequence); err != nil || !strings.Contains(o.Still, "too large") {
		t.Fatalf("retried: %+v, %v", o, err)
	}
	r.nats.Upgrade(func(o *server.Options) { o.MaxPayload = 1 << 20 })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for o := (deadletter.Outcome{}); o.Type != "meeting.ended"; {
		var err error
		if o, err = r.box(r.bus, nil).Retry(ctx, sequence); err != nil && !errors.Is(err, bus.ErrUnavailable) || ctx.Err() != nil {
			t.Fatalf("retried: %+v, %v", o, err)
		}
	}
	r.wants(1, 0)
}
