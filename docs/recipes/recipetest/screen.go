package recipetest

import (
	"context"
	"io"
	"strings"
	"sync"
	"testing"
)

// Screen is what a program has printed so far.
type Screen struct {
	mu   sync.Mutex
	text strings.Builder
}

// Program runs a program in this process until the test ends, which it must survive.
func Program(t testing.TB, run func(ctx context.Context, w io.Writer) error) *Screen {
	t.Helper()
	shown, done := &Screen{}, make(chan error)
	ctx, stop := context.WithCancel(context.Background())
	go func() { done <- run(ctx, shown) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return shown
}

// Write takes what the program prints.
func (s *Screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

// Lines are the lines so far.
func (s *Screen) Lines() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.FieldsFunc(s.text.String(), func(r rune) bool { return r == '\n' })
}
