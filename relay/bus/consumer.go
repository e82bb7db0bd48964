package bus

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/nats-io/nats.go/jetstream"
)

// ConsumerOptions say what a durable consumer is to be.
type ConsumerOptions struct {
	Server Server
	Stream string
	// Name of the consumer: it names the place in the stream that the server keeps for it.
	Name string
	// Filters are the subjects that it gets, * and > allowed.
	Filters []string
	// New begins with what comes from now on, instead of with all that there is.
	New bool
	// InOrder gives one message at a time: the next when that one is acknowledged.
	InOrder bool
	// AckWait is how long a message may be worked on before it is given again; 0 is 30 s.
	AckWait time.Duration
	// Metadata is kept with the consumer, for people.
	Metadata map[string]string
}

// Consumer is one as it is on the server.
type Consumer struct {
	// Server that answered, host:port.
	Server string
	// Existed says that it was there before.
	Existed bool
	Filters []string
	// Waiting messages match and were not given to anybody yet; Unacknowledged ones were given.
	Waiting, Unacknowledged uint64
	// AckWait is how long a message may be worked on. Retries are how long is waited before it is given again: the first time,
	// the second, and so on; the last of them counts from then on.
	AckWait time.Duration
	Retries []time.Duration
	// MostUnacknowledged is how many may be given out at once.
	MostUnacknowledged int
}

// ConsumerError is why a consumer is not made on a server that answers: its text says what to do.
type ConsumerError struct{ error }

func (e ConsumerError) Unwrap() error { return e.error }

// Check finds what no server would make a consumer of.
func (o ConsumerOptions) Check() error {
	const longest = 255 // nats-server, JSMaxNameLen
	switch {
	case o.Name == "" || len(o.Name) > longest || strings.ContainsFunc(o.Name, unnameable):
		return fmt.Errorf("%q cannot name a consumer: 1 to %d bytes without blanks and . * > / \\", o.Name, longest)
	case len(o.Filters) == 0:
		return errors.New("a consumer needs a filter: a subject, or > for every event")
	case o.AckWait < 0:
		return errors.New("the time for an acknowledgement is negative")
	}
	for i, filter := range o.Filters {
		if !matchable(filter) {
			return fmt.Errorf("%q is no subject: tokens between dots, * for any one of them, > for all that follow", filter)
		}
		for j, other := range o.Filters {
			if i != j && patternOf(other).covers(patternOf(filter)) {
				return fmt.Errorf("%q has every event of %q: leave %[2]q out, since a consumer's filters may not overlap", other, filter)
			}
		}
	}
	return o.Server.check()
}

func unnameable(r rune) bool {
	return strings.ContainsRune(` .*>/\`, r) || !unicode.IsPrint(r) || r == utf8.RuneError
}

// CreateConsumer makes a durable pull consumer, or finds that it is there with the same settings. It never changes one, and needs no
// permission but to make consumers: a guest of the embedded server may. What the server has against it is a ConsumerError.
func CreateConsumer(ctx context.Context, o ConsumerOptions) (Consumer, error) {
	if err := o.Check(); err != nil {
		return Consumer{}, ConsumerError{err}
	}
	c, err := connect(ctx, "meetbus", o.Server, nil)
	if err != nil {
		return Consumer{}, fmt.Errorf("create consumer %s: %w", o.Name, err)
	}
	defer func() { c.drop(); <-c.gone }()
	ctx, done := c.asking()
	defer done()
	made, err := c.consumer(ctx, o)
	if err != nil {
		return Consumer{}, fmt.Errorf("create consumer %s: %w", o.Name, inStream(ctx, o.Stream, err))
	}
	made.Server = c.nc.ConnectedAddr()
	return made, nil
}

func (c *connection) consumer(ctx context.Context, o ConsumerOptions) (Consumer, error) {
	s, err := c.js.Stream(ctx, o.Stream)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return Consumer{}, fmt.Errorf("there is none of this name at %s: %w", c.nc.ConnectedAddr(), err)
	}
	if err != nil {
		return Consumer{}, answer(c.nc, err)
	}
	have, err := c.consumerInfo(ctx, o)
	switch {
	case err == nil:
		return existing(have, o)
	case !errors.Is(err, jetstream.ErrConsumerNotFound):
		return Consumer{}, answer(c.nc, err)
	}
	none, err := unmatched(ctx, s, o.Filters)
	if err != nil {
		return Consumer{}, answer(c.nc, err)
	}
	if len(none) > 0 {
		return Consumer{}, ConsumerError{none[0]}
	}
	return c.newConsumer(ctx, s, o)
}

func (c *connection) newConsumer(ctx context.Context, s jetstream.Stream, o ConsumerOptions) (Consumer, error) {
	is, err := s.CreateConsumer(ctx, o.config())
	if errors.Is(err, jetstream.ErrConsumerExists) { // somebody else was a little faster
		have, err := c.consumerInfo(ctx, o)
		if err != nil {
			return Consumer{}, answer(c.nc, err)
		}
		return existing(have, o)
	}
	if err != nil {
		if err = answer(c.nc, err); errors.As(err, new(*jetstream.APIError)) {
			err = ConsumerError{err}
		}
		return Consumer{}, err
	}
	return consumerOf(is.CachedInfo()), nil
}

// consumerInfo asks for a consumer of any kind: the library's own call does for those that are pulled from.
func (c *connection) consumerInfo(ctx context.Context, o ConsumerOptions) (*jetstream.ConsumerInfo, error) {
	var info jetstream.ConsumerInfo
	return &info, c.api(ctx, "CONSUMER.INFO."+o.Stream+"."+o.Name, nil, &info)
}
