package main

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/meetbus/meetbus/docs/recipes/recipetest"
	"github.com/meetbus/meetbus/schemas"
)

// TestMain is also the program that stops in the middle of an event, so that a test can kill it there.
func TestMain(m *testing.M) {
	if place := os.Getenv("ONCE_STOPS"); place != "" {
		if err := stopAt(place, os.Getenv("ONCE_NATS"), database{os.Getenv("ONCE_DRIVER"), os.Getenv("ONCE_DATABASE")}); err != nil {
			fmt.Println(err)
		}
		os.Exit(1)
	}
	os.Exit(recipetest.Main(m))
}

const (
	beforeCommit = "the effect is made, and not committed"
	beforeAck    = "the effect is committed, and not acknowledged"
)

// stopAt takes one message, says that it is at the place, and stays there.
func stopAt(place, url string, of database) error {
	db, err := of.open()
	if err != nil {
		return err
	}
	nc, err := nats.Connect(url)
	if err != nil {
		return err
	}
	js, err := jetstream.New(nc)
	if err != nil {
		return err
	}
	consumer, err := js.Consumer(context.Background(), "MEETBUS", "joins")
	if err != nil {
		return err
	}
	m, err := consumer.Next()
	if err != nil {
		return err
	}
	stay := func() { fmt.Println(place); time.Sleep(time.Hour) }
	if place == beforeAck {
		return Handle(context.Background(), db, late{m, stay}, countJoin)
	}
	return Handle(context.Background(), db, m, func(ctx context.Context, tx *sql.Tx, e schemas.Event) error {
		err := countJoin(ctx, tx, e)
		stay()
		return err
	})
}

// late is a message that is not acknowledged before something else is done.
type late struct {
	jetstream.Msg
	first func()
}

func (m late) Ack() error { m.first(); return m.Msg.Ack() }

// A process is killed with an event half done; another takes over.
func TestKilledInTheMiddle(t *testing.T) {
	for place, committed := range map[string]int{beforeCommit: 0, beforeAck: 1} {
		t.Run(place, func(t *testing.T) {
			each(t, func(t *testing.T, of database) {
				server, js, consumer := bus(t)
				recipetest.Publish(t, js, join(t, "m", 1))
				p := recipetest.Start(t, nil, []string{
					"ONCE_STOPS=" + place, "ONCE_NATS=" + server.URL(), "ONCE_DRIVER=" + of.driver, "ONCE_DATABASE=" + of.name,
				}, os.Args[0])
				recipetest.Until(t, place, func() bool { return strings.Contains(p.Output(), place) })
				p.Kill()

				db := of.mustOpen(t)
				if n := joins(t, db, "m"); n != committed {
					t.Fatalf("%d joins after the kill, want %d", n, committed)
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
		})
	}
}

// The program itself, killed again and again while events come, some of them twice.
func TestKilledAtAnyTime(t *testing.T) {
	const events, kills = 400, 5
	server, js, consumer := bus(t)
	file := t.TempDir() + "/once.db"
	program := recipetest.BuildRecipe(t)
	p := recipetest.Start(t, nil, nil, program, "-nats", server.URL(), "-db", file)
	for n := range events {
		recipetest.Publish(t, js, join(t, "m", n))
		if n%3 == 0 {
			recipetest.Publish(t, js, join(t, "m", rand.IntN(n+1)))
		}
		if n%(events/kills) == events/kills-1 {
			time.Sleep(time.Duration(rand.IntN(60)) * time.Millisecond)
			p.Kill()
			p.Again()
		}
	}
	settled(t, consumer)
	p.Stop()
	db, err := open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if n := joins(t, db, "m"); n != events {
		t.Errorf("%d joins, want %d", n, events)
	}
}
