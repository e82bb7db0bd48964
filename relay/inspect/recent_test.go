package inspect

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func all(*Entry) bool { return true }

// TestRecentIsBounded: a flood of the longest texts stays small, and one of refused requests displaces nothing else.
func TestRecentIsBounded(t *testing.T) {
	r := NewRecent()
	r.Add(&Entry{Outcome: Published, Meeting: "first", Time: time.Now()})
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for n := range 20 * refusedMax {
		r.Add(&Entry{Outcome: Rejected, Why: strings.Repeat("é", 1<<12) + fmt.Sprint(n), Delivery: strings.Repeat("d", 1<<16), Registration: strings.Repeat("r", 1<<16), Time: time.Now()})
	}
	for n := range takenMax - 1 {
		long := strings.Repeat("é", 1<<15) + fmt.Sprint(n)
		r.Add(&Entry{Outcome: Published, Event: long, Type: long, Subject: long, Meeting: long, ID: long, Time: time.Now()})
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 6<<20 {
		t.Errorf("it has grown by %d bytes", grown)
	}
	found := r.After(0, all, 1<<20)
	if len(found) != takenMax+refusedMax || found[len(found)-1].Meeting != "first" {
		t.Errorf("%d are remembered, and last of them is %+v", len(found), found[len(found)-1])
	}
	if held, since := r.holds(); held[Published.place()] != takenMax || held[Rejected.place()] != refusedMax || since.IsZero() {
		t.Errorf("%v are counted, since %s", held, since)
	}
	if e := found[0]; len(e.Type) > textMax || !strings.HasPrefix(e.Type, "éé") || strings.ToValidUTF8(e.Type, "") != e.Type {
		t.Errorf("a type is %q", e.Type)
	}
	if !slices.IsSortedFunc(found, func(a, b Entry) int { return int(int64(b.Number - a.Number)) }) {
		t.Error("they are not the newest first")
	}
	r.Add(&Entry{Outcome: Published})
	if _, found := r.Find(1); found {
		t.Error("the oldest has not made way")
	}
	if e, found := r.Find(r.Last()); !found || e.Number != r.Last() {
		t.Errorf("the last is %+v", e)
	}
}

// TestRecentAtOnce: who reads while others write gets whole entries, in their order, none twice.
func TestRecentAtOnce(t *testing.T) {
	r := NewRecent()
	var writing, reading sync.WaitGroup
	done := make(chan struct{})
	for w := range 4 {
		writing.Go(func() {
			for n := range 5000 {
				text := fmt.Sprintf("%d-%d", w, n)
				outcome := Published
				if n%5 == 0 {
					outcome = Rejected
				}
				r.Add(&Entry{Outcome: outcome, Event: text, Type: text, Subject: text, Meeting: text, ID: text, Time: time.Now()})
			}
		})
	}
	reads := 0
	reading.Go(func() {
		for ; ; reads++ {
			last := ^uint64(0)
			for _, e := range r.After(0, all, 3000) {
				if e.Event != e.ID || e.Type != e.Meeting || e.Number >= last {
					t.Errorf("read %+v after %d", e, last)
				}
				last = e.Number
			}
			select {
			case <-done:
				return
			default:
			}
		}
	})
	writing.Wait()
	close(done)
	reading.Wait()
	if reads == 0 || r.Last() != 20000 {
		t.Errorf("%d reads of %d", reads, r.Last())
	}
}

// TestRates: each webhook counts in its interval, and a latency is said to within a fifth.
func TestRates(t *testing.T) {
	r := NewRecent()
	now := time.Date(2026, 5, 4, 9, 30, 3, 0, time.UTC)
	for n := range 100 {
		r.Add(&Entry{Outcome: Published, Time: now, Took: time.Duration(n+1) * time.Millisecond})
	}
	r.Add(&Entry{Outcome: Rejected, Time: now.Add(-interval), Took: time.Second})
	r.Add(&Entry{Outcome: Published, Time: now.Add(-intervals * interval), Took: time.Second}) // too long ago, and the same place
	minutes := r.minutes(now.Add(-intervals * interval))
	if n := minutes[intervals-1].all(); n != 1 {
		t.Errorf("long ago there were %d", n)
	}
	r.Add(&Entry{Outcome: Unavailable, Time: now.Add(interval), Took: time.Hour})
	minutes = r.minutes(now.Add(interval))
	if got := []uint32{minutes[intervals-3].all(), minutes[intervals-2].all(), minutes[intervals-1].all()}; !slices.Equal(got, []uint32{1, 0, 1}) {
		t.Errorf("counted %v", got) // the one of long ago has taken the place of the hundred
	}
	for _, took := range []time.Duration{time.Microsecond, 40 * time.Microsecond, 999 * time.Microsecond, 3 * time.Millisecond, 2500 * time.Millisecond, 9 * time.Second} {
		said := latencyOf(latencyClass(took))
		if off := float64(said) / float64(max(took, 4*time.Microsecond)); off < 0.8 || off > 1.25 {
			t.Errorf("%s is said to be %s", took, said)
		}
	}
	var c count
	for n := range 100 {
		c.outcomes[0]++
		c.latencies[latencyClass(time.Duration(n+1)*time.Millisecond)]++
	}
	if median, p99 := c.quantile(0.5), c.quantile(0.99); median < 41*time.Millisecond || median > 60*time.Millisecond || p99 < 80*time.Millisecond || p99 > 119*time.Millisecond {
		t.Errorf("median %s, p99 %s", median, p99)
	}
}

func BenchmarkAdd(b *testing.B) {
	r := NewRecent()
	e := Entry{Time: time.Now(), Took: time.Millisecond, Outcome: Published, Endpoint: "dyte", Provider: "dyte", Stream: "MEETBUS",
		Event: "meeting.participantJoined", Type: "meeting.participantJoined", Subject: "meeting.participantJoined",
		Meeting: "7c3e0d5f-2f7b-4b55-8f7e-4b1d1d3c9a10", ID: "sha256:" + strings.Repeat("0", 64)}
	for range takenMax {
		r.Add(&e)
	}
	b.ReportAllocs()
	for b.Loop() {
		r.Add(&e)
	}
}
