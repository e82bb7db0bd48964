package bus_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/meetbus/meetbus/relay/bus"
	"github.com/meetbus/meetbus/relay/bus/bustest"
)

func TestPublish(t *testing.T) {
	n := bustest.Server(t)
	b := ready(t, bus.Server{URL: n.URL()}, events)
	for want, m := range []bus.Message{message(1), message(2)} {
		if ack := publish(t, b, m); ack != (bus.Ack{Stream: "MEETBUS", Sequence: uint64(want + 1)}) {
			t.Errorf("message %d: %+v", want+1, ack)
		}
	}
	again := message(1)
	again.Subject, again.Data = "meeting.ended", []byte("other")
	if ack := publish(t, b, again); ack != (bus.Ack{Stream: "MEETBUS", Sequence: 1, Duplicate: true}) {
		t.Errorf("same id again: %+v, want the duplicate of sequence 1", ack)
	}
	s, err := admin(t, n).Stream(t.Context(), "MEETBUS")
	if err != nil {
		t.Fatal(err)
	}
	stored, err := s.GetMsg(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if stored.Subject != "meeting.started" || string(stored.Data) != "1" ||
		!slices.Equal(stored.Header["content-type"], []string{"application/cloudevents+json"}) ||
		!slices.Equal(stored.Header["Nats-Msg-Id"], []string{"id-1"}) {
		t.Errorf("stored: %s %s %v", stored.Subject, stored.Data, stored.Header)
	}
}

func TestPublishDoesNotTouchItsMessage(t *testing.T) {
	b := ready(t, bus.Server{URL: bustest.Server(t).URL()}, events)
	m := message(1)
	publish(t, b, m)
	if len(m.Header) != 1 {
		t.Errorf("header of the caller is now %v", m.Header)
	}
}

func TestPublishErrors(t *testing.T) {
	n := bustest.Server(t, func(o *server.Options) { o.MaxPayload = 256 << 10 })
	js := admin(t, n)
	for _, c := range []jetstream.StreamConfig{
		{Name: "SMALL", Subjects: []string{"small"}, MaxMsgSize: 100},
		{Name: "BYTES", Subjects: []string{"bytes"}, MaxBytes: 1000, Discard: jetstream.DiscardNew},
		{Name: "COUNT", Subjects: []string{"count"}, MaxMsgs: 1, Discard: jetstream.DiscardNew},
		{Name: "OTHER", Subjects: []string{"other"}},
	} {
		if _, err := js.CreateStream(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := js.Publish(t.Context(), "count", nil); err != nil {
		t.Fatal(err)
	}
	b := ready(t, bus.Server{URL: n.URL()}, events)
	big := bytes.Repeat([]byte("x"), 1000)
	for _, c := range []struct {
		name string
		m    bus.Message
		want error
	}{
		{"larger than the server takes", bus.Message{Stream: "MEETBUS", Subject: "meeting.ended", Data: make([]byte, 300<<10)},
			bus.ErrTooLarge},
		{"larger than the stream takes", bus.Message{Stream: "SMALL", Subject: "small", Data: big}, bus.ErrTooLarge},
		{"stream full of bytes", bus.Message{Stream: "BYTES", Subject: "bytes", Data: big}, bus.ErrFull},
		{"stream full of messages", bus.Message{Stream: "COUNT", Subject: "count"}, bus.ErrFull},
		{"header larger than can be stored", bus.Message{Stream: "MEETBUS", Subject: "meeting.ended",
			Header: map[string][]string{"x": {strings.Repeat("x", 70<<10)}}}, bus.ErrRefused},
		{"empty subject", bus.Message{Stream: "MEETBUS"}, bus.ErrRefused},
		{"empty token", bus.Message{Stream: "MEETBUS", Subject: "meeting..ended"}, bus.ErrRefused},
		{"one wildcard", bus.Message{Stream: "MEETBUS", Subject: "meeting.*"}, bus.ErrRefused},
		{"open wildcard", bus.Message{Stream: "MEETBUS", Subject: "meeting.>"}, bus.ErrRefused},
		{"blank", bus.Message{Stream: "MEETBUS", Subject: "meeting.en ded"}, bus.ErrRefused},
		{"line break", bus.Message{Stream: "MEETBUS", Subject: "meeting.ended\r\nPUB x 0"}, bus.ErrRefused},
		{"NUL", bus.Message{Stream: "MEETBUS", Subject: "meeting.\x00"}, bus.ErrRefused},
		{"too long a subject", bus.Message{Stream: "MEETBUS", Subject: "meeting." + strings.Repeat("x", 5000)}, bus.ErrRefused},
		{"subject of another stream", bus.Message{Stream: "MEETBUS", Subject: "other"}, bus.ErrUnavailable},
		{"subject of no stream", bus.Message{Stream: "MEETBUS", Subject: "meeting.unknown"}, bus.ErrUnavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			waitReady(t, b)
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			_, err := b.Publish(ctx, c.m)
			if !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
			if kinds := kindsOf(err); kinds != 1 {
				t.Errorf("%v is of %d kinds, want one", err, kinds)
			}
		})
	}
	waitReady(t, b)
	if ack := publish(t, b, message(1)); ack.Sequence != 1 {
		t.Errorf("sequence %d, want 1: a refused message was stored", ack.Sequence)
	}
}

func kindsOf(err error) (kinds int) {
	for _, kind := range []error{bus.ErrUnavailable, bus.ErrFull, bus.ErrTooLarge, bus.ErrRefused} {
		if errors.Is(err, kind) {
			kinds++
		}
	}
	return kinds
}

func TestPublishWithoutTime(t *testing.T) {
	n := bustest.Server(t)
	b := ready(t, bus.Server{URL: n.URL()}, events)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Publish(ctx, message(1)); !errors.Is(err, bus.ErrUnavailable) || !errors.Is(err, context.Canceled) {
		t.Errorf("publish with a context that has ended: %v", err)
	}
	if ack := publish(t, b, message(2)); ack.Sequence != 1 {
		t.Errorf("sequence %d, want 1", ack.Sequence)
	}
}

// A connection that is lost fails what waits on it at once, not when its time is up.
func TestConnectionLostWhilePublishing(t *testing.T) {
	n := bustest.Server(t)
	p := bustest.NewProxy(t, n.Addr())
	b := ready(t, bus.Server{URL: p.URL()}, events)
	p.Freeze()
	failed := make(chan error)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	go func() {
		_, err := b.Publish(ctx, message(1))
		failed <- err
	}()
	p.Cut()
	if err := <-failed; !errors.Is(err, bus.ErrUnavailable) || ctx.Err() != nil {
		t.Errorf("publish on a connection that was cut: %v; its time: %v", err, ctx.Err())
	}
	p.Thaw()
	waitReady(t, b)
	publish(t, b, message(2))
}

// The server hangs in the middle of a message, which waits in our kernel, or in us if it is larger than that takes. What
// Publish gave up must never arrive, nor what waited behind it.
func TestNothingIsSentAfterPublishReturned(t *testing.T) {
	for name, size := range map[string]int{"in the kernel": 1 << 20, "in us": 16 << 20} {
		t.Run(name, func(t *testing.T) {
			n := bustest.Server(t, func(o *server.Options) { o.MaxPayload, o.MaxPending = 32<<20, 64<<20 })
			p := bustest.NewProxy(t, n.Addr())
			b := ready(t, bus.Server{URL: p.URL()}, events)
			p.Freeze()
			giveUp(t, b, size)
			p.Thaw()
			waitReady(t, b)
			publish(t, b, message(1000))
			if stored := count(t, n, "MEETBUS"); stored != 1 {
				t.Errorf("%d messages are stored, want only the one that was acknowledged", stored)
			}
		})
	}
}

// giveUp publishes a message of a size, and small ones while it is stuck, and expects all to fail when their time is up.
func giveUp(t *testing.T, b *bus.Bus, size int) {
	const deadline = 300 * time.Millisecond
	var all sync.WaitGroup
	defer all.Wait()
	for i := range 20 {
		m := message(i)
		if i == 0 {
			m.Data = make([]byte, size)
		}
		all.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), deadline)
			defer cancel()
			began := time.Now()
			_, err := b.Publish(ctx, m)
			if took := time.Since(began); !errors.Is(err, bus.ErrUnavailable) || took > deadline+patience/2 {
				t.Errorf("message %d: %v after %s, want unavailable after %s", i, err, took, deadline)
			}
		})
		if i == 0 {
			time.Sleep(deadline / 3) // it fills the wire; nobody can see when
		}
	}
}

// A server that hangs but whose kernel takes the bytes is noticed too, and Publish keeps its time.
func TestServerThatHangs(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	b := connect(t, bus.Options{Server: bus.Server{URL: "nats://" + listener.Addr().String()}, Streams: []bus.Stream{events}})
	began := time.Now()
	if _, err := b.Publish(t.Context(), message(1)); !errors.Is(err, bus.ErrUnavailable) || time.Since(began) > 100*time.Millisecond {
		t.Errorf("publish to a server that says nothing: %v after %s", err, time.Since(began))
	}
	began = time.Now()
	b.Close()
	if took := time.Since(began); took > time.Second {
		t.Errorf("close took %s", took)
	}
}

// TestNoRoom: while the disk is low nothing is published, and the bus is not ready.
func TestNoRoom(t *testing.T) {
	low := atomic.Bool{}
	server := bus.Server{URL: bustest.Server(t).URL(), Room: func() error {
		if low.Load() {
			return errors.New("disk is low")
		}
		return nil
	}}
	b, err := bus.Connect(bus.Options{Server: server, Streams: []bus.Stream{{Name: "S", Subjects: []string{"a"}, Manage: true, DuplicateWindow: time.Minute}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := b.WaitReady(ctx); err != nil {
		t.Fatal(err)
	}
	low.Store(true)
	if _, err := b.Publish(ctx, bus.Message{Stream: "S", Subject: "a", ID: "1"}); !errors.Is(err, bus.ErrFull) {
		t.Errorf("publish with a low disk: %v", err)
	}
	if err := b.Ready(); !errors.Is(err, bus.ErrFull) || !strings.Contains(err.Error(), "disk is low") {
		t.Errorf("ready with a low disk: %v", err)
	}
	low.Store(false)
	if ack, err := b.Publish(ctx, bus.Message{Stream: "S", Subject: "a", ID: "1"}); err != nil || ack.Sequence != 1 {
		t.Errorf("publish with room again: %v %v", ack, err)
	}
}
