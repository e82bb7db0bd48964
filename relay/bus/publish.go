package bus

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Message is one message for a stream.
type Message struct {
	// Stream that must store it; another one's acknowledgement is an error.
	Stream  string
	Subject string
	// ID is the Nats-Msg-Id, by which the stream recognises a duplicate.
	ID string
	// Key is equal for messages that must stay in their order. Only Forward looks at it.
	Key    string
	Header map[string][]string
	Data   []byte
	// By, if set, is when its sender gives up waiting, as he does when the context ends: cheaper where each message has its own time.
	By time.Time
}

// Size is about how large the message is on its way, in bytes.
func (m *Message) Size() int64 {
	size := len(m.Data) + len(m.ID) + len(m.Stream) + 144 // of the names of headers of JetStream's own, and of a batch
	for name, values := range m.Header {
		for _, value := range values {
			size += len(name) + len(value) + 4
		}
	}
	return int64(size)
}

// Ack says where a message is stored. For a duplicate, it is where the first one is.
type Ack struct {
	Stream    string
	Sequence  uint64
	Duplicate bool
	// Queued says that it is in an outbox, which will forward it: then there is no sequence yet.
	Queued bool
}

// Codes of JetStream's answers to a publish (nats-server, errors.json).
const (
	codeTooManyResources jetstream.ErrorCode = 10002
	codeNoResources      jetstream.ErrorCode = 10023
	codeNoStorage        jetstream.ErrorCode = 10047
	codeMessageTooLarge  jetstream.ErrorCode = 10054
	codeOtherStream      jetstream.ErrorCode = 10060
	codeNotStored        jetstream.ErrorCode = 10077
	codeHeaderTooLarge   jetstream.ErrorCode = 10097
	codeSealed           jetstream.ErrorCode = 10109
	codeInProcess        jetstream.ErrorCode = 10158
)

const (
	// A stream without a leader gives no responders for a moment; more than a moment is the caller's to wait.
	leaderRetries = 2
	leaderWait    = 50 * time.Millisecond
	// grace is how long what was written may take to leave this machine once the time is up.
	grace = 40 * time.Millisecond
)

// Publish stores m and waits for the acknowledgement until ctx ends, or until m.By. While disconnected it fails at once: nothing is kept
// to be sent later. When it returns without an acknowledgement, nothing of m is sent any more: if part of it has not left
// this machine, the connection is cut. Every error is one of the four kinds above.
func (b *Bus) Publish(ctx context.Context, m Message) (Ack, error) {
	if !publishable(m.Subject) {
		return Ack{}, refusedSubject(m.Subject)
	}
	c, err := b.use()
	if err != nil {
		return Ack{}, err
	}
	if err := b.room(); err != nil {
		return Ack{}, err
	}
	a, err := c.line.publish(ctx, &m, 0)
	for again := 0; passes(err, again); again++ {
		if pause(ctx, m.atMost(leaderWait)); ctx.Err() != nil || m.atMost(1) <= 0 {
			break
		}
		a, err = c.line.publish(ctx, &m, a.from)
	}
	return b.outcome(c, &m, a.ack, err)
}

// passes says whether a moment may mend what a message has failed for so many times again: the stream has no leader; or its replicas
// have not stored yet what has the same id, and will.
func passes(err error, again int) bool {
	return inProcess(err) || again < leaderRetries && errors.Is(err, jetstream.ErrNoStreamResponse)
}

func inProcess(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && api.ErrorCode == codeInProcess
}

// atMost is how long its sender waits if he may wait for d.
func (m *Message) atMost(d time.Duration) time.Duration {
	if !m.By.IsZero() {
		d = min(d, time.Until(m.By))
	}
	return d
}

func refusedSubject(subject string) error {
	return fmt.Errorf("%w: %.80q is no subject for a message", ErrRefused, subject)
}

// outcome learns from the answer to a message, or from the lack of one, and gives the error a kind.
func (b *Bus) outcome(c *connection, m *Message, ack jetstream.PubAck, err error) (Ack, error) {
	var now time.Time // of no use to a success
	if err != nil {
		now = time.Now()
	}
	if len(b.o.Streams) > 0 && m.Stream == b.o.Streams[0].Name {
		b.full.note(err, now)
	}
	b.silence.note(err, now)
	if err == nil && ack.Stream != m.Stream {
		err = fmt.Errorf("stream %s answered for %s", ack.Stream, m.Stream)
	}
	if err != nil {
		if streamsChanged(err) {
			b.doubted(c, err)
		}
		return Ack{}, fmt.Errorf("%w: publish to %s: %w", kind(err), m.Subject, c.explained(m.Subject, err))
	}
	return Ack{Stream: ack.Stream, Sequence: ack.Sequence, Duplicate: ack.Duplicate}, nil
}

// natsMsg is a message as nats.go has it. Its header is its own.
func (m *Message) natsMsg() *nats.Msg {
	header := make(nats.Header, len(m.Header)+5) // with those of a batch
	for name, values := range m.Header {
		header[name] = values
	}
	header[jetstream.MsgIDHeader], header[jetstream.ExpectedStreamHeader] = []string{m.ID}, []string{m.Stream}
	return &nats.Msg{Subject: m.Subject, Header: header, Data: m.Data}
}

// unsend makes sure that nothing that was written before leaves this machine after it returns: either it has left, or the connection
// is dropped. Others may go on writing meanwhile.
func (c *connection) unsend() {
	goal := int64(-1)
	for began, last := time.Now(), false; !last; time.Sleep(time.Millisecond) {
		last = time.Since(began) >= grace // and still looked: whoever slept may have slept for longer
		buffered, err := c.nc.Buffered()
		if err != nil {
			break
		}
		if goal < 0 { // with room for what TLS adds
			goal = c.wire.written.Load() + int64(buffered)*9/8 + 1<<10
		}
		if c.wire.released(buffered, goal) {
			return
		}
	}
	c.drop()
}

func answered(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) || errors.Is(err, jetstream.ErrNoStreamResponse) || errors.Is(err, nats.ErrMaxPayload)
}

// streamsChanged says whether an answer means that the streams are no longer as the checks found them.
func streamsChanged(err error) bool {
	var api *jetstream.APIError
	if errors.As(err, &api) {
		return api.ErrorCode == codeOtherStream || api.ErrorCode == codeSealed
	}
	return errors.Is(err, jetstream.ErrNoStreamResponse)
}

// kind gives one of the four kinds for what a publish failed with.
func kind(err error) error {
	if errors.Is(err, nats.ErrMaxPayload) {
		return ErrTooLarge
	}
	if errors.Is(err, nats.ErrBadSubject) || errors.Is(err, nats.ErrBadHeaderMsg) {
		return ErrRefused
	}
	var api *jetstream.APIError
	if !errors.As(err, &api) {
		return ErrUnavailable
	}
	switch api.ErrorCode {
	case codeMessageTooLarge:
		return ErrTooLarge
	case codeHeaderTooLarge:
		return ErrRefused
	case codeTooManyResources, codeNoResources, codeNoStorage:
		return ErrFull
	case codeNotStored:
		return notStored(api.Description)
	}
	return ErrUnavailable
}

// notStored tells apart what the server reports under one code.
func notStored(description string) error {
	switch {
	case strings.Contains(description, "maximum bytes"), strings.Contains(description, "maximum messages"):
		return ErrFull
	case strings.Contains(description, "too large"):
		return ErrTooLarge
	}
	return ErrUnavailable
}

// explained adds the permission that the server said is missing: a publish without one gets no answer at all.
func (c *connection) explained(subject string, err error) error {
	denied := c.denied.Load()
	if denied == nil || answered(err) || !strings.Contains((*denied).Error(), strconv.Quote(subject)) {
		return err
	}
	return fmt.Errorf("%w (%w)", err, *denied)
}
