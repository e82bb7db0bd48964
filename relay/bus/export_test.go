package bus

import "time"

// Way is how a group is sent.
type Way = way

const (
	Apart    = apart
	Together = together
)

// Force has a bus that has sent no group yet send all in one way.
func (b *Bus) Force(w Way) {
	b.line().pace = pace{now: w, next: time.Now().Add(time.Hour)}
}

// line is that of the connection; nil while there is none.
func (b *Bus) line() *line {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if b.usable == nil {
		return nil
	}
	return b.usable.line
}

// Gather holds what is handed to the line of a bus behind a message until release, so that it is sent as one group.
func (b *Bus) Gather(m Message) (gathered func() int, release func()) {
	l, f := b.line(), newFlight(&m)
	gathered = func() int {
		l.mu.Lock()
		defer l.mu.Unlock()
		return len(l.waiting)
	}
	l.sending.Lock()
	l.hand(f)
	for gathered() > 0 {
		time.Sleep(time.Millisecond)
	}
	return gathered, func() {
		l.sending.Unlock()
		<-f.answer
	}
}

// Expected is how many answers are waited for.
func (b *Bus) Expected() int {
	l := b.line()
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.expected)
}

// Abandon hands a message to the line of a bus and leaves after a while, as a sender whose time is up. It returns true if the message
// was not written until then.
func (b *Bus) Abandon(m Message, after time.Duration) (unwritten bool) {
	l, f := b.line(), newFlight(&m)
	if l == nil {
		return true
	}
	l.hand(f)
	time.Sleep(after)
	if !l.end(f) {
		return false
	}
	unwritten = !f.sent.Load()
	l.forget(f)
	return unwritten
}
