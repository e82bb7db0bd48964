package bus

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// TestSilenceIsRemembered: a server that did not answer is silent until it answers, whatever it says.
func TestSilenceIsRemembered(t *testing.T) {
	var s silence
	start := time.Now()
	if s.recent(start) != nil || s.lasts(start) != 0 {
		t.Error("silent at first")
	}
	s.note(context.DeadlineExceeded, start)
	s.note(context.DeadlineExceeded, start.Add(3*time.Second))
	if err := s.recent(start.Add(silentFor)); !errors.Is(err, ErrUnavailable) {
		t.Errorf("a moment ago: %v", err)
	}
	if got := s.lasts(start.Add(9 * time.Second)); got != 9*time.Second {
		t.Errorf("lasts %s", got)
	}
	if err := s.recent(start.Add(3*time.Second + silentFor + 1)); err != nil {
		t.Errorf("long ago: %v", err)
	}
	s.note(&jetstream.APIError{ErrorCode: codeNotStored}, start.Add(10*time.Second))
	if s.recent(start.Add(10*time.Second)) != nil || s.lasts(start.Add(10*time.Second)) != 0 {
		t.Error("still silent after an answer")
	}
}
