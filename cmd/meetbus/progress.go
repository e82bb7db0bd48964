package main

import (
	"fmt"
	"io"
	"time"
)

// progressEvery is how often the progress of long work is shown; work that is done sooner is not long.
const progressEvery = time.Second

// progress shows on a terminal how far long work is. The nil one shows nothing.
type progress struct {
	w     io.Writer
	next  time.Time
	shown bool
}

// progressOn returns the progress for work that writes its results to results: nil if nobody watches w, or if the results
// can be watched themselves.
func progressOn(w, results io.Writer) *progress {
	if !isTerminal(w) || isTerminal(results) {
		return nil
	}
	return &progress{w: w, next: time.Now().Add(progressEvery)}
}

func (p *progress) show(format string, args ...any) {
	if p == nil || time.Now().Before(p.next) {
		return
	}
	p.next, p.shown = time.Now().Add(progressEvery), true
	fmt.Fprintf(p.w, "\r\x1b[K"+format, args...)
}

// clear removes what is shown, so that the next line starts on a clean one.
func (p *progress) clear() {
	if p != nil && p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
