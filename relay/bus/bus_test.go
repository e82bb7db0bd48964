package bus_test

import (
	"context"
	"errors"
	"fmt"
	"runtime/pprof"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap/zaptest"

	"github.com/meetbus/meetbus/relay/bus"
	"github.com/meetbus/meetbus/relay/bus/bustest"
)

// patience is how long a test waits for what must happen.
const patience = 20 * time.Second

var events = bus.Stream{
	Name: "MEETBUS", Subjects: []string{"meeting.started", "meeting.ended"}, Replicas: 1,
	MaxAge: 168 * time.Hour, DuplicateWindow: 2 * time.Hour, Manage: true,
}

// message is the nth message of a test.
func message(n int) bus.Message {
	return bus.Message{
		Stream: "MEETBUS", Subject: "meeting.started", ID: fmt.Sprint("id-", n),
		Header: map[string][]string{"content-type": {"application/cloudevents+json"}}, Data: fmt.Append(nil, n),
	}
}

func connect(t testing.TB, o bus.Options) *bus.Bus {
	t.Helper()
	if o.Log == nil {
		o.Log = zaptest.NewLogger(t)
	}
	b, err := bus.Connect(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

// ready returns a bus that can publish to the stream.
func ready(t testing.TB, s bus.Server, streams ...bus.Stream) *bus.Bus {
	t.Helper()
	b := connect(t, bus.Options{Server: s, Streams: streams})
	waitReady(t, b)
	return b
}

func waitReady(t testing.TB, b *bus.Bus) {
	t.Helper()
	for began := time.Now(); b.Ready() != nil; time.Sleep(time.Millisecond) {
		if time.Since(began) > patience {
			t.Fatalf("bus is not ready after %s: %v", patience, b.Ready())
		}
	}
}

func waitLost(t *testing.T, b *bus.Bus) {
	t.Helper()
	for began := time.Now(); b.Ready() == nil; time.Sleep(time.Millisecond) {
		if time.Since(began) > patience {
			t.Fatalf("bus is still ready after %s", patience)
		}
	}
}

func awaitFault(t *testing.T, b *bus.Bus) error {
	t.Helper()
	select {
	case err := <-b.Faults():
		return err
	case <-time.After(patience):
		t.Fatalf("no fault after %s; ready: %v", patience, b.Ready())
		return nil
	}
}

// admin is a client with all rights.
func admin(t *testing.T, n *bustest.Node) jetstream.JetStream {
	t.Helper()
	nc, err := nats.Connect(n.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	return js
}

func info(t *testing.T, js jetstream.JetStream, stream string) *jetstream.StreamInfo {
	t.Helper()
	s, err := js.Stream(t.Context(), stream)
	if err != nil {
		t.Fatal(err)
	}
	return s.CachedInfo()
}

func count(t *testing.T, n *bustest.Node, stream string) uint64 {
	t.Helper()
	return info(t, admin(t, n), stream).State.Msgs
}

func contextFor(t *testing.T, d time.Duration) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithTimeout(t.Context(), d)
}

func publish(t *testing.T, b *bus.Bus, m bus.Message) bus.Ack {
	t.Helper()
	ctx, cancel := contextFor(t, patience)
	defer cancel()
	ack, err := b.Publish(ctx, m)
	if err != nil {
		t.Fatal(err)
	}
	return ack
}

func TestServerAwayAtStart(t *testing.T) {
	n := bustest.Server(t)
	n.Stop()
	b := connect(t, bus.Options{Server: bus.Server{URL: n.URL()}, Streams: []bus.Stream{events}})
	if err := b.Ready(); !errors.Is(err, bus.ErrUnavailable) {
		t.Errorf("ready: %v, want unavailable", err)
	}
	n.Restart()
	waitReady(t, b)
	publish(t, b, message(1))
}

func TestRestartedServer(t *testing.T) {
	n := bustest.Server(t)
	b := ready(t, bus.Server{URL: n.URL()}, events)
	publish(t, b, message(1))
	n.Stop()
	for i := range 20 {
		began := time.Now()
		_, err := b.Publish(t.Context(), message(100+i))
		if took := time.Since(began); !errors.Is(err, bus.ErrUnavailable) || took > 100*time.Millisecond {
			t.Fatalf("publish to a stopped server: %v after %s, want unavailable at once", err, took)
		}
	}
	n.Restart()
	waitReady(t, b)
	if ack := publish(t, b, message(2)); ack.Sequence != 2 {
		t.Errorf("first message after the restart has sequence %d, want 2: what failed was stored", ack.Sequence)
	}
	if ack := publish(t, b, message(1)); !ack.Duplicate || ack.Sequence != 1 {
		t.Errorf("message from before the restart: %+v, want the duplicate of sequence 1", ack)
	}
}

func TestState(t *testing.T) {
	n := bustest.Server(t)
	bounded := events
	bounded.MaxBytes = 1 << 20
	b := ready(t, bus.Server{URL: n.URL()}, bounded)
	if s, err := b.State(t.Context(), "MEETBUS"); err != nil || s != (bus.State{MaxBytes: 1 << 20, Oldest: s.Oldest}) {
		t.Errorf("state of an empty stream: %+v, %v", s, err)
	}
	before := time.Now()
	publish(t, b, message(1))
	publish(t, b, message(2))
	s, err := b.State(t.Context(), "MEETBUS")
	if err != nil || s.Messages != 2 || s.Last != 2 || s.Bytes <= 0 || s.Bytes > 1000 {
		t.Errorf("state: %+v, %v, want two messages and what they take", s, err)
	}
	if s.Oldest.Before(before.Add(-time.Second)) || s.Oldest.After(time.Now().Add(time.Second)) {
		t.Errorf("oldest: %s, want about %s", s.Oldest, before)
	}
	if _, err := b.State(t.Context(), "OTHER"); !errors.Is(err, bus.ErrUnavailable) {
		t.Errorf("state of a missing stream: %v, want unavailable", err)
	}
}

func TestCloseLeavesNothing(t *testing.T) {
	n := bustest.Server(t)
	away := bustest.Server(t)
	away.Stop()
	frozen := bustest.NewProxy(t, n.Addr())
	frozen.Freeze()
	for name, url := range map[string]string{"connected": n.URL(), "away": away.URL(), "frozen": frozen.URL()} {
		t.Run(name, func(t *testing.T) {
			b := connect(t, bus.Options{Server: bus.Server{URL: url}, Streams: []bus.Stream{events}})
			if name == "connected" {
				waitReady(t, b)
			}
			began := time.Now()
			b.Close()
			if took := time.Since(began); took > time.Second {
				t.Errorf("close took %s", took)
			}
			if err := b.Ready(); !errors.Is(err, bus.ErrUnavailable) {
				t.Errorf("ready after close: %v", err)
			}
			if _, open := <-b.Faults(); open {
				t.Error("faults are not closed")
			}
			mustEnd(t, "bus.(*Bus)", "bus.(*line)", "nats%2ego.(*Conn)")
		})
	}
}

// mustEnd allows goroutines, told by what they run, the moment between their last statement and their end.
func mustEnd(t *testing.T, running ...string) {
	t.Helper()
	for began := time.Now(); ; time.Sleep(time.Millisecond) {
		var stacks strings.Builder
		_ = pprof.Lookup("goroutine").WriteTo(&stacks, 2)
		found := slices.ContainsFunc(running, func(name string) bool { return strings.Contains(stacks.String(), name) })
		switch {
		case !found:
			return
		case time.Since(began) > time.Second:
			t.Fatalf("still running:\n%s", stacks.String())
		}
	}
}
