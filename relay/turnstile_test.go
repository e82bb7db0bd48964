package relay

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meetbus/meetbus/normalize"
)

// TestTurnstile: as many pass at once as may, the next when one of them leaves, and who has waited for turnMax passes all the same,
// and takes no place with it.
func TestTurnstile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns, by := newTurnstile(), time.Now().Add(time.Minute)
		pass := func() func() {
			leave, err := turns.pass(largeBody, by)
			if err != nil {
				t.Fatal(err)
			}
			return leave
		}
		var leave func()
		for range abreast {
			leave = pass()
		}
		began := time.Now()
		time.AfterFunc(time.Millisecond, leave)
		leave = pass()
		if waited := time.Since(began); waited != time.Millisecond {
			t.Errorf("the next has passed after %s, want it when one has left", waited)
		}
		began = time.Now()
		late := pass()
		if waited := time.Since(began); waited != turnMax {
			t.Errorf("while nobody leaves, one has passed after %s, want %s", waited, turnMax)
		}
		late()
		leave()
		if len(turns.all) != abreast-1 {
			t.Errorf("%d places are taken, want %d", len(turns.all), abreast-1)
		}
	})
}

// TestTurnOfLarge: of large ones only a few pass at once, and one that has waited for turnMax is refused; usual ones pass beside them.
func TestTurnOfLarge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns, by := newTurnstile(), time.Now().Add(time.Minute)
		var leave func()
		for range largeAbreast {
			var err error
			if leave, err = turns.pass(largeBody+1, by); err != nil {
				t.Fatal(err)
			}
		}
		began := time.Now()
		if _, err := turns.pass(largeBody+1, by); !errors.Is(err, errOverloaded) || time.Since(began) != turnMax {
			t.Errorf("one more large one: %v after %s", err, time.Since(began))
		}
		if _, err := turns.pass(largeBody, by); err != nil || time.Since(began) != turnMax {
			t.Errorf("a usual one: %v after %s", err, time.Since(began)-turnMax)
		}
		time.AfterFunc(time.Millisecond, leave)
		leave, err := turns.pass(largeBody+1, by)
		if err != nil {
			t.Fatal("when one has left, the next has no turn:", err)
		}
		leave()
		if len(turns.large) != largeAbreast-1 || len(turns.all) != largeAbreast {
			t.Errorf("%d and %d places are taken, want %d and %d", len(turns.large), len(turns.all), largeAbreast-1, largeAbreast)
		}
	})
}

// TestTurnWithinDeadline: however short the deadline is, who has waited in vain for a turn has time left to be stored.
func TestTurnWithinDeadline(t *testing.T) {
	const deadline = 300 * time.Millisecond
	r := newRig(t, func(*rig) []Endpoint { return []Endpoint{open(normalize.Dyte)} }, func(o *Options) { o.Deadline = deadline })
	for range abreast {
		r.relay.turns.all <- struct{}{}
	}
	began := time.Now()
	got := r.send(hook{path: "/open/dyte", body: `{"event":"meeting.ended"}`})
	if took := time.Since(began); got.status != http.StatusOK || took > deadline {
		t.Errorf("answered %d after %s, want 200 within %s", got.status, took, deadline)
	}
}
