package outbox

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meetbus/meetbus/relay/bus"
)

// TestGap: newcomers wait for the last few together, and what comes of it.
func TestGap(t *testing.T) {
	const soon = 30 * time.Millisecond
	for _, c := range []struct {
		name string
		// change is how it stands otherwise than with five that wait, of which the bus has taken some just now, and takes 1,000 a second;
		// then what happens soon.
		change, then func(b *Outbox)
		by           time.Duration
		want         bool
		after        time.Duration
	}{
		{name: "they leave", then: func(b *Outbox) { b.done = b.stored; b.noticeEmpty() }, want: true, after: soon},
		{name: "they do not leave", then: func(*Outbox) {}, after: gapWait},
		{name: "some leave", then: func(b *Outbox) { b.done++; b.noticeEmpty() }, after: gapWait},
		{name: "they leave, and one is being stored", then: func(b *Outbox) { b.done, b.putting = b.stored, 1; b.noticeEmpty() }, after: gapWait},
		{name: "the bus does not take them", then: func(b *Outbox) { b.mu.Unlock(); b.block(errors.New("away")); b.mu.Lock() }, after: soon},
		{name: "it has not taken them", change: func(b *Outbox) { b.blocked = errors.New("away") }},
		{name: "nothing waits", change: func(b *Outbox) { b.done = b.stored }, want: true},
		{name: "many wait", change: func(b *Outbox) { b.stored = b.done + 501 }},
		{name: "many are being stored", change: func(b *Outbox) { b.putting = 496 }},
		{name: "it is not known how fast they leave", change: func(b *Outbox) { b.gaps.rate = 0 }},
		{name: "the bus has taken none for long", change: func(b *Outbox) { b.moved = b.moved.Add(-gapWait - 1) }},
		{name: "little time", then: func(*Outbox) {}, by: 200 * time.Millisecond, after: 100 * time.Millisecond},
		{name: "time", by: time.Second, then: func(b *Outbox) { b.done = b.stored; b.noticeEmpty() }, want: true, after: soon},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, began, m := &Outbox{stored: 105, done: 100, moved: time.Now(), gaps: gaps{rate: 1000}}, time.Now(), bus.Message{}
				if c.by > 0 {
					m.By = began.Add(c.by)
				}
				if c.change != nil {
					c.change(b)
				}
				for range 3 {
					go func() {
						if got := b.isNext(t.Context(), m); got != c.want || time.Since(began) != c.after {
							t.Errorf("%t after %s, want %t after %s", got, time.Since(began), c.want, c.after)
						}
					}()
				}
				time.Sleep(soon)
				if c.then != nil {
					b.mu.Lock()
					c.then(b)
					b.mu.Unlock()
				}
				time.Sleep(time.Second)
			})
		})
	}
}

// TestGapsInVain: where those that wait do not leave in time, as with a bus that is far away, gaps become rare.
func TestGapsInVain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &Outbox{stored: 105, done: 100, gaps: gaps{rate: 1000}}
		var waited time.Duration
		waits := func(d time.Duration) (long int) {
			for ends := time.Now().Add(d); time.Now().Before(ends); time.Sleep(10 * time.Millisecond) {
				began := time.Now()
				b.mu.Lock()
				b.moved = began
				b.mu.Unlock()
				if b.isNext(t.Context(), bus.Message{}) {
					t.Fatal("it is next, and others wait")
				}
				if took := time.Since(began); took > 0 {
					long++
					waited = took
				}
			}
			return long
		}
		if n := waits(10 * time.Minute); n < 12 || n > 16 || waited != gapWait {
			t.Errorf("it waited %d times in ten minutes, for %s", n, waited)
		}
		b.mu.Lock()
		b.done = b.stored
		b.noticeEmpty()
		b.stored++
		b.gaps.next, b.moved = time.Now(), time.Now()
		b.mu.Unlock()
		time.AfterFunc(10*time.Millisecond, func() {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.done = b.stored
			b.noticeEmpty()
		})
		next := b.isNext(t.Context(), bus.Message{})
		b.mu.Lock()
		defer b.mu.Unlock()
		if !next || b.gaps.pause != 0 {
			t.Errorf("after a gap that was enough: %t, the pause is %s", next, b.gaps.pause)
		}
	})
}
