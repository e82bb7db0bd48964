package outbox

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"

	"github.com/meetbus/meetbus/relay/bus"
	"github.com/meetbus/meetbus/relay/bus/embedded"
)

// Streams of the store, each with one subject of the same name.
const (
	waitingStream = "OUTBOX"
	parkedStream  = "OUTBOX_PARKED"
)

const (
	// patience is how long the bus has for an acknowledgement before a message goes into the store. It has less where otherwise nothing
	// would be left for that: reserve, or if the sender has little time, reserveShare of it.
	patience     = time.Second
	reserve      = 250 * time.Millisecond
	reserveShare = 4
	// openTimeout bounds the start, which reads the index of the store.
	openTimeout = 30 * time.Second
	// entryOverhead is how much larger an entry can be than its message, in bytes: the headers of ours.
	entryOverhead = 64 << 10
	// storeLeast is the size of the largest message that the store takes, in bytes, however small MaxPayload is: what was put into it
	// under a larger one can still be parked. The server warns of more.
	storeLeast = 8 << 20
	// parkedShare is the part of the store's size that parked entries may have besides, and parkedLeast how many of the largest fit
	// however small that is: one that cannot be parked holds up the rest.
	parkedShare = 8
	parkedLeast = 8
)

// Options of an outbox.
type Options struct {
	// Dir is the folder of the store. Nobody else may use it at the same time; it is the caller who sees to that.
	Dir string
	// MaxBytes bounds what waits.
	MaxBytes int64
	// MaxPayload is the size of the largest message, in bytes.
	MaxPayload int64
	// Window is how long the store recognises a message that is put into it again.
	Window time.Duration
	// Bus is where the messages belong. The outbox does not close it.
	Bus *bus.Bus
	Log *zap.Logger
	// Tracer, if set, gets a span for each message that is stored, and one for each that is forwarded.
	Tracer trace.Tracer
}

// Outbox stores messages on a bus, or on disk until the bus takes them. All methods may be called by several goroutines at once.
type Outbox struct {
	o       Options
	log     *zap.Logger
	tracer  tracer
	server  *embedded.Server
	store   *bus.Bus
	entries chan entry
	stop    context.CancelFunc
	running sync.WaitGroup
	// resumed is the last entry that was there when the outbox was opened.
	resumed uint64

	mu sync.Mutex
	// putting counts messages on their way into the store; stored and done are the sequences of the last entry that is in it, and of
	// the last one that the bus has.
	putting      int
	stored, done uint64
	// forwarded counts entries that the bus has and the store still holds.
	forwarded int
	// blocked is why the bus has not taken what waits, the last time that it was sent; moved is when it has taken some.
	blocked error
	moved   time.Time
	gaps    gaps
}

// Open returns an outbox that forwards what its folder holds. The caller must close it, before the bus.
func Open(o Options) (*Outbox, error) {
	b, err := start(o)
	if err != nil {
		return nil, fmt.Errorf("open the outbox: %w", err)
	}
	return b, nil
}

func start(o Options) (*Outbox, error) {
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	server, err := embedded.StartPrivate(o.Dir, int32(min(max(o.MaxPayload+entryOverhead, storeLeast), math.MaxInt32)), o.Log)
	if err != nil {
		return nil, err
	}
	b := &Outbox{o: o, log: o.Log, tracer: tracer{o.Tracer}, server: server, entries: make(chan entry, ahead)}
	if err := b.openStore(); err != nil {
		server.Stop()
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	b.stop = stop
	b.running.Go(func() { b.read(ctx) })
	b.running.Go(func() { b.forward(ctx) })
	return b, nil
}

// openStore makes the streams, lets what was parked wait again, and learns what they hold.
func (b *Outbox) openStore() error {
	stream := func(name string, size int64) bus.Stream {
		return bus.Stream{Name: name, Subjects: []string{name}, Replicas: 1, MaxBytes: size, DuplicateWindow: b.o.Window, Manage: true}
	}
	var err error
	b.store, err = bus.Connect(bus.Options{
		Name: "meetbus outbox", Server: b.server.Private(), MinPayload: b.o.MaxPayload, Log: b.log.WithOptions(zap.IncreaseLevel(zap.WarnLevel)),
		Streams: []bus.Stream{stream(waitingStream, b.o.MaxBytes), stream(parkedStream, max(b.o.MaxBytes/parkedShare, parkedLeast*(b.o.MaxPayload+entryOverhead)))},
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), openTimeout)
	defer cancel()
	select {
	case err = <-b.ready(ctx):
	case err = <-b.store.Faults():
	}
	if err == nil {
		b.anew(ctx)
		err = b.resume(ctx)
	}
	if err != nil {
		b.store.Close()
	}
	return err
}

func (b *Outbox) ready(ctx context.Context) <-chan error {
	ready := make(chan error, 1)
	go func() { ready <- b.store.WaitReady(ctx) }()
	return ready
}

// resume finds out what waits since before.
func (b *Outbox) resume(ctx context.Context) error {
	state, err := b.store.State(ctx, waitingStream)
	if err != nil {
		return err
	}
	if state.Messages > 0 {
		b.stored, b.resumed = state.Last, state.Last
		b.log.Info("outbox holds events from before", zap.Uint64("waiting", state.Messages), zap.Time("oldest", state.Oldest))
	}
	return nil
}

// Publish stores m on the bus, or, if the bus is away, slow, or has not caught up, on disk: then the acknowledgement says so. Its
// errors are those of bus.Publish, of the bus or of the store.
func (b *Outbox) Publish(ctx context.Context, m bus.Message) (bus.Ack, error) {
	if err := b.o.Bus.Unfit(); err != nil {
		return bus.Ack{}, err
	}
	sent := false
	if !errors.Is(b.o.Bus.Ready(), bus.ErrUnavailable) && b.isNext(ctx, m) {
		sent = true
		straight := m
		straight.By = straightBy(time.Now(), m.By)
		ack, err := b.o.Bus.Publish(ctx, straight)
		if !errors.Is(err, bus.ErrUnavailable) {
			return ack, err
		}
	}
	return b.put(ctx, m, sent)
}

// straightBy is until when the bus has time for a message, of which by is when its sender gives up; if that is not set, never.
func straightBy(now, by time.Time) time.Time {
	most := now.Add(patience)
	if by.IsZero() {
		return most
	}
	if last := by.Add(-min(reserve, by.Sub(now)/reserveShare)); last.Before(most) {
		return last
	}
	return most
}

// empty says whether nothing waits, so that a message may go straight to the bus without overtaking another.
func (b *Outbox) empty() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.isEmpty()
}

// isEmpty is empty for who has locked mu.
func (b *Outbox) isEmpty() bool { return b.putting == 0 && b.stored <= b.done }

// put stores m on disk. What only the store does not take is for its sender to send again: the bus may take it.
func (b *Outbox) put(ctx context.Context, m bus.Message, sent bool) (bus.Ack, error) {
	if most := b.o.Bus.MaxPayload(); most > 0 && m.Size() > most {
		return bus.Ack{}, fmt.Errorf("%w: %d bytes, and the bus takes %d", bus.ErrTooLarge, m.Size(), most)
	}
	entry := entryOf(m, sent)
	if headers := entry.Size() - int64(len(entry.Data)); headers > headersMost {
		return bus.Ack{}, fmt.Errorf("%w, and headers of %d bytes are too many for the outbox", bus.ErrUnavailable, headers)
	}
	if err := b.begin(); err != nil {
		return bus.Ack{}, err
	}
	ctx, done := b.tracer.storing(ctx, entry)
	ack, err := b.store.Publish(ctx, entry)
	done(err)
	b.end(ack.Sequence)
	if err != nil {
		return bus.Ack{}, fmt.Errorf("outbox: %w", err)
	}
	return bus.Ack{Stream: m.Stream, Queued: true, Duplicate: ack.Duplicate}, nil
}

// begin counts a message that is put into the store, from before it is there: what comes next must not overtake it. A bus that is
// full stays the sender's to wait for: the store is for one that is away.
func (b *Outbox) begin() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if errors.Is(b.blocked, bus.ErrFull) {
		return b.blocked
	}
	b.putting++
	return nil
}

func (b *Outbox) end(sequence uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.putting--
	b.stored = max(b.stored, sequence)
	b.noticeEmpty()
}

// Ready returns nil if a message could be stored now, on the bus or on disk.
func (b *Outbox) Ready() error {
	if err := b.o.Bus.Unfit(); err != nil {
		return err
	}
	err := b.o.Bus.Ready()
	if errors.Is(err, bus.ErrFull) || err == nil && b.empty() {
		return err
	}
	b.mu.Lock()
	blocked := b.blocked
	b.mu.Unlock()
	if errors.Is(blocked, bus.ErrFull) {
		return blocked
	}
	if err := b.store.Ready(); err != nil {
		return fmt.Errorf("outbox: %w", err)
	}
	return nil
}

// State is the bus's.
func (b *Outbox) State(ctx context.Context, stream string) (bus.State, error) {
	return b.o.Bus.State(ctx, stream)
}

// Close stops forwarding, and returns when everything is on disk.
func (b *Outbox) Close() {
	b.stop()
	b.running.Wait()
	b.store.Close()
	b.server.Stop()
}
