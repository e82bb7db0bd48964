// Command once counts in a database how often people have joined each meeting. An event counts once, however often it is
// delivered and whenever the program is killed.
//
//	once.go  the recipe: an event and its effect in one transaction
//	main.go  the program around it: the database, the consumer, the workers
package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/meetbus/meetbus/schemas"
)

// table holds the events that have had their effect. Source and id name one event together, for good.
const table = `CREATE TABLE IF NOT EXISTS handled (source TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (source, id))`

// Effect is what an event does. It works through tx and nothing else, so that all of it is undone together.
type Effect func(ctx context.Context, tx *sql.Tx, e schemas.Event) error

// Handle gives the event of a message its effect, if it has not had it, and acknowledges the message when that is in the
// database. An event that fails comes again a second later; one that nobody can read is not asked for again.
func Handle(ctx context.Context, db *sql.DB, m jetstream.Msg, effect Effect) error {
	e, err := schemas.Decode(m.Headers(), m.Data())
	if err != nil {
		return errors.Join(fmt.Errorf("read a message on %s: %w", m.Subject(), err), m.TermWithReason("cannot be read"))
	}
	if err := once(ctx, db, e, effect); err != nil {
		return errors.Join(fmt.Errorf("handle event %s of %s: %w", e.ID, e.Source, err), m.NakWithDelay(time.Second))
	}
	return m.Ack() // if it gets lost, the event comes again, and is known
}

// once makes the effect and the note that there was one, or neither.
func once(ctx context.Context, db *sql.DB, e schemas.Event, effect Effect) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // nothing, after a commit
	note, err := tx.ExecContext(ctx, `INSERT INTO handled (source, id) VALUES ($1, $2) ON CONFLICT DO NOTHING`, e.Source, e.ID)
	if err != nil {
		return err
	}
	if added, err := note.RowsAffected(); err != nil || added == 0 {
		return err // handled before
	}
	if err := effect(ctx, tx, e); err != nil {
		return err
	}
	return tx.Commit()
}
