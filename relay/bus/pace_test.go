package bus

import (
	"slices"
	"testing"
	"time"
)

// shop is a server that takes so many messages a second apart, and so many in batches, of a hundred usually.
type shop struct {
	pace
	now           time.Time
	apart, atOnce float64
	group         int64
	done          load
	taken         []way
}

// serve has it take groups for a while.
func (s *shop) serve(d time.Duration) {
	for ends := s.now.Add(d); s.now.Before(ends); {
		w := s.choose(s.now, s.group, s.done, true)
		s.taken = append(s.taken, w)
		rate := s.apart
		if w == together {
			rate = s.atOnce
		}
		took := time.Duration(float64(s.group) / rate * float64(time.Second))
		s.now = s.now.Add(took)
		s.done.answered += s.group
		s.done.waited += time.Duration(s.group) * took
		switch w {
		case together:
			s.sentTogether(s.now, int(s.group), took)
		case probing:
			s.probed(s.now, s.apart)
		}
	}
}

// share is how many of a hundred groups went one way since the last call.
func (s *shop) share(w way) int {
	n := 0
	for _, taken := range s.taken {
		if taken == w {
			n++
		}
	}
	share := 100 * n / len(s.taken)
	s.taken = nil
	return share
}

func newShop(apart, atOnce float64) *shop {
	return &shop{now: time.Unix(0, 0), apart: apart, atOnce: atOnce, group: 100}
}

func TestPaceTakesTheFasterWay(t *testing.T) {
	for _, c := range []struct {
		name          string
		apart, atOnce float64
		want          way
	}{
		{"batches are slower", 10000, 5000, apart},
		{"batches are as fast", 10000, 10000, apart},
		{"batches are a little faster, and not worth the wait", 10000, 11500, apart},
		{"batches are faster", 10000, 13000, together},
		{"batches are many times faster", 1000, 20000, together},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newShop(c.apart, c.atOnce)
			s.serve(5 * time.Second)
			s.taken = nil
			s.serve(time.Minute)
			if s.pace.now != c.want {
				t.Errorf("way %d, want %d", s.pace.now, c.want)
			}
			if share := s.share(c.want); share < 90 {
				t.Errorf("%d of 100 groups went that way", share)
			}
		})
	}
}

// TestPaceHoldsUpNobody: while messages do not wait for long, batches are not tried, and they are once messages do.
func TestPaceHoldsUpNobody(t *testing.T) {
	s := newShop(10000, 20000)
	s.group = 49
	s.serve(time.Minute)
	if share := s.share(apart); share < 100 {
		t.Fatalf("%d of 100 groups went apart that wait for less than %s", share, promptMax)
	}
	s.group = 51
	s.serve(slowMin - 10*time.Millisecond)
	if share := s.share(apart); share < 100 {
		t.Fatalf("%d of 100 groups went apart before it was slow for %s", share, slowMin)
	}
	s.serve(time.Second)
	if s.pace.now != together {
		t.Errorf("way %d after a second in which they wait for longer", s.pace.now)
	}
}

// A disk that becomes fast, or slow, changes the way, and the next change is noticed as soon as the first.
func TestPaceFollows(t *testing.T) {
	s := newShop(1000, 10000)
	s.serve(5 * time.Second)
	for i, c := range []struct {
		apart, atOnce float64
		want          way
	}{{20000, 10000, apart}, {1000, 10000, together}, {20000, 10000, apart}} {
		s.apart, s.atOnce = c.apart, c.atOnce
		s.serve(10 * time.Second)
		if s.pace.now != c.want {
			t.Fatalf("after change %d: way %d, want %d", i, s.pace.now, c.want)
		}
	}
}

// TestPaceBegins: where the disk is known to be synced, the very first group is a batch; and what is faster is found out all the same.
func TestPaceBegins(t *testing.T) {
	for _, c := range []struct {
		apart, atOnce float64
		want          way
	}{{1000, 20000, together}, {20000, 10000, apart}} {
		s := newShop(c.apart, c.atOnce)
		s.pace = newPace(true)
		s.serve(time.Millisecond)
		if s.taken[0] != together {
			t.Errorf("the first group went way %d", s.taken[0])
		}
		s.serve(5 * time.Second)
		if s.pace.now != c.want {
			t.Errorf("in the end it is way %d, want %d", s.pace.now, c.want)
		}
	}
}

// The pause before the next trial doubles as long as nothing changes, up to the longest, and is short again after a change; it is four
// times as long where one way is far better.
func TestPacePauses(t *testing.T) {
	p, at := pace{apart: 1000}, time.Unix(0, 0)
	var pauses []time.Duration
	decide := func(batched float64) {
		p.batched = batched
		p.decide(at)
		pauses = append(pauses, p.pause)
		if !p.next.Equal(at.Add(p.pause)) {
			t.Errorf("next at %s, want after %s", p.next.Sub(at), p.pause)
		}
	}
	for range 9 {
		decide(1000)
	}
	decide(5000)
	decide(5000)
	decide(1500)
	decide(1000)
	var want []time.Duration
	for _, ms := range []int{250, 500, 1000, 2000, 4000, 8000, 16000, 32000, 32000, 250, 1000, 2000, 250} {
		want = append(want, time.Duration(ms)*time.Millisecond)
	}
	if !slices.Equal(pauses, want) {
		t.Errorf("pauses %v, want %v", pauses, want)
	}
}

// Batches that are refused, or wait for an answer that never comes, are given up long before the next probe is due.
func TestPaceGivesUpSlowBatches(t *testing.T) {
	s := newShop(1000, 10000)
	s.serve(5 * time.Minute)
	if s.pace.now != together || s.pause != trialPauseMax {
		t.Fatalf("way %d, next probe after %s, want batches and %s", s.pace.now, s.pause, trialPauseMax)
	}
	s.next, s.atOnce = s.now.Add(trialPauseMax), 200 // half a second for each
	s.serve(10 * time.Second)
	if s.pace.now != apart {
		t.Error("still batches after 10 s")
	}
}

func TestPaceWithoutCompany(t *testing.T) {
	for name, p := range map[string]pace{
		"at first":          {},
		"batches are known": {now: together, apart: 1000, batched: 10000},
		"in a trial":        {apart: 1000, tries: trial},
		"time for a probe":  {now: together, next: time.Unix(-1, 0)},
	} {
		if w := p.choose(time.Unix(1, 0), busy-1, load{}, true); w != apart {
			t.Errorf("%s: way %d", name, w)
		}
		if p.tries > 0 {
			t.Errorf("%s: still in a trial: %+v", name, p)
		}
	}
}

func TestPaceWithoutBatches(t *testing.T) {
	var p pace
	for i := range 1000 {
		if w := p.choose(time.Unix(0, 0).Add(time.Duration(i)*10*time.Millisecond), 100, load{answered: int64(i) * 100}, false); w != apart {
			t.Fatalf("group %d: way %d", i, w)
		}
	}
}

// A trial waits for a moment while there are too few messages for a batch. One that is cut short, as by a load that comes and goes, is
// not begun again at once.
func TestPacePutsOffATrialThatIsCutShort(t *testing.T) {
	begin := time.Unix(0, 0)
	p := pace{apart: 1000}
	choose := func(after time.Duration, under int64, want way) {
		t.Helper()
		p.slow = begin.Add(after - slowMin)
		if got := p.choose(begin.Add(after), under, load{}, true); got != want {
			t.Errorf("after %s with %d under way: way %d, want %d", after, under, got, want)
		}
	}
	choose(0, busy, together)
	choose(trialMax, busy-1, apart)
	choose(trialMax, busy, together)
	cut := trialMax + time.Millisecond
	choose(cut, busy-1, apart)
	choose(cut, busy, apart)
	choose(cut+trialPauseMin, busy, apart)
	choose(cut+trialPauseMin+1, busy, together)
}

// TestPaceLeavesOutIdleTime: it says nothing of the rate, and nobody was waiting.
func TestPaceLeavesOutIdleTime(t *testing.T) {
	at := time.Unix(0, 0)
	var p pace
	p.choose(at, 2*busy, load{}, true)
	p.choose(at.Add(10*time.Second), 2*busy, load{answered: 1000, waited: 70 * time.Second}, true)
	if p.apart != 0 || !p.slow.IsZero() {
		t.Errorf("%v a second, slow since %s", p.apart, p.slow)
	}
	p.choose(at.Add(20*time.Second), 2*busy, load{answered: 2000, waited: 151 * time.Second}, true)
	if p.apart != 100 || !p.slow.Equal(at.Add(10*time.Second)) {
		t.Errorf("%v a second, slow since %s; want 100, and since 10 s", p.apart, p.slow)
	}
}

// The first batch of a trial finds the server still at work with what was sent before: it says nothing.
func TestPaceLeavesOutTheFirstOfATrial(t *testing.T) {
	p := pace{apart: 1000, tries: trial + 1}
	at := time.Unix(0, 0)
	p.sentTogether(at, 100, time.Hour)
	for range trial {
		p.sentTogether(at, 100, 10*time.Millisecond)
	}
	if p.now != together || p.batched != 10000 {
		t.Errorf("way %d at %v messages a second, want batches at 10000", p.now, p.batched)
	}
}

// TestPaceEndsATrial: the first batch that is clearly slower, or faster, is the last of a trial, and one that is a little so is not.
func TestPaceEndsATrial(t *testing.T) {
	for _, c := range []struct {
		took time.Duration
		left int
		now  way
	}{{201, 0, apart}, {199, trial - 1, apart}, {51, trial - 1, apart}, {49, 0, together}} {
		p := pace{apart: 1000, tries: trial}
		p.sentTogether(time.Unix(0, 0), 100, c.took*time.Millisecond)
		if p.tries != c.left || p.now != c.now {
			t.Errorf("a hundred in %d ms: %d batches are left of the trial, want %d; way %d, want %d", c.took, p.tries, c.left, p.now, c.now)
		}
	}
}
