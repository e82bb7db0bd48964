package main

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	_ "modernc.org/sqlite"

	"github.com/meetbus/meetbus/schemas"
)

func main() {
	url := flag.String("nats", "nats://127.0.0.1:4222", "where the events are")
	file := flag.String("db", "once.db", "the database")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *url, *file); err != nil {
		log.Fatal(err)
	}
}

// run handles events until ctx ends.
func run(ctx context.Context, url, file string) error {
	db, err := open(file)
	if err != nil {
		return err
	}
	defer db.Close()
	nc, err := nats.Connect(url, nats.MaxReconnects(-1))
	if err != nil {
		return fmt.Errorf("connect to NATS at %s: %w", url, err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return err
	}
	consumer, err := js.CreateOrUpdateConsumer(ctx, "MEETBUS", jetstream.ConsumerConfig{
		Durable:        "joins",
		FilterSubjects: []string{schemas.TypeParticipantJoined},
		AckPolicy:      jetstream.AckExplicitPolicy,
		AckWait:        10 * time.Second, // longer than a transaction takes; a killed program's events come again after it
	})
	if err != nil {
		return fmt.Errorf("make the consumer: %w", err)
	}
	messages, err := consumer.Messages(jetstream.PullMaxMessages(16))
	if err != nil {
		return err
	}
	defer messages.Stop()
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() { work(ctx, db, messages) })
	}
	workers.Wait()
	if ctx.Err() == nil {
		return errors.New("the consumer is gone: start again to make it anew")
	}
	return nil
}

// work handles messages until ctx ends or there is no consumer any more. Several may do so at once.
func work(ctx context.Context, db *sql.DB, messages jetstream.MessagesContext) {
	for {
		m, err := messages.Next(jetstream.NextContext(ctx))
		if ctx.Err() != nil || errors.Is(err, jetstream.ErrMsgIteratorClosed) {
			return
		}
		if err == nil {
			err = Handle(ctx, db, m, countJoin)
		}
		if err != nil {
			log.Print(err)
		}
	}
}

// settings of SQLite: an acknowledged event must not be lost with the power, so a commit waits for the disk; and a transaction
// takes the lock where it begins, since two that have read can not both go on to write.
const settings = "?_txlock=immediate&_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)"

// open opens the database.
func open(file string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", "file:"+file+settings)
	if err != nil {
		return nil, err
	}
	return db, prepare(db)
}

// prepare makes the tables, if there are none.
func prepare(db *sql.DB) error {
	_, err := db.Exec(table + `; CREATE TABLE IF NOT EXISTS joins (meeting TEXT PRIMARY KEY, people BIGINT NOT NULL)`)
	return err
}

// countJoin is the effect: an addition, which would be wrong if it were done twice.
func countJoin(ctx context.Context, tx *sql.Tx, e schemas.Event) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO joins VALUES ($1, 1) ON CONFLICT (meeting) DO UPDATE SET people = joins.people + 1`, e.MeetingID)
	return err
}
