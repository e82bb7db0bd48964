package relay

import (
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
		var leave func()
		for range abreast {
			leave = turns.pass(by)
		}
		began := time.Now()
		time.AfterFunc(time.Millisecond, leave)
		leave = turns.pass(by)
		if waited := time.Since(began); waited != time.Millisecond {
			t.Errorf("the next has passed after %s, want it when one has left", waited)
		}
		began = time.Now()
		late := turns.pass(by)
		if waited := time.Since(began); waited != turnMax {
			t.Errorf("while nobody leaves, one has passed after %s, want %s", waited, turnMax)
		}
		late()
		leave()
		if len(turns) != abreast-1 {
			t.Errorf("%d places are taken, want %d", len(turns), abreast-1)
		}
	})
}

// TestTurnWithinDeadline: however short the deadline is, who has waited in vain for a turn has time left to be stored.
func TestTurnWithinDeadline(t *testing.T) {
	const deadline = 300 * time.Millisecond
	r := newRig(t, func(*rig) []Endpoint { return []Endpoint{open(normalize.Dyte)} }, func(o *Options) { o.Deadline = deadline })
	for range abreast {
		defer r.relay.turns.pass(time.Now().Add(time.Minute))()
	}
	began := time.Now()
	got := r.send(hook{path: "/open/dyte", body: `{"event":"meeting.ended"}`})
	if took := time.Since(began); got.status != http.StatusOK || took > deadline {
		t.Errorf("answered %d after %s, want 200 within %s", got.status, took, deadline)
	}
}
