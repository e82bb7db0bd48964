package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/meetbus/meetbus/docs/recipes/recipetest"
	"github.com/meetbus/meetbus/relay/bus/bustest"
	"github.com/meetbus/meetbus/schemas"
)

var began = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

// join is the event of the nth connection to a meeting.
func join(t *testing.T, meeting string, n int) schemas.Event {
	t.Helper()
	at := began.Add(time.Duration(n) * time.Second)
	return recipetest.Event(t, "dyte", fmt.Sprintf(
		`{"event":"meeting.participantJoined","meeting":{"id":%q,"sessionId":"s-1"},"participant":{"peerId":"p-%d","joinedAt":%q}}`,
		meeting, n, at.Format(time.RFC3339)), at)
}

// bus is a stream with a consumer that gives a message a second chance soon.
func bus(t *testing.T) (*bustest.Node, jetstream.JetStream, jetstream.Consumer) {
	t.Helper()
	server := bustest.Server(t)
	js := recipetest.Connect(t, server.URL())
	recipetest.Stream(t, js)
	consumer, err := js.CreateConsumer(context.Background(), "MEETBUS", jetstream.ConsumerConfig{
		Durable: "joins", AckPolicy: jetstream.AckExplicitPolicy, AckWait: 500 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	return server, js, consumer
}

// next is the next message, and how often it has been delivered, this time included.
func next(t *testing.T, c jetstream.Consumer) (jetstream.Msg, uint64) {
	t.Helper()
	m, err := c.Next(jetstream.FetchMaxWait(20 * time.Second))
	if err != nil {
		t.Fatal(err)
	}
	about, err := m.Metadata()
	if err != nil {
		t.Fatal(err)
	}
	return m, about.NumDelivered
}

// settled waits until no message waits for a consumer, or for its acknowledgement.
func settled(t *testing.T, c jetstream.Consumer) {
	t.Helper()
	recipetest.Until(t, "every message is acknowledged", func() bool {
		info, err := c.Info(context.Background())
		return err == nil && info.NumPending == 0 && info.NumAckPending == 0
	})
}

// A retry that comes after the duplicate window is stored again, under the same source and id.
func TestStoredTwice(t *testing.T) {
	each(t, func(t *testing.T, of database) {
		_, js, consumer := bus(t)
		db := of.mustOpen(t)
		recipetest.Publish(t, js, join(t, "m", 1), join(t, "m", 2), join(t, "m", 1))
		for range 3 {
			m, _ := next(t, consumer)
			if err := Handle(t.Context(), db, m, countJoin); err != nil {
				t.Error(err)
			}
		}
		settled(t, consumer)
		if n := joins(t, db, "m"); n != 2 {
			t.Errorf("%d joins, want 2", n)
		}
	})
}

// The same id from another source is another event.
func TestOtherSource(t *testing.T) {
	each(t, func(t *testing.T, of database) {
		db, one := of.mustOpen(t), join(t, "m", 1)
		other := one
		other.Source = "https://example.com"
		for _, e := range []schemas.Event{one, other, one, other} {
			if err := once(t.Context(), db, e, countJoin); err != nil {
				t.Error(err)
			}
		}
		if n := joins(t, db, "m"); n != 2 {
			t.Errorf("%d joins, want 2", n)
		}
	})
}

// mute is a message whose acknowledgement gets lost.
type mute struct{ jetstream.Msg }

func (mute) Ack() error { return nil }

func TestAcknowledgementLost(t *testing.T) {
	each(t, func(t *testing.T, of database) {
		_, js, consumer := bus(t)
		db := of.mustOpen(t)
		recipetest.Publish(t, js, join(t, "m", 1))
		m, _ := next(t, consumer)
		if err := Handle(t.Context(), db, mute{m}, countJoin); err != nil {
			t.Fatal(err)
		}
		m, deliveries := next(t, consumer)
		if deliveries != 2 {
			t.Fatalf("delivery %d, want the second", deliveries)
		}
		if err := Handle(t.Context(), db, m, countJoin); err != nil {
			t.Fatal(err)
		}
		settled(t, consumer)
		if n := joins(t, db, "m"); n != 1 {
			t.Errorf("%d joins, want 1", n)
		}
	})
}

// Workers that have the same event at the same time: all come to an end, one of them has made the effect.
func TestAtOnce(t *testing.T) {
	each(t, func(t *testing.T, of database) {
		const workers, events = 16, 5
		db := of.mustOpen(t)
		for n := range events {
			e := join(t, "m", n)
			var all sync.WaitGroup
			start := make(chan struct{})
			for range workers {
				all.Go(func() {
					<-start
					if err := once(t.Context(), db, e, countJoin); err != nil {
						t.Error(err)
					}
				})
			}
			close(start)
			all.Wait()
		}
		if n := joins(t, db, "m"); n != events {
			t.Errorf("%d joins, want %d", n, events)
		}
	})
}

// The first of two fails while the second waits for it: then the second makes the effect.
func TestFirstFailsWhileSecondWaits(t *testing.T) {
	each(t, func(t *testing.T, of database) {
		db, e := of.mustOpen(t), join(t, "m", 1)
		inside, failure := make(chan struct{}), errors.New("no")
		first := make(chan error)
		go func() {
			first <- once(t.Context(), db, e, func(ctx context.Context, tx *sql.Tx, e schemas.Event) error {
				close(inside)
				time.Sleep(300 * time.Millisecond) // the second waits for the database meanwhile
				return errors.Join(failure, countJoin(ctx, tx, e))
			})
		}()
		<-inside
		if err := once(t.Context(), db, e, countJoin); err != nil {
			t.Error(err)
		}
		if err := <-first; !errors.Is(err, failure) {
			t.Errorf("%v, want the effect's error", err)
		}
		if n := joins(t, db, "m"); n != 1 {
			t.Errorf("%d joins, want 1", n)
		}
	})
}

// An effect that fails half-way leaves nothing, and has another chance.
func TestEffectFails(t *testing.T) {
	each(t, func(t *testing.T, of database) {
		_, js, consumer := bus(t)
		db := of.mustOpen(t)
		recipetest.Publish(t, js, join(t, "m", 1))
		failure := errors.New("no")
		m, _ := next(t, consumer)
		err := Handle(t.Context(), db, m, func(ctx context.Context, tx *sql.Tx, e schemas.Event) error {
			return errors.Join(countJoin(ctx, tx, e), failure)
		})
		if n := joins(t, db, "m"); !errors.Is(err, failure) || n != 0 {
			t.Fatalf("%v and %d joins, want the effect's error and none", err, n)
		}
		m, deliveries := next(t, consumer)
		if err := Handle(t.Context(), db, m, countJoin); err != nil || deliveries != 2 {
			t.Fatalf("delivery %d, %v", deliveries, err)
		}
		settled(t, consumer)
		if n := joins(t, db, "m"); n != 1 {
			t.Errorf("%d joins, want 1", n)
		}
	})
}

// What nobody can read does not come again, and holds nothing up.
func TestUnreadable(t *testing.T) {
	_, js, consumer := bus(t)
	db, err := open(t.TempDir() + "/once.db")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := js.PublishMsg(t.Context(), &nats.Msg{Subject: schemas.TypeParticipantJoined, Data: []byte("{")}); err != nil {
		t.Fatal(err)
	}
	recipetest.Publish(t, js, join(t, "m", 1))
	m, _ := next(t, consumer)
	if err := Handle(t.Context(), db, m, countJoin); !errors.Is(err, schemas.ErrNoCloudEvent) {
		t.Errorf("%v, want ErrNoCloudEvent", err)
	}
	m, _ = next(t, consumer)
	if err := Handle(t.Context(), db, m, countJoin); err != nil {
		t.Error(err)
	}
	settled(t, consumer)
	if n := joins(t, db, "m"); n != 1 {
		t.Errorf("%d joins, want 1", n)
	}
}
