package main

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// since is the value of a flag: a time in the past. It is given as how long ago that is, or as a date: one without a zone is local, as
// tail shows them.
type since struct{ time.Time }

var errSince = errors.New("it takes how long ago, such as 10m or 2d, or a time such as 2026-11-24T10:00:00Z")

// Set reads what was typed.
func (s *since) Set(text string) error {
	now := time.Now()
	at, err := s.read(text, now)
	if err != nil {
		return err
	}
	if at.After(now) {
		return errors.New("that is in the future")
	}
	s.Time = at
	return nil
}

func (s *since) read(text string, now time.Time) (time.Time, error) {
	if days, err := strconv.Atoi(strings.TrimSuffix(text, "d")); err == nil && days > 0 && strings.HasSuffix(text, "d") {
		return now.AddDate(0, 0, -days), nil
	}
	if ago, err := time.ParseDuration(text); err == nil && ago > 0 {
		return now.Add(-ago), nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly} {
		if at, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			return at, nil
		}
	}
	return time.Time{}, errSince
}

// String is empty for no time.
func (s *since) String() string {
	if s.IsZero() {
		return ""
	}
	return s.Format(time.RFC3339)
}

// Type is what the help calls the value.
func (s *since) Type() string { return "time" }
