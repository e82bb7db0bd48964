package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"
)

// ErrStop, returned by a reader's function, ends Read without an error.
var ErrStop = errors.New("stop reading")

// Stored is a message as the stream holds it.
type Stored struct {
	Stream, Subject string
	Sequence        uint64
	// Time when the stream stored it.
	Time   time.Time
	Header map[string][]string
	Data   []byte
}

// Start says where to begin. At most one field is set; with none, Read gives only what comes from now on.
type Start struct {
	// Last is how many of the latest messages that match.
	Last int
	// Sequence in the stream.
	Sequence uint64
	// Since is the time from which on a message was stored.
	Since time.Time
	// All that there is.
	All bool
}

// ReadOptions say what to read.
type ReadOptions struct {
	Server Server
	Stream string
	// Subjects that match, * and > allowed; none means all.
	Subjects []string
	Start    Start
	// Follow what comes. Without it, Read ends with the last message that there was when it began.
	Follow bool
	// Opened, if set, is told how the stream is, before the first message.
	Opened func(StreamState)
	Log    *zap.Logger
}

// StreamState is how a stream is when reading begins.
type StreamState struct {
	Messages, LastSequence uint64
	// Unmatched are those of the subjects asked for under which nothing is, and nothing can come.
	Unmatched []NoSubjectError
}

const (
	// searchIdle is when the server forgets a consumer that a search for the start has left behind.
	searchIdle = 5 * time.Second
	// quiet is how long nothing may come before Read asks whether anything will, or whether the stream is still the same.
	quiet = 2 * time.Second
)

// Read calls each for the messages of a stream, in their order, each once. It needs no permission but to read: a guest of the
// embedded server may. A server that cannot be reached is an error at once; one that is lost later is waited for, and a stream that is
// made anew meanwhile is followed from its start. Read returns nil when each returns ErrStop or, without Follow, at the end; each's
// own error; or ctx's.
func Read(ctx context.Context, o ReadOptions, each func(Stored) error) error {
	if err := o.check(); err != nil {
		return fmt.Errorf("read stream %s: %w", o.Stream, err)
	}
	r, err := open(ctx, o)
	if err != nil {
		return fmt.Errorf("read stream %s: %w", o.Stream, err)
	}
	defer r.nc.Close()
	var own ownError
	switch err := r.run(ctx, each); {
	case err == nil, errors.Is(err, ErrStop):
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &own):
		return own.error
	default:
		return fmt.Errorf("read stream %s: %w", o.Stream, err)
	}
}

// ownError is an error of the caller's function, told apart from those of the server.
type ownError struct{ error }

func (e ownError) Unwrap() error { return e.error }

func (o *ReadOptions) check() error {
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	given := 0
	for _, is := range []bool{o.Start.Last != 0, o.Start.Sequence != 0, !o.Start.Since.IsZero(), o.Start.All} {
		if is {
			given++
		}
	}
	if given > 1 || o.Start.Last < 0 {
		return errors.New("start is one of the last messages, a sequence, a time, or all")
	}
	for _, subject := range o.Subjects {
		if !matchable(subject) {
			return fmt.Errorf("%q is no subject: tokens between dots, * for any one of them, > for all that follow", subject)
		}
	}
	o.Subjects = widest(o.Subjects)
	return o.Server.check()
}

// reader is one call of Read.
type reader struct {
	ReadOptions
	nc *nats.Conn
	js jetstream.JetStream
	// next is where to read on, after a loss too.
	next jetstream.OrderedConsumerConfig
	// end is the last sequence to give, if nothing is followed.
	end uint64
	// created is when the stream was, which tells it from another of its name.
	created time.Time
	// delivered is how many messages the server's consumer had delivered with the last one: a new consumer counts anew.
	delivered uint64
}

func open(ctx context.Context, o ReadOptions) (*reader, error) {
	options, err := o.Server.options("meetbus")
	if err != nil {
		return nil, err
	}
	d := &dialer{ctx: ctx, inProcess: o.Server.InProcess}
	options = append(options, d.option(), nats.MaxReconnects(-1), nats.IgnoreAuthErrorAbort(), nats.ReconnectBufSize(-1),
		nats.ReconnectWait(redialWait), nats.ReconnectJitter(redialJitter, redialJitter),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { o.Log.Debug("reading", zap.Error(err)) }))
	nc, err := nats.Connect(o.Server.URL, options...)
	if err != nil {
		return nil, dialError(err, d.failed)
	}
	r := &reader{ReadOptions: o, nc: nc}
	if r.js, err = jetstream.New(nc); err == nil {
		err = r.find(ctx)
	}
	if err != nil {
		nc.Close()
		return nil, err
	}
	return r, nil
}

// find sets where to begin and, as a sequence, where the stream ends now.
func (r *reader) find(ctx context.Context) error {
	s, err := r.js.Stream(ctx, r.Stream)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return fmt.Errorf("there is none of this name at %s: %w", r.nc.ConnectedAddr(), err)
	}
	if err != nil {
		return answer(r.nc, err)
	}
	state := s.CachedInfo().State
	r.end, r.created = state.LastSeq, s.CachedInfo().Created
	if err := r.tell(ctx, s); err != nil {
		return err
	}
	r.next = jetstream.OrderedConsumerConfig{FilterSubjects: r.Subjects, DeliverPolicy: jetstream.DeliverByStartSequencePolicy}
	switch {
	case r.Start.All:
		r.next.DeliverPolicy = jetstream.DeliverAllPolicy
	case !r.Start.Since.IsZero():
		r.next.DeliverPolicy, r.next.OptStartTime = jetstream.DeliverByStartTimePolicy, &r.Start.Since
	case r.Start.Sequence > 0:
		r.next.OptStartSeq = r.Start.Sequence
	case r.Start.Last > 0:
		r.next.OptStartSeq, err = startOfLast(ctx, s, r.Subjects, max(state.FirstSeq, 1), state.LastSeq+1, r.Start.Last)
	default:
		// Not "new": after a loss that would pass over what came meanwhile.
		r.next.OptStartSeq = state.LastSeq + 1
	}
	return err
}

func (r *reader) tell(ctx context.Context, s jetstream.Stream) error {
	if r.Opened == nil {
		return nil
	}
	unmatched, err := unmatched(ctx, s, r.Subjects)
	if err != nil {
		return answer(r.nc, err)
	}
	state := s.CachedInfo().State
	r.Opened(StreamState{Messages: state.Msgs, LastSequence: state.LastSeq, Unmatched: unmatched})
	return nil
}

// startOfLast finds, by halving, the highest sequence from which on, and below end, n messages match; else it is first.
func startOfLast(ctx context.Context, s jetstream.Stream, subjects []string, first, end uint64, n int) (uint64, error) {
	beyond, err := countFrom(ctx, s, subjects, end)
	if err != nil {
		return 0, fmt.Errorf("find the last %d messages: %w", n, err)
	}
	enough, few := first, end
	for few-enough > 1 {
		middle := enough + (few-enough)/2
		there, err := countFrom(ctx, s, subjects, middle)
		if err != nil {
			return 0, fmt.Errorf("find the last %d messages: %w", n, err)
		}
		if there >= beyond+uint64(n) {
			enough = middle
		} else {
			few = middle
		}
	}
	return enough, nil
}
