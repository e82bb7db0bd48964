package deadletter

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/relay/bus"
	"github.com/meetbus/meetbus/relay/route"
	"github.com/meetbus/meetbus/schemas"
)

// ErrNotFound comes for a sequence under which there is no dead letter, or none any more.
var ErrNotFound = errors.New("no dead letter has this sequence")

// ReasonUnreadable is the reason of a message in the stream that is no dead letter of ours, or of a newer version. Its body is the
// message's data.
const ReasonUnreadable = "unreadable"

// Letter is one dead letter as it is stored.
type Letter struct {
	Sequence uint64
	Stored   time.Time
	Subject  string
	Event    schemas.Event // Data is *schemas.DeadLetter

	message []byte
}

// Data returns what the letter holds. It is not to be changed.
func (l Letter) Data() *schemas.DeadLetter { return l.Event.Data.(*schemas.DeadLetter) }

// Meeting returns the id of the meeting that the letter's body names, or nothing.
func (l Letter) Meeting() string {
	p, known := normalize.Lookup(l.Event.Provider)
	if !known {
		return ""
	}
	return p.MeetingIn(l.Data().Body)
}

// Message returns the stored message, byte for byte: a CloudEvent in JSON, unless it is unreadable. It is not to be changed.
func (l Letter) Message() []byte { return l.message }

// Options of a box.
type Options struct {
	// Bus has both streams.
	Bus *bus.Bus
	// Stream holds the events, Letters the dead letters.
	Stream, Letters string
	// Envelope says how events are written.
	Envelope schemas.Envelope
	// Again says what a webhook that was stored is today, and where that belongs, or why it is no event: relay.Relay.Retake. It says
	// whether the webhook is authentic, too.
	Again func(ctx context.Context, stored *schemas.Event, h http.Header, body []byte) (*normalize.Event, route.Decision, error)
}

// Box is the dead letters of one relay. All methods may be called by several goroutines at once.
type Box struct{ Options }

// New returns a box. The bus stays the caller's.
func New(o Options) *Box { return &Box{o} }

// List returns the newest of the letters below a sequence, the newest first; 0 is above all. There are fewer than limit only where
// the stream holds no more.
func (b *Box) List(ctx context.Context, before uint64, limit int) ([]Letter, error) {
	newest, err := b.Bus.Newest(ctx, b.Letters, before, limit)
	if err != nil {
		return nil, fmt.Errorf("list dead letters: %w", err)
	}
	letters := make([]Letter, len(newest))
	for i, m := range newest {
		letters[i] = letterIn(m)
	}
	return letters, nil
}

// Letter returns one letter, or ErrNotFound.
func (b *Box) Letter(ctx context.Context, sequence uint64) (Letter, error) {
	m, err := b.Bus.Get(ctx, b.Letters, sequence)
	if errors.Is(err, bus.ErrNoMessage) {
		return Letter{}, fmt.Errorf("%w: %d", ErrNotFound, sequence)
	}
	if err != nil {
		return Letter{}, fmt.Errorf("read dead letter %d: %w", sequence, err)
	}
	return letterIn(m), nil
}

// letterIn reads a message. One that cannot be read is shown, too: else nobody could discard it.
func letterIn(m bus.Stored) Letter {
	l := Letter{Sequence: m.Sequence, Stored: m.Time, Subject: m.Subject, message: m.Data}
	e, err := schemas.Decode(m.Header, m.Data)
	if _, is := e.Data.(*schemas.DeadLetter); err == nil && !is {
		err = fmt.Errorf("it is an event of type %s", e.Type)
	}
	if err != nil {
		e = schemas.Event{Data: &schemas.DeadLetter{Reason: ReasonUnreadable, Detail: err.Error(), Body: m.Data}}
	}
	l.Event = e
	return l
}
