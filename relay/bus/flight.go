package bus

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// answerMax is how long others wait for the answer to a group: one without an answer, as to a subject for which a permission is missing,
// must not take all the time that its members have.
const answerMax = 500 * time.Millisecond

// flight is one message on its way to the server, from when it is handed over until it is answered or its sender leaves.
type flight struct {
	m Message
	*waiter
	// began is when it was handed over.
	began time.Time
	// over is true once it is answered, or its sender has left. It is set before sent is read there, and read after sent is set where
	// it is written: either its sender knows that it may have been written, or it is not.
	over, sent atomic.Bool
	// written is true if all that was begun to be written of it is. It is set after token, and cleared before over is read where it is
	// to be written again.
	written atomic.Bool
	// token, on which its own answer is expected, is guarded by line.sending until it is written.
	token uint64
	// from, if set, is the first sequence that it can have if it was stored with a group, and not before.
	from uint64
}

// leaves says whether a flight is still to be written, which is to begin now if so.
func (f *flight) leaves() bool {
	f.written.Store(false)
	f.sent.Store(true)
	return !f.over.Load()
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

func newFlight(m *Message) *flight {
	return &flight{m: *m, waiter: waiters.Get().(*waiter), began: time.Now()}
}

// patience fires at by, which is when the sender gives up; never if that is not set.
func (w *waiter) patience(by time.Time) <-chan time.Time {
	if by.IsZero() {
		return nil
	}
	w.timer.Reset(time.Until(by))
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
	// from is that of the flight which it answers.
	from uint64
	err  error
}

// settle answers the flight, unless it is over.
func (l *line) settle(f *flight, a reply) {
	if l.end(f) {
		f.answer <- a
	}
}

// end ends the flight, and reports whether it was not over before.
func (l *line) end(f *flight) bool {
	if !f.over.CompareAndSwap(false, true) {
		return false
	}
	l.under.Add(-1)
	l.waited.Add(int64(time.Since(f.began)))
	if l.watching.Load() {
		select {
		case l.ends <- struct{}{}:
		default:
		}
	}
	return true
}

// watch waits for an answer until all the flights are over, or for answerMax.
func (l *line) watch(fs []*flight, answer <-chan reply) (a reply, heard bool) {
	l.watching.Store(true)
	defer l.watching.Store(false)
	enough := time.NewTimer(answerMax)
	defer enough.Stop()
	for len(fs) > 0 {
		if fs[0].over.Load() {
			fs = fs[1:]
			continue
		}
		select {
		case a = <-answer:
			return a, true
		case <-l.ends:
		case <-enough.C:
			return reply{}, false
		}
	}
	return reply{}, false
}
