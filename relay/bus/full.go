package bus

import (
	"errors"
	"sync"
	"time"
)

// fullFor is how long a stream counts as full after it has refused a message. Nobody can tell whether it is without trying, and
// nobody tries while Ready says no.
const fullFor = 5 * time.Second

// fullness remembers when a stream was full last.
type fullness struct {
	mu  sync.Mutex
	at  time.Time
	why error
}

// note learns from the outcome of a publish.
func (f *fullness) note(outcome error, now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case outcome == nil:
		f.why = nil
	case errors.Is(kind(outcome), ErrFull):
		f.at, f.why = now, ErrFull
	}
}

// recent returns ErrFull if the stream was full a moment ago, and has taken nothing since.
func (f *fullness) recent(now time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.why == nil || now.Sub(f.at) > fullFor {
		return nil
	}
	return f.why
}
