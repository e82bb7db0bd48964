package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// listening is a target that a handler answers.
func listening(t *testing.T, h http.HandlerFunc) target {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return target{address: strings.TrimPrefix(s.URL, "http://"), path: path}
}

func TestArrivals(t *testing.T) {
	const rate, n = 500.0, 10_000
	start := time.Unix(1000, 0)
	one, same := newArrivals(rate, start, 1), newArrivals(rate, start, 1)
	last := start
	for range n {
		at := one.next()
		if at.Before(last) || !at.Equal(same.next()) {
			t.Fatalf("%s after %s, or not repeated", at, last)
		}
		last = at
	}
	if got := n / last.Sub(start).Seconds(); got < rate*0.95 || got > rate*1.05 {
		t.Errorf("%v arrivals a second", got)
	}
}

// TestStall: one answer that stalls makes all late that come meanwhile, also where they wait for its connection.
func TestStall(t *testing.T) {
	const stall, during, rate = 300 * time.Millisecond, 300 * time.Millisecond, 200
	var calls atomic.Int64
	to := listening(t, func(http.ResponseWriter, *http.Request) {
		if calls.Add(1) == 1 {
			time.Sleep(stall)
		}
	})
	y, err := openLoop(t.Context(), to, rate, 1, 0, during, func(*tally) {})
	if err != nil || y.failed > 0 {
		t.Fatal(err, y.first)
	}
	// All arrivals come during the stall. A closed loop would count one.
	if y.within != int(calls.Load()) || y.quantile(50) < stall/10 || y.max() < stall {
		t.Errorf("%d of %d webhooks, p50 %s, max %s", y.within, calls.Load(), y.quantile(50), y.max())
	}
}

// TestOpenLoopGrows: an arrival does not wait for earlier ones while there may be more connections.
func TestOpenLoopGrows(t *testing.T) {
	const together = 8
	var under atomic.Int64
	all := make(chan struct{})
	to := listening(t, func(http.ResponseWriter, *http.Request) {
		if under.Add(1) == together {
			close(all)
		}
		<-all
	})
	y, err := openLoop(t.Context(), to, 200, together, 0, time.Second, func(*tally) {})
	if err != nil || y.failed > 0 || y.answered < together {
		t.Fatalf("%v, %d answered, %s", err, y.answered, y.first)
	}
}

func TestClosedLoop(t *testing.T) {
	var calls atomic.Int64
	to := listening(t, func(w http.ResponseWriter, _ *http.Request) {
		switch calls.Add(1) {
		case 3:
			w.Header().Set("Connection", "close") // the next one has a new connection
		case 5:
			http.Error(w, "full", http.StatusServiceUnavailable)
		}
	})
	y, err := closedLoop(t.Context(), to, 4, 0, 500*time.Millisecond, func(*tally) {})
	if err != nil {
		t.Fatal(err)
	}
	if y.answered+y.failed != int(calls.Load()) || y.failed != 1 || !strings.HasPrefix(y.first, "503: full") {
		t.Errorf("%d answered and %d failed of %d: %s", y.answered, y.failed, calls.Load(), y.first)
	}
}
