package bus

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// flight is one message on its way to the server, from when it is handed over until it is answered or its sender leaves.
type flight struct {
	m Message
	*waiter
	// over is true once it is answered, or its sender has left.
	over atomic.Bool
	// sent and token, on which its own answer is expected, are guarded by line.sending.
	sent  bool
	token uint64
	// after, if set, is the highest sequence that was known before it was sent in a flow.
	after uint64
}

// waiter is what a sender waits on.
type waiter struct {
	// answer has room for one.
	answer chan reply
	timer  *time.Timer
}

// waiters are waiters at rest: the answer was taken from them, or none comes any more, and the timer is stopped.
var waiters = sync.Pool{New: func() any {
	w := &waiter{answer: make(chan reply, 1), timer: time.NewTimer(endless)}
	w.timer.Stop()
	return w
}}

func newFlight(m Message) *flight { return &flight{m: m, waiter: waiters.Get().(*waiter)} }

// patience fires when the sender of m gives up.
func (w *waiter) patience(m Message) <-chan time.Time {
	if m.By.IsZero() {
		return nil
	}
	w.timer.Reset(time.Until(m.By))
	return w.timer.C
}

func (w *waiter) rest() {
	w.timer.Stop()
	waiters.Put(w)
}

// reply is what the server said of a message or a batch, or why it was not sent.
type reply struct {
	ack jetstream.PubAck
	// batch is how many messages the acknowledgement is for; 0 if only for one.
	batch int
	// progress says that it is no acknowledgement: a flow goes on.
	progress bool
	err      error
}

// settle answers the flight, unless it is over.
func (l *line) settle(f *flight, a reply) {
	if l.end(f) {
		f.answer <- a
	}
	for was := l.highest.Load(); was < a.ack.Sequence && !l.highest.CompareAndSwap(was, a.ack.Sequence); was = l.highest.Load() {
	}
}

// end ends the flight, and reports whether it was not over before.
func (l *line) end(f *flight) bool {
	if !f.over.CompareAndSwap(false, true) {
		return false
	}
	l.under.Add(-1)
	if l.watching.Load() {
		select {
		case l.ends <- struct{}{}:
		default:
		}
	}
	return true
}

// watch calls wait, which may return when told of an end, until all the flights are over, or wait says that it is enough.
func (l *line) watch(fs []*flight, wait func(ends <-chan struct{}) (enough bool)) {
	l.watching.Store(true)
	defer l.watching.Store(false)
	for len(fs) > 0 {
		if fs[0].over.Load() {
			fs = fs[1:]
		} else if wait(l.ends) {
			return
		}
	}
}
