package bus

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"go.uber.org/zap"
)

// Kinds of error that a caller decides on.
var (
	// ErrUnavailable: not stored, or nobody knows; send it again.
	ErrUnavailable = errors.New("bus is unavailable")
	// ErrFull: the stream is at its limit; send it again later.
	ErrFull = errors.New("stream is full")
	// ErrTooLarge: larger than the server or the stream takes, now and always.
	ErrTooLarge = errors.New("message is too large")
	// ErrRefused: the stream will never take this message.
	ErrRefused = errors.New("message was refused")
)

// Server says where a NATS server is and who we are there.
type Server struct {
	// URL of one server, or several by commas.
	URL string
	// InProcess, if set, is used instead of URL.
	InProcess nats.InProcessConnProvider
	// At most one kind of credentials. Files are read at each connection, so that a replaced one is used.
	CredentialsFile, NKeyFile, TokenFile string
	User, PasswordFile                   string
	// Password is for the embedded server, which makes its own.
	Password string
	// Own says that we are the relay's own user there, from another process: what is sent to us is not for its guests.
	Own bool
	// Synced says that it is known to sync its disk before each acknowledgement.
	Synced bool
	// Room, if set, returns an error while the server's disk is too full to publish.
	Room func() error
	// TLS, if set, is required of the server. It is asked for at each connection, as files are read.
	TLS func() (*tls.Config, error)
}

// Stream is what a stream must be.
type Stream struct {
	Name string
	// Subjects that it must hold, exact: literals, and * for one token.
	Subjects []string
	// Replicas is 1, 3 or 5.
	Replicas int
	// MaxAge of a message; 0 keeps it for ever. MaxBytes of all; 0 is no limit.
	MaxAge   time.Duration
	MaxBytes int64
	// OwnMaxBytes says that MaxBytes is a size of our own for a new stream, which nobody asked for: an existing one may have another.
	OwnMaxBytes bool
	// DuplicateWindow is how long a message id is remembered.
	DuplicateWindow time.Duration
	// Manage lets the bus create the stream and add subjects to it. Without, what is missing is a fault.
	Manage bool
}

// Options of a bus.
type Options struct {
	// Name of the connection, shown by the server.
	Name   string
	Server Server
	// Streams that must be there before anything is published.
	Streams []Stream
	// MinPayload, in bytes, is the smallest max_payload of a server that will do.
	MinPayload int64
	Log        *zap.Logger
}

const (
	// redialWait, and up to redialJitter more, lie between two attempts to connect.
	redialWait   = 250 * time.Millisecond
	redialJitter = 100 * time.Millisecond
	// Checks that failed are repeated: those that people must mend less often.
	recheckWait = 500 * time.Millisecond
	faultWait   = 2 * time.Second
)

// Bus is a connection to JetStream. All methods may be called by several goroutines at once.
type Bus struct {
	o      Options
	log    *zap.Logger
	faults chan error
	// doubt asks for the checks again, wishes for other subjects.
	doubt  chan struct{}
	wishes chan wish
	stop   context.CancelFunc
	done   chan struct{}

	mu sync.RWMutex
	// streams are those that must be there: o.Streams, until Hold has changed them.
	streams []Stream
	// usable is the connection on which the checks passed; nil while there is none, and then why says so.
	usable *connection
	why    error
	// wasUsable says that there was one ever; windows, batched and maxPayload are what the last one had.
	wasUsable  bool
	windows    map[string]time.Duration
	batched    map[string]batches
	maxPayload int64

	// full remembers that the first stream was; silence that the server did not answer.
	full    fullness
	silence silence
	// reach is how much Forward tries at once; only Forward uses it.
	reach reach

	// What was logged, so that it is not said again: the last failure, and each warning about a stream. Only run uses them.
	failure string
	warned  map[string]bool
}

// Connect returns a bus that connects, and connects again, in the background. That the server is away is no error. It fails
// for options that can never work: a bad URL, a credentials file that cannot be read.
func Connect(o Options) (*Bus, error) {
	if err := o.Server.check(); err != nil {
		return nil, fmt.Errorf("connect to the bus: %w", err)
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	ctx, stop := context.WithCancel(context.Background())
	b := &Bus{
		o: o, log: o.Log, stop: stop, streams: o.Streams, wishes: make(chan wish),
		faults: make(chan error, 1), doubt: make(chan struct{}, 1), done: make(chan struct{}),
		why: errNotYet, warned: map[string]bool{}, windows: map[string]time.Duration{}, batched: map[string]batches{},
	}
	go b.run(ctx)
	return b, nil
}

// Faults gives what the checks after a connection found that only people can mend: an unsuitable stream, an overlap, a
// missing permission. While a fault stands, Ready and Publish fail with it. The checks are repeated every few seconds. Only
// the latest fault is kept for the reader; the channel is closed with the bus.
func (b *Bus) Faults() <-chan error { return b.faults }

// Close ends the connection; publishes that are under way fail. It returns when nothing of the bus runs any more.
func (b *Bus) Close() {
	b.stop()
	<-b.done
}

// use returns the connection to publish on.
func (b *Bus) use() (*connection, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if b.usable == nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, b.why)
	}
	if b.usable.ctx.Err() != nil {
		return nil, fmt.Errorf("%w: connection was lost: %w", ErrUnavailable, context.Cause(b.usable.ctx))
	}
	return b.usable, nil
}

func (b *Bus) run(ctx context.Context) {
	defer close(b.done)
	defer close(b.faults)
	defer b.unusable(errors.New("closed"))
	// The other servers of a cluster, as the last one told.
	var discovered []string
	for ctx.Err() == nil {
		c, err := b.dial(ctx, discovered)
		if err != nil {
			b.judge(ctx, nil, err)
		} else {
			b.serve(ctx, c)
			discovered = c.nc.DiscoveredServers()
		}
		pause(ctx, redialWait+rand.N(redialJitter))
	}
}

// dial makes a connection that can be published on.
func (b *Bus) dial(ctx context.Context, discovered []string) (*connection, error) {
	c, err := connect(ctx, b.o.Name, b.o.Server, discovered)
	if err != nil {
		return nil, err
	}
	if c.line, err = newLine(c, b.takes, newPace(b.o.Server.Synced)); err != nil {
		c.drop()
		<-c.gone
		return nil, fmt.Errorf("connect: %w", err)
	}
	return c, nil
}

// serve keeps the verdict on a connection up to date until it ends.
func (b *Bus) serve(ctx context.Context, c *connection) {
	b.log.Info("connected to the bus", zap.String("server", c.nc.ConnectedAddr()))
	for c.ctx.Err() == nil {
		b.judge(ctx, c, b.checks(c, b.wanted()))
		b.attend(c)
	}
	c.drop()
	<-c.gone
	<-c.line.ended
	if ctx.Err() == nil {
		why := fmt.Errorf("connection was lost: %w", context.Cause(c.ctx))
		b.unusable(why)
		b.log.Warn("bus is unavailable", zap.Error(why))
	}
}

// attend grants wishes until the checks are due again, or the connection ends.
func (b *Bus) attend(c *connection) {
	for {
		select {
		case w := <-b.wishes:
			err := b.fulfil(c, w)
			w.done <- err
			if _, unusable := b.use(); err == nil && unusable != nil {
				return // it may have mended the fault
			}
		case <-c.ctx.Done():
			return
		case <-b.doubt:
			return
		case <-b.recheck():
			return
		}
	}
}

// recheck fires when checks that failed are due again; after checks that passed, never.
func (b *Bus) recheck() <-chan time.Time {
	b.mu.RLock()
	defer b.mu.RUnlock()
	switch {
	case b.usable != nil:
		return nil
	case IsFault(b.why):
		return time.After(faultWait)
	default:
		return time.After(recheckWait)
	}
}

// judge makes c the connection to publish on if err is nil, and says why not otherwise.
func (b *Bus) judge(ctx context.Context, c *connection, err error) {
	if ctx.Err() != nil {
		return
	}
	b.forgetFault()
	if err == nil {
		b.mu.Lock()
		b.usable, b.why, b.wasUsable, b.maxPayload = c, nil, true, c.nc.MaxPayload()
		b.mu.Unlock()
		b.failure = ""
		b.log.Info("bus is ready")
		return
	}
	b.unusable(err)
	log, message := b.log.Warn, "bus is unavailable"
	if IsFault(err) {
		b.faults <- err
		log, message = b.log.Error, "bus cannot be used"
	}
	if b.failure != err.Error() {
		b.failure = err.Error()
		log(message, zap.Error(err))
	}
}

// forgetFault takes back a fault that nobody has read: the channel holds only the latest.
func (b *Bus) forgetFault() {
	select {
	case <-b.faults:
	default:
	}
}

func (b *Bus) unusable(why error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.usable, b.why = nil, why
}

// doubted stops publishing on c and asks for the checks again: an answer says that the streams are not what they were.
func (b *Bus) doubted(c *connection, why error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.usable != c {
		return
	}
	b.usable, b.why = nil, why
	select {
	case b.doubt <- struct{}{}:
	default:
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
