package relay

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestTurnstile: as many pass at once as may, the next when one of them leaves, and who has waited for turnMax passes all the same,
// and takes no place with it.
func TestTurnstile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := newTurnstile()
		var leave func()
		for range abreast {
			leave = turns.pass()
		}
		began := time.Now()
		time.AfterFunc(time.Millisecond, leave)
		leave = turns.pass()
		if waited := time.Since(began); waited != time.Millisecond {
			t.Errorf("the next has passed after %s, want it when one has left", waited)
		}
		began = time.Now()
		late := turns.pass()
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
