package bus_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/meetbus/meetbus/relay/bus"
	"github.com/meetbus/meetbus/relay/bus/bustest"
)

// holding is the main stream with other subjects.
func holding(subjects ...string) []bus.Stream {
	s := events
	s.Subjects = subjects
	return []bus.Stream{s}
}

// under is a message to a subject.
func under(subject string, n int) bus.Message {
	m := message(n)
	m.Subject, m.ID = subject, fmt.Sprint(subject, n)
	return m
}

func TestHoldAddsSubjectsWhileOthersPublish(t *testing.T) {
	for name, embedded := range map[string]bool{"beside": false, "embedded": true} {
		t.Run(name, func(t *testing.T) {
			n := bustest.Server(t)
			server := bus.Server{URL: n.URL()}
			if embedded {
				server = bus.Server{InProcess: n.InProcess()}
			}
			b := ready(t, server, events)
			ctx, stop := context.WithCancel(t.Context())
			var publishing sync.WaitGroup
			publishing.Go(func() {
				for i := 0; ctx.Err() == nil; i++ {
					if _, err := b.Publish(t.Context(), under("meeting.started", i)); err != nil {
						t.Errorf("publish %d: %v", i, err)
					}
				}
			})
			for i := range 20 {
				subjects := append(slices.Clone(events.Subjects), fmt.Sprintf("room.%d.*", i))
				if err := b.Hold(t.Context(), holding(subjects...)); err != nil {
					t.Fatal(err)
				}
				if _, err := b.Publish(t.Context(), under(fmt.Sprintf("room.%d.a", i), i)); err != nil {
					t.Error(err)
				}
			}
			stop()
			publishing.Wait()
			if got := len(info(t, admin(t, n), "MEETBUS").Config.Subjects); got != 22 {
				t.Errorf("the stream has %d subjects, want 22: none is taken away", got)
			}
		})
	}
}

func TestHoldThatPeopleMustMendChangesNothing(t *testing.T) {
	n := bustest.Server(t)
	b := ready(t, bus.Server{URL: n.URL()}, events)
	if _, err := admin(t, n).CreateStream(t.Context(), jetstream.StreamConfig{Name: "OTHER", Subjects: []string{"room.>"}}); err != nil {
		t.Fatal(err)
	}
	if err := b.Hold(t.Context(), holding("meeting.started", "room.opened")); !bus.IsFault(err) {
		t.Fatalf("error is %v, want a fault", err)
	}
	publish(t, b, message(1))
	n.Stop()
	waitLost(t, b)
	n.Restart()
	waitReady(t, b)
	publish(t, b, message(2))
}

func TestHoldMendsAFault(t *testing.T) {
	n := bustest.Server(t)
	if _, err := admin(t, n).CreateStream(t.Context(), jetstream.StreamConfig{Name: "OTHER", Subjects: []string{"meeting.>"}}); err != nil {
		t.Fatal(err)
	}
	b := connect(t, bus.Options{Server: bus.Server{URL: n.URL()}, Streams: []bus.Stream{events}})
	awaitFault(t, b)
	if err := b.Hold(t.Context(), holding("acme.meeting.started")); err != nil {
		t.Fatal(err)
	}
	waitReady(t, b)
	if _, err := b.Publish(t.Context(), under("acme.meeting.started", 1)); err != nil {
		t.Error(err)
	}
}

func TestHoldWaitsForTheServer(t *testing.T) {
	n := bustest.Server(t)
	b := ready(t, bus.Server{URL: n.URL()}, events)
	n.Stop()
	waitLost(t, b)
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := b.Hold(short, holding("never.asked")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error is %v, want that of the context", err)
	}
	held := make(chan error, 1)
	go func() { held <- b.Hold(t.Context(), holding("meeting.started", "room.opened")) }()
	n.Restart()
	if err := <-held; err != nil {
		t.Fatal(err)
	}
	if _, err := b.Publish(t.Context(), under("room.opened", 1)); err != nil {
		t.Error(err)
	}
	b.Close()
	if err := b.Hold(t.Context(), holding("meeting.started")); !errors.Is(err, bus.ErrUnavailable) {
		t.Errorf("error of a closed bus is %v", err)
	}
}
