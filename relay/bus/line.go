package bus

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// line is the way of all messages to one connection. One goroutine sends them, so that those that come while others are being sent
// leave together: in one write, as one flow, or, where that is faster, as one atomic batch.
type line struct {
	c     *connection
	inbox string
	// takes says what a stream takes besides single messages.
	takes func(stream string) batches
	// ended is closed when the goroutine has ended.
	ended chan struct{}
	// wake tells it that something waits, and ends, while it is watching, that a flight is over; both have room for one.
	wake, ends chan struct{}
	watching   atomic.Bool

	mu sync.Mutex
	// waiting are flights that the goroutine has not taken yet; spare is room for the next ones.
	waiting, spare []*flight
	// expected are those who wait for an answer, by the last token of its subject.
	expected map[uint64]hearer
	token    uint64
	// highest are, by stream, the highest sequences at which something new was acknowledged here.
	highest map[string]uint64

	// sending is held while anything is written: who has it knows that nothing of a flight that is over is sent any more.
	sending sync.Mutex
	// under counts the flights that are not over, answered the messages that the server has answered; waited is how long flights that are
	// over were under way, all together, in nanoseconds.
	under, answered, waited atomic.Int64
	// What follows is the goroutine's own: which way is faster, and how the stream has grown.
	pace   pace
	growth growth
}

// hearer is who waits for answers. It returns true when it has heard the last.
type hearer interface{ hear(*line, reply) bool }

// newLine starts the line of a connection, with which it ends.
func newLine(c *connection, takes func(stream string) batches, p pace) (*line, error) {
	l := &line{
		c: c, inbox: c.nc.NewInbox() + ".", takes: takes, ended: make(chan struct{}),
		wake: make(chan struct{}, 1), ends: make(chan struct{}, 1), expected: map[uint64]hearer{},
		highest: map[string]uint64{}, pace: p,
	}
	if _, err := c.nc.Subscribe(l.inbox+">", l.deliver); err != nil {
		return nil, err
	}
	go l.run()
	return l, nil
}

// publish returns when m is answered, ctx or m.By ended, or the connection was lost. When it returns without an answer, nothing of m
// is sent any more. from is that of the reply if it was sent before.
func (l *line) publish(ctx context.Context, m *Message, from uint64) (reply, error) {
	if ctx.Err() != nil || m.atMost(1) <= 0 {
		return reply{}, cmp.Or(ctx.Err(), context.DeadlineExceeded)
	}
	f := newFlight(m)
	f.from = from
	if l.under.Load() < flowMin && l.sending.TryLock() {
		l.sendAlone(ctx, f)
	} else {
		l.hand(f)
	}
	a, err := l.await(ctx, f)
	if err != nil {
		l.forget(f)
		return reply{}, err
	}
	if a.err != nil && !answered(a.err) { // perhaps of a second writing
		l.forget(f)
	}
	return a, a.err
}

// sendAlone sends what has too little company for a flow without a detour. The caller has locked sending.
func (l *line) sendAlone(ctx context.Context, f *flight) {
	defer l.guard(ctx, &f.m)()
	defer l.sending.Unlock()
	l.under.Add(1)
	l.sendNow(f)
}

// guard cuts the connection if the sender's time is up and a write has still not returned, as when a frozen server blocks it.
func (l *line) guard(ctx context.Context, m *Message) (release func()) {
	left := m.atMost(endless)
	if ends, has := ctx.Deadline(); has {
		left = min(left, time.Until(ends))
	}
	cut := time.AfterFunc(max(left, 0)+2*grace, l.c.wire.cut)
	return func() { cut.Stop() }
}

// hand puts flights into the queue, in their order.
func (l *line) hand(fs ...*flight) {
	l.under.Add(int64(len(fs)))
	l.mu.Lock()
	l.waiting = append(l.waiting, fs...)
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// await waits for the answer to a flight, which is over afterwards.
func (l *line) await(ctx context.Context, f *flight) (reply, error) {
	defer f.waiter.rest()
	var err error
	select {
	case a := <-f.answer:
		return a, nil
	case <-f.patience(f.m.By):
		err = context.DeadlineExceeded
	case <-ctx.Done():
		err = ctx.Err()
	case <-l.c.ctx.Done():
		err = errors.Join(nats.ErrConnectionClosed, context.Cause(l.c.ctx))
	}
	if !l.end(f) { // it was answered at the same moment
		return <-f.answer, nil
	}
	return reply{}, err
}

// forget makes sure that nothing of a flight that is over leaves this machine after it returns. A write that a frozen server blocks
// holds it up, and is cut; what was not written yet holds up nothing, and what is written need not wait for what others write.
func (l *line) forget(f *flight) {
	if !f.sent.Load() {
		return
	}
	cut := time.AfterFunc(2*grace, l.c.wire.cut) // nats.go, too, is locked while it writes
	defer cut.Stop()
	if !f.written.Load() {
		l.awaitWrite()
	}
	l.heard(f.token)
	l.c.unsend()
}

// awaitWrite returns when what was written when it was called is.
func (l *line) awaitWrite() {
	l.sending.Lock()
	defer l.sending.Unlock()
}

func (l *line) run() {
	defer close(l.ended)
	for {
		select {
		case <-l.wake:
		case <-l.c.ctx.Done():
			return
		}
		for fs := l.take(); len(fs) > 0; fs = l.take() {
			for group := range slices.Chunk(fs, groupMax) {
				l.send(group)
			}
			clear(fs) // they belong to their senders now
		}
	}
}

// take returns what waits, in its order, but for those whose senders have left: they would count as sent at once. It is good until
// the next call.
func (l *line) take() []*flight {
	l.mu.Lock()
	defer l.mu.Unlock()
	fs := slices.DeleteFunc(l.waiting, func(f *flight) bool { return f.over.Load() })
	l.waiting, l.spare = l.spare[:0], fs
	return fs
}

// send sends a group in the way that is faster now.
func (l *line) send(group []*flight) {
	switch l.pace.choose(time.Now(), l.under.Load(), l.done(), l.takes(group[0].m.Stream).atomic) {
	case apart:
		l.sendApart(group)
	case together:
		l.sendTimed(group)
	case probing:
		l.probe(group)
	}
}

func (l *line) done() load {
	return load{answered: l.answered.Load(), waited: time.Duration(l.waited.Load())}
}

// sendApart sends messages of which each is stored for itself: a few with an acknowledgement each, without waiting for it, and
// more in one flow, which is acknowledged at its end.
func (l *line) sendApart(group []*flight) {
	stream := group[0].m.Stream
	if len(group) >= flowMin && l.takes(stream).fast && l.growth.isOurs(time.Now()) && l.reached(stream) > 0 {
		l.sendFlow(group)
	} else {
		l.sendEach(group)
	}
}

// sendTimed sends a group together, and learns from it how fast that is.
func (l *line) sendTimed(group []*flight) {
	n, took := l.timed(group, l.sendTogether)
	l.pace.sentTogether(time.Now(), n, took)
}

// timed sends a group, waits until all of it is over, if that is not too long, and returns how many they are and how long it took.
func (l *line) timed(group []*flight, send func([]*flight)) (n int, took time.Duration) {
	began := time.Now()
	send(group)
	l.watch(group, nil)
	return len(group), time.Since(began)
}

// probe sends a group apart to see how fast that is: a few, and twice as many as long as that makes it faster, and holds up the others
// not for too long.
func (l *line) probe(group []*flight) {
	fastest := 0.0
	for n := probeMin; len(group) > 0; n *= 2 {
		n = min(n, len(group))
		count, took := l.timed(group[:n], l.sendApart)
		group = group[n:]
		rate := perSecond(count, took)
		slower := rate < fastest*probeGain
		if fastest = max(fastest, rate); slower || took > probeMax {
			break
		}
	}
	l.pace.probed(time.Now(), fastest)
	if len(group) > 0 {
		l.sendTimed(group)
	}
}

// sendEach sends messages that are acknowledged each, if anybody still waits for them.
func (l *line) sendEach(fs []*flight) {
	l.sending.Lock()
	defer l.sending.Unlock()
	for _, f := range fs {
		if f.leaves() {
			l.sendNow(f)
		}
	}
}

// sendNow sends one message. The caller has locked sending.
func (l *line) sendNow(f *flight) {
	m := f.m.natsMsg()
	f.sent.Store(true)
	f.token = l.expect(f)
	m.Reply = l.replyTo(f.token)
	if err := l.c.nc.PublishMsg(m); err != nil {
		l.heard(f.token)
		l.settle(f, reply{err: err})
		return
	}
	f.written.Store(true)
}

// hear settles the flight with its own answer.
func (f *flight) hear(l *line, a reply) (last bool) {
	l.answered.Add(1)
	// What a group has stored without saying so was not there before.
	a.ack.Duplicate = a.ack.Duplicate && (f.from == 0 || a.ack.Sequence < f.from)
	l.note(a.ack)
	a.from = f.from
	l.settle(f, a)
	return true
}

// note learns how far a stream has come from what was stored just now: what a duplicate tells is old.
func (l *line) note(a jetstream.PubAck) {
	if !a.Duplicate && a.Sequence > 0 {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.highest[a.Stream] = max(l.highest[a.Stream], a.Sequence)
	}
}

// reached is how far a stream has come, at least; 0 if that is not known.
func (l *line) reached(stream string) uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.highest[stream]
}

// expect returns the token on which a hearer hears.
func (l *line) expect(h hearer) (token uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.token++
	l.expected[l.token] = h
	return l.token
}

func (l *line) replyTo(token uint64) string { return l.inbox + strconv.FormatUint(token, 10) }

// heard expects nothing on a token any more.
func (l *line) heard(token uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.expected, token)
}

// deliver takes an answer of the server. The subject of a flow's has more tokens behind ours.
func (l *line) deliver(m *nats.Msg) {
	text, _, _ := strings.Cut(strings.TrimPrefix(m.Subject, l.inbox), ".")
	token, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return
	}
	l.mu.Lock()
	h := l.expected[token]
	l.mu.Unlock()
	if h != nil && h.hear(l, replyOf(m)) {
		l.heard(token)
	}
}
