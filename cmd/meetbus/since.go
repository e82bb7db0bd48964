package main

import (
	"errors"
	"time"
)

// since is a flag for the time to start at: how long ago, or when.
type since struct{ time.Time }

// String is empty: what a flag without a value is.
func (s *since) String() string { return "" }

// Type is how the flag's value is called where nothing else is said.
func (s *since) Type() string { return "time" }

// Set reads a duration or a time as RFC 3339 has it.
func (s *since) Set(text string) error {
	if ago, err := time.ParseDuration(text); err == nil && ago > 0 {
		s.Time = time.Now().Add(-ago)
		return nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return errors.New("--since takes a time: how long ago, such as 10m, or when, such as 2026-11-24T09:00:00Z")
	}
	s.Time = at
	return nil
}
