package replay_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"go.uber.org/zap"

	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/relay"
	"github.com/meetbus/meetbus/relay/bus"
	"github.com/meetbus/meetbus/relay/bus/bustest"
	"github.com/meetbus/meetbus/relay/replay"
	"github.com/meetbus/meetbus/relay/route"
	"github.com/meetbus/meetbus/schemas"
)

const (
	events = "MEETBUS"
	again  = "MEETBUS_REPLAY"
)

var arrived = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

// rig is a real server with events on it, and a bus for replays.
type rig struct {
	t    *testing.T
	nats *bustest.Node
	bus  *bus.Bus
}

func newRig(t *testing.T, maxBytes int64) *rig {
	t.Helper()
	r := &rig{t: t, nats: bustest.Server(t, func(o *server.Options) { o.MaxPayload = 8 << 10 })}
	r.bus = r.open(bus.Stream{Name: again, Subjects: []string{"again.>"}, Manage: true, MaxBytes: maxBytes, DuplicateWindow: time.Hour})
	return r
}

func (r *rig) open(s bus.Stream) *bus.Bus {
	r.t.Helper()
	b, err := bus.Open(context.Background(), bus.Options{Server: bus.Server{URL: r.nats.URL()}, Streams: []bus.Stream{s}})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(b.Close)
	return b
}

// fill stores so many events, of 40 meetings in turn, and extra more messages.
func (r *rig) fill(envelope schemas.Envelope, n int, extra ...bus.Message) {
	r.t.Helper()
	b := r.open(bus.Stream{Name: events, Subjects: []string{"meeting.*", "junk"}, Manage: true, DuplicateWindow: time.Hour})
	var all []bus.Message
	for i := range n {
		e, err := normalize.Normalize(&normalize.Webhook{
			Provider: normalize.Dyte, Endpoint: "dyte", Verified: i%2 == 0, Received: arrived, Signature: "c2ln",
			Header: map[string][]string{"Dyte-Uuid": {fmt.Sprint("delivery-", i)}},
			Body:   fmt.Appendf(nil, `{"event":"meeting.ended","meeting":{"id":"%d"},"n":%d}`, i%40, i),
		})
		if err != nil {
			r.t.Fatal(err)
		}
		header, data, err := envelope.Seal(&e.Event)
		if err != nil {
			r.t.Fatal(err)
		}
		all = append(all, bus.Message{Stream: events, Subject: "meeting.ended", ID: e.ID, Header: header, Data: data})
	}
	for _, m := range append(all, extra...) { // one by one: in this order
		if _, err := b.Publish(r.t.Context(), m); err != nil {
			r.t.Fatal(err)
		}
	}
}

// options of a run, by a relay without rules.
func (r *rig) options() replay.Options {
	r.t.Helper()
	table, faults := route.Compile(route.Mapping{Default: "late.{type}", Providers: []string{"dyte"}})
	if len(faults) > 0 {
		r.t.Fatal(faults)
	}
	today := relay.New(relay.Options{
		Endpoints: []relay.Endpoint{{Name: "dyte", Signers: []relay.Signer{{Provider: normalize.Dyte}}, Source: "https://now.example"}},
		Table:     table, KeepSignature: true, Log: zap.NewNop(),
	})
	return replay.Options{
		From: bus.ReadOptions{Server: bus.Server{URL: r.nats.URL()}, Stream: events, Start: bus.Start{All: true}},
		Type: "*", Bus: r.bus, Stream: again, Prefix: "again", Again: today.Again,
	}
}

func (r *rig) replays() (all []schemas.Event) {
	r.t.Helper()
	err := bus.Read(r.t.Context(), bus.ReadOptions{
		Server: bus.Server{URL: r.nats.URL()}, Stream: again, Start: bus.Start{All: true},
	}, func(m bus.Stored) error {
		e, err := schemas.Decode(m.Header, m.Data)
		if m.Subject != "again.late.meeting.ended" || m.Header["Nats-Msg-Id"][0] != e.Source+"#"+e.ID {
			r.t.Errorf("a replay is on %s with %v", m.Subject, m.Header)
		}
		all = append(all, e)
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return all
}

// number is which of the events of fill a replay is of.
func number(t *testing.T, e schemas.Event) int {
	t.Helper()
	n, err := strconv.Atoi(strings.TrimPrefix(e.ReplayOf, "delivery-"))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Of both content modes, more than fit into one batch: each made of one event and marked, as verified and as old as
// that was.
func TestRun(t *testing.T) {
	for name, envelope := range map[string]schemas.Envelope{
		"structured": {}, "binary": {Binary: true, TypePrefix: "com.example."},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, 0)
			const n = 300
			r.fill(envelope, n, bus.Message{Stream: events, Subject: "junk", ID: "junk", Data: []byte("junk")})
			report, err := replay.Run(t.Context(), r.options())
			if err != nil || report.Read != n+1 || report.Published != n || len(report.Failed) != 0 ||
				report.Skipped["no event that this version can read"] != 1 || time.Since(report.Through) > time.Minute {
				t.Fatalf("ran: %+v, %v", report, err)
			}
			ids := map[string]bool{}
			for _, e := range r.replays() {
				ids[e.ID] = true
				i := number(t, e)
				if e.MeetingID != fmt.Sprint(i%40) || e.ReplayOf != fmt.Sprint("delivery-", i) || e.DeliveryID != e.ReplayOf || e.ID == e.ReplayOf ||
					e.Verified != (i%2 == 0) || !e.RecordedTime.Equal(arrived) || e.Source != "https://now.example" || e.Signature != "c2ln" {
					t.Fatalf("replay %d is %+v", i, e)
				}
			}
			if len(ids) != n {
				t.Errorf("there are %d replays, want %d", len(ids), n)
			}
			o := r.options()
			o.Type = "recording.*"
			if report, err := replay.Run(t.Context(), o); err != nil || report.Published != 0 || report.Read != 1 {
				t.Errorf("ran for another type: %+v, %v", report, err)
			}
		})
	}
}

// An original that is not what its digest says was changed after it came.
func TestRunAltered(t *testing.T) {
	r := newRig(t, 0)
	e, err := normalize.Normalize(&normalize.Webhook{
		Provider: normalize.Dyte, Endpoint: "dyte", Verified: true, Received: arrived, Body: []byte(`{"event":"meeting.ended"}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	e.Data.Shared().Original = `{"event":"meeting.ended","meeting":{"id":"another"}}`
	header, data, err := schemas.Envelope{}.Seal(&e.Event)
	if err != nil {
		t.Fatal(err)
	}
	r.fill(schemas.Envelope{}, 1, bus.Message{Stream: events, Subject: "meeting.ended", ID: e.ID, Header: header, Data: data})
	report, err := replay.Run(t.Context(), r.options())
	if err != nil || report.Published != 1 || report.Skipped[relay.ErrAltered.Error()] != 1 {
		t.Errorf("ran: %+v, %v", report, err)
	}
}

// An interruption leaves no doubt: what was read is stored, and the rest is where the report says.
func TestRunInterrupted(t *testing.T) {
	r := newRig(t, 0)
	const n = 1000
	r.fill(schemas.Envelope{}, n)
	ctx, stop := context.WithCancel(t.Context())
	o := r.options()
	o.Progress = func(p replay.Report) {
		if p.Published >= 300 {
			stop()
		}
	}
	first, err := replay.Run(ctx, o)
	if !errors.Is(err, context.Canceled) || first.Published != first.Read || first.Read >= n || first.Read < 300 {
		t.Fatalf("ran: %+v, %v", first, err)
	}
	o = r.options()
	o.From.Start = bus.Start{Since: first.Through.Add(1)}
	second, err := replay.Run(t.Context(), o)
	if err != nil || first.Read+second.Published != n {
		t.Fatalf("went on: %+v and %+v of %d, %v", first, second, n, err)
	}
	last, seen := map[string]int{}, map[int]bool{}
	for _, e := range r.replays() {
		i := number(t, e)
		if before, later := last[e.MeetingID]; later && before >= i {
			t.Errorf("meeting %s has event %d after %d", e.MeetingID, i, before)
		}
		last[e.MeetingID], seen[i] = i, true
	}
	if len(seen) != n {
		t.Errorf("there are replays of %d events, want %d", len(seen), n)
	}
}

// The server goes away and comes back: each event has one replay.
func TestRunThroughRestart(t *testing.T) {
	r := newRig(t, 0)
	const n = 600
	r.fill(schemas.Envelope{}, n)
	o := r.options()
	restarts := 0
	o.Progress = func(p replay.Report) {
		if restarts == 0 && p.Published >= 120 {
			restarts++
			r.nats.Stop()
			r.nats.Restart()
		}
	}
	report, err := replay.Run(t.Context(), o)
	if err != nil || restarts != 1 || report.Published != n {
		t.Fatalf("ran through %d restarts: %+v, %v", restarts, report, err)
	}
	seen := map[string]int{}
	for _, e := range r.replays() {
		if seen[e.ReplayOf]++; seen[e.ReplayOf] > 1 {
			t.Errorf("%s is there twice", e.ReplayOf)
		}
	}
	if len(seen) != n {
		t.Errorf("there are %d, want %d", len(seen), n)
	}
}

// What the stream does not take is counted; when it is full there is no use in going on.
func TestRunFails(t *testing.T) {
	r := newRig(t, 16<<10)
	large, err := normalize.Normalize(&normalize.Webhook{
		Provider: normalize.Dyte, Endpoint: "dyte", Received: arrived,
		Body: []byte(`{"event":"meeting.ended","x":"` + strings.Repeat("x", 6<<10) + `"}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	header, data, err := schemas.Envelope{}.Seal(&large.Event)
	if err != nil {
		t.Fatal(err)
	}
	r.fill(schemas.Envelope{}, 1, bus.Message{Stream: events, Subject: "meeting.ended", ID: "large", Header: header, Data: data})
	o := r.options()
	o.Envelope.SchemaBase = "https://" + strings.Repeat("x", 4<<10) // makes what is stored larger than a message may be
	report, err := replay.Run(t.Context(), o)
	if err != nil || report.Published != 1 || report.Failed["message is too large"] != 1 {
		t.Errorf("ran: %+v, %v", report, err)
	}
	r.fill(schemas.Envelope{}, 200)
	report, err = replay.Run(t.Context(), r.options())
	if !errors.Is(err, bus.ErrFull) || report.Read != report.Published+replay.Count(report.Failed) || report.Failed["stream is full"] == 0 {
		t.Errorf("ran into the end of the stream: %+v, %v", report, err)
	}
}
