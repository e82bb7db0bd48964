package main

import (
	"testing"
	"time"
)

func TestSince(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.Local)
	for text, want := range map[string]time.Time{
		"10m":                       now.Add(-10 * time.Minute),
		"1h30m":                     now.Add(-90 * time.Minute),
		"2d":                        now.AddDate(0, 0, -2),
		"2026-11-24T10:00:00Z":      time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC),
		"2026-11-24T10:00:00.5Z":    time.Date(2026, 11, 24, 10, 0, 0, 5e8, time.UTC),
		"2026-11-24T10:00:00+02:00": time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC),
		"2026-11-24T10:00:00":       time.Date(2026, 11, 24, 10, 0, 0, 0, time.Local),
		"2026-11-24 10:00:00":       time.Date(2026, 11, 24, 10, 0, 0, 0, time.Local),
		"2026-11-24 10:00":          time.Date(2026, 11, 24, 10, 0, 0, 0, time.Local),
		"2026-11-24":                time.Date(2026, 11, 24, 0, 0, 0, 0, time.Local),
	} {
		if got, err := new(since).read(text, now); err != nil || !got.Equal(want) {
			t.Errorf("%q is %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "0s", "-10m", "-2d", "0d", "d", "10", "tomorrow", "2026-13-01", "2026-11-24T10:00:00 Z", "2999-01-01"} {
		var s since
		if err := s.Set(text); err == nil || !s.IsZero() {
			t.Errorf("%q is %v, %v, want an error", text, s, err)
		}
	}
}
