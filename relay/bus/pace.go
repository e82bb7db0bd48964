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
	// windowMin is how long messages are sent apart, with so many under way on the average, until their rate is known.
	windowMin = 50 * time.Millisecond
	// promptMax is how long a message may wait for its answer before the other way is worth a trial, and slowMin for how long they must
	// have waited longer. A batch takes about as long however small it is, on a fast disk, and holds up what comes meanwhile.
	promptMax = 5 * time.Millisecond
	slowMin   = 500 * time.Millisecond
	// trial is how many batches are sent to see how fast that is, after a first one that finds the server still at work. The first that
	// shows clearly that they are slower, or faster, by clearGain, is the last. While there are too few messages for one, it waits, but
	// for no longer than trialMax since it began.
	trial    = 4
	trialMax = 250 * time.Millisecond
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
	// tries are how many batches of a trial are still to be sent, and began is when it began.
	tries int
	began time.Time
}

// load is what a line has done so far.
type load struct {
	// answered counts the messages that the server has answered. waited is how long those that are over were under way, all together.
	answered int64
	waited   time.Duration
}

// window is a time in which messages are sent apart, and what had been done before.
type window struct {
	since  time.Time
	before load
}

// newPace is that of a server of which nothing is measured. One that syncs its disk for each message gets batches first: it would be
// slow until that was found out, when many come at once.
func newPace(synced bool) pace {
	if synced {
		return pace{now: together}
	}
	return pace{now: apart}
}

// choose returns the way for the next group, of which under messages are under way, by what was done so far.
func (p *pace) choose(at time.Time, under int64, done load, batches bool) way {
	if !batches || under < busy {
		if p.tries > 0 && at.Sub(p.began) > trialMax {
			p.rest(at)
		}
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
	p.watch(at, done)
	if p.apart > 0 && p.isSlow(at) && at.After(p.next) {
		p.tries, p.began, p.batched = trial+1, at, 0
		return together
	}
	return apart
}

// isSlow says whether messages sent apart have been waiting for long enough.
func (p *pace) isSlow(at time.Time) bool { return !p.slow.IsZero() && at.Sub(p.slow) >= slowMin }

// rest ends a trial without a result, and puts off the next, or one would begin whenever there are enough messages again.
func (p *pace) rest(at time.Time) {
	p.next, p.tries = at.Add(max(p.pause, trialPauseMin)), 0
	p.window, p.slow = window{}, time.Time{}
}

// watch measures how fast messages are answered that are sent apart, and how long each was under way. How many were so at a time, on the
// average, is what they waited all together, shared by the time (Little's law): too few, and neither says anything.
func (p *pace) watch(at time.Time, done load) {
	w := p.window
	took := at.Sub(w.since)
	if !w.since.IsZero() && took < windowMin {
		return
	}
	if p.window = (window{at, done}); w.since.IsZero() {
		return
	}
	answered, waited := done.answered-w.before.answered, done.waited-w.before.waited
	if waited < busy*took {
		p.slow = time.Time{}
		return
	}
	p.apart = faded(p.apart, perSecond(int(answered), took))
	switch {
	case waited < time.Duration(answered)*promptMax:
		p.slow = time.Time{}
	case p.slow.IsZero():
		p.slow = w.since
	}
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
	clearly := p.batched > clearGain*p.apart || clearGain*p.batched < p.apart
	if p.tries--; p.tries == 0 || p.tries < trial && clearly {
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
