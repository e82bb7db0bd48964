package deadletter

import (
	"context"
	"errors"
	"time"
)

// search is what was found in the stream of events at some time: of the ids that were looked for, those that it held.
type search struct {
	at   time.Time
	held map[string]bool
}

// search looks for the events of letters, where the stream need not remember them by itself.
func (b *Box) search(ctx context.Context, sequences []uint64) (search, error) {
	ids, oldest := map[string]bool{}, time.Now()
	for _, sequence := range sequences {
		l, err := b.Letter(ctx, sequence)
		switch {
		case errors.Is(err, ErrNotFound):
		case err != nil:
			return search{}, err
		case !b.remembered(l.Stored):
			ids[l.Event.MessageID()] = true
			if l.Stored.Before(oldest) {
				oldest = l.Stored
			}
		}
	}
	return b.searchFor(ctx, oldest, ids)
}

func (b *Box) searchFor(ctx context.Context, since time.Time, ids map[string]bool) (search, error) {
	s := search{at: time.Now(), held: map[string]bool{}}
	if len(ids) == 0 {
		return s, nil
	}
	held, err := b.Bus.Held(ctx, b.Stream, nil, since, ids)
	for id := range ids {
		s.held[id] = held[id]
	}
	return s, err
}

// known says whether the stream holds the event of a letter already. What it remembers it recognises by itself, whoever has stored
// it, and whenever that was after an earlier search.
func (b *Box) known(ctx context.Context, l Letter, before search) (bool, error) {
	if b.remembered(l.Stored) {
		return false, nil
	}
	id := l.Event.MessageID()
	if held, sought := before.held[id]; sought && (held || b.remembered(before.at)) {
		return held, nil
	}
	s, err := b.searchFor(ctx, l.Stored, map[string]bool{id: true})
	return s.held[id], err
}

// remembered says whether the stream recognises by their ids all messages that it has stored since a time.
func (b *Box) remembered(since time.Time) bool {
	return time.Since(since) < b.Bus.Window(b.Stream)-publishTimeout
}
