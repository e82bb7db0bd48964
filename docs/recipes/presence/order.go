package main

import (
	"cmp"
	"time"

	"github.com/meetbus/meetbus/schemas"
)

// forever is when a session may begin again that has ended: each new one has an id of its own.
var forever = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// endsUntil is the latest join that a leave can have ended: the one that it names, if it names one, and none that came after it.
// A provider may notice only after a rejoin that the connection before was dead.
func endsUntil(left time.Time, who *schemas.Participant) time.Time {
	if who != nil {
		if joined, err := who.JoinedAt.Time(); err == nil && joined.Before(left) {
			return joined
		}
	}
	return left
}

// order is by time; at the same time it is by id, so that it never depends on which event came first.
func order(a, b schemas.Event) int { return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.ID, b.ID)) }

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
