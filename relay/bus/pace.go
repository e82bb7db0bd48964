package bus

import "time"

// way is how a group of messages is sent.
type way int

const (
	// apart: each message is stored for itself.
	apart way = iota
	// together: as one batch, and what comes meanwhile waits for the next.
	together
	// probing: apart, and waited for, to see how fast that is now.
	probing
)

const (
	// busy is how many messages must be under way for a batch to be worth a thought.
	busy = 8
	// windowMin is how long messages are sent apart, all the time busy, until their rate is known.
	windowMin = 50 * time.Millisecond
	// promptMax is how long a message may wait for its answer before the other way is worth a trial, and slowMin for how long they must
	// have waited longer. A batch takes about as long however small it is, on a fast disk, and holds up what comes meanwhile.
	promptMax = 5 * time.Millisecond
	slowMin   = 500 * time.Millisecond
	// trial is how many batches are sent to see how fast that is, after a first one that finds the server still at work. The first that
	// shows clearly that they are slower, by clearGain, is the last.
	trial = 4
	// gain is how much faster batches must be, to be worth the wait for the first message of one.
	gain = 1.2
	// The other way is tried so often: at first, and twice as long after each time that the present one has proved better; four times
	// as long if better by a factor of clearGain.
	trialPauseMin, trialPauseMax = 250 * time.Millisecond, 32 * time.Second
	clearGain                    = 2
	// probeMin is the first step of a probe. The next is twice as large if it has been faster by probeGain, and has not taken probeMax.
	probeMin  = 16
	probeGain = 1.3
	probeMax  = 25 * time.Millisecond
	// fading is the weight of the latest rate among those before it.
	fading = 0.3
)

// pace finds out which way is faster, by trying: that depends on the disk, the server and the processors, and changes. A sync of the
// disk for each message makes batches many times faster, and without one they are slower.
type pace struct {
	// now is apart or together.
	now way
	// apart and batched are how many messages a second the ways have made when last used.
	apart, batched float64
	// window is what is measured now, and slow since when messages have been waiting for more than promptMax; zero if they are not.
	window window
	slow   time.Time
	// next is when the other way is tried, pause how long after that again.
	next  time.Time
	pause time.Duration
	// tries are how many batches of a trial are still to be sent.
	tries int
}

// window is a time in which messages are sent apart, and all the time many are under way.
type window struct {
	since time.Time
	// answered is how many had been answered before, groups how many groups were sent since, and under how many messages were under way
	// then, all together.
	answered, groups, under int64
}

// newPace is that of a server of which nothing is measured. One that syncs its disk for each message gets batches first: it would be
// slow until that was found out, when many come at once.
func newPace(synced bool) pace {
	if synced {
		return pace{now: together}
	}
	return pace{now: apart}
}

// choose returns the way for the next group, of which under messages are under way, and answered have been answered ever.
func (p *pace) choose(at time.Time, under, answered int64, batches bool) way {
	if !batches || under < busy {
		p.rest(at)
		return apart
	}
	switch {
	case p.tries > 0:
		return together
	case p.now == together && p.batched > 0 && !at.Before(p.next):
		return probing
	case p.now == together:
		return together
	}
	p.watch(at, under, answered)
	if p.isSlow(at) && at.After(p.next) {
		p.tries, p.batched = trial+1, 0
		return together
	}
	return apart
}

// isSlow says whether messages sent apart have been waiting for long enough.
func (p *pace) isSlow(at time.Time) bool { return !p.slow.IsZero() && at.Sub(p.slow) >= slowMin }

// rest ends what needs many messages: without them nothing can be measured. A trial that is cut short is put off, or one would begin
// whenever there are enough again.
func (p *pace) rest(at time.Time) {
	if p.tries > 0 {
		p.next = at.Add(max(p.pause, trialPauseMin))
	}
	p.window, p.slow, p.tries = window{}, time.Time{}, 0
}

// watch measures how fast messages are answered that are sent apart, and how long each waits for it: that is how many are under way,
// shared by how many are answered.
func (p *pace) watch(at time.Time, under, answered int64) {
	w := &p.window
	if w.since.IsZero() {
		*w = window{since: at, answered: answered}
	}
	w.groups++
	w.under += under
	took := at.Sub(w.since)
	if took < windowMin {
		return
	}
	rate := perSecond(int(answered-w.answered), took)
	p.apart = faded(p.apart, rate)
	switch prompt := float64(w.under)/float64(w.groups) < rate*promptMax.Seconds(); {
	case prompt:
		p.slow = time.Time{}
	case p.slow.IsZero():
		p.slow = w.since
	}
	*w = window{since: at, answered: answered}
}

// sentTogether learns from a group that was sent together. If batches have become slower than the other way was, as when they are
// refused or not answered, that one is tried at once.
func (p *pace) sentTogether(at time.Time, n int, took time.Duration) {
	if p.tries != trial+1 {
		p.batched = faded(p.batched, perSecond(n, took))
	}
	if p.tries == 0 {
		if p.batched < p.apart {
			p.next = at
		}
		return
	}
	if p.tries--; p.tries == 0 || p.tries < trial && p.batched*clearGain < p.apart {
		p.tries = 0
		p.decide(at)
	}
}

// probed learns how fast messages are that are sent apart.
func (p *pace) probed(at time.Time, rate float64) {
	p.apart = rate
	p.decide(at)
}

// decide takes the way that has proved faster, and puts off the next trial.
func (p *pace) decide(at time.Time) {
	better := apart
	if p.batched > p.apart*gain {
		better = together
	}
	longer := time.Duration(2)
	if max(p.apart, p.batched) > clearGain*min(p.apart, p.batched) {
		longer = 4
	}
	if p.pause = min(max(longer*p.pause, trialPauseMin), trialPauseMax); better != p.now {
		p.pause = trialPauseMin
	}
	p.now, p.next, p.window, p.slow = better, at.Add(p.pause), window{}, time.Time{}
}

// faded is a rate among those before it.
func faded(before, now float64) float64 {
	if before == 0 {
		return now
	}
	return (1-fading)*before + fading*now
}

func perSecond(n int, took time.Duration) float64 { return float64(n) / took.Seconds() }
