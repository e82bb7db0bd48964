package bus

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

const (
	// silentFor is how long a server that did not answer counts as one that does not. Nobody can tell without trying.
	silentFor = 5 * time.Second
	// questionTimeout is how long a server that is in doubt has for an answer to the simplest question.
	questionTimeout = 3 * time.Second
)

// silence remembers since when a server has not answered a publish.
type silence struct {
	mu          sync.Mutex
	since, last time.Time
}

// note learns from the outcome of a publish.
func (s *silence) note(outcome error, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case outcome == nil || answered(outcome):
		s.since = time.Time{}
	case errors.Is(outcome, context.DeadlineExceeded):
		if s.last = now; s.since.IsZero() {
			s.since = now
		}
	}
}

// recent returns ErrUnavailable if the server did not answer a moment ago, and has not answered since.
func (s *silence) recent(now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.since.IsZero() || now.Sub(s.last) > silentFor {
		return nil
	}
	return fmt.Errorf("%w: it did not answer", ErrUnavailable)
}

func (s *silence) lasts(now time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.since.IsZero() {
		return 0
	}
	return now.Sub(s.since)
}

// Silent returns for how long the server has not answered; 0 if it does. If in doubt, it asks. A server in this process that stays
// silent has locked up, as nats-server 2.15 does when its disk is full while it removes messages, and only a new process helps.
func (b *Bus) Silent(ctx context.Context) time.Duration {
	if b.silence.lasts(time.Now()) == 0 {
		return 0
	}
	ctx, cancel := context.WithTimeout(ctx, questionTimeout)
	defer cancel()
	if _, err := b.State(ctx, b.o.Streams[0].Name); err == nil {
		b.silence.note(nil, time.Now())
	}
	return b.silence.lasts(time.Now())
}
