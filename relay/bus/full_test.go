package bus

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// TestFullIsRemembered: a stream that was full a moment ago is not ready, until it takes a message or the moment has passed.
func TestFullIsRemembered(t *testing.T) {
	var f fullness
	start := time.Now()
	if err := f.recent(start); err != nil {
		t.Errorf("at first: %v", err)
	}
	f.note(&jetstream.APIError{ErrorCode: codeNotStored, Description: "maximum bytes exceeded"}, start)
	if err := f.recent(start.Add(fullFor)); !errors.Is(err, ErrFull) {
		t.Errorf("full a moment ago: %v", err)
	}
	f.note(context.DeadlineExceeded, start)
	if err := f.recent(start.Add(fullFor)); !errors.Is(err, ErrFull) {
		t.Errorf("and then something else: %v", err)
	}
	if err := f.recent(start.Add(fullFor + 1)); err != nil {
		t.Errorf("full long ago: %v", err)
	}
	f.note(nil, start)
	if err := f.recent(start); err != nil {
		t.Errorf("and then not any more: %v", err)
	}
}
