package main

import (
	"errors"
	"testing"
	"time"
)

func TestTally(t *testing.T) {
	from := time.Unix(1000, 0)
	y := newTally(from, from.Add(10*time.Second))
	ok := answer{status: 200}
	add := func(a answer, err error, at, took time.Duration) {
		began := from.Add(at)
		y.add(a, err, began, began.Add(took), began)
	}
	add(ok, nil, -time.Second, time.Hour) // before the window
	for i := range 100 {
		add(ok, nil, time.Duration(i)*time.Millisecond, time.Duration(i+1)*time.Millisecond)
	}
	add(answer{status: 200, queued: true}, nil, 10*time.Second, time.Hour) // after it
	add(answer{status: 503, text: "full"}, nil, time.Second, time.Hour)
	add(answer{status: 200, repeated: true}, nil, time.Second, time.Hour)
	add(answer{}, errors.New("reset"), time.Second, time.Hour)

	if y.within != 100 || y.answered != 102 || y.queued != 1 || y.failed != 3 || y.first != "503: full" {
		t.Errorf("got %+v", y)
	}
	if y.perSecond() != 10 {
		t.Errorf("%v a second", y.perSecond())
	}
	near := func(got, want time.Duration) bool { return got >= want && got <= want+want/500 }
	if !near(y.quantile(50), 50*time.Millisecond) || !near(y.quantile(99), 99*time.Millisecond) || !near(y.max(), 100*time.Millisecond) {
		t.Errorf("p50 %s, p99 %s, max %s", y.quantile(50), y.quantile(99), y.max())
	}
}

func TestTallyLongest(t *testing.T) {
	from := time.Unix(1000, 0)
	y := newTally(from, from.Add(time.Second))
	y.add(answer{status: 200}, nil, from, from.Add(24*time.Hour), from)
	if y.within != 1 || y.max() < longestLatency {
		t.Errorf("a day is told as %s", y.max())
	}
}
