package main

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// openSenders bounds the connections of an open loop. Arrivals that find them all in use wait, and their wait counts.
const openSenders = 2000

// arrivals are the times of webhooks that come whether or not earlier ones are answered: a Poisson process of so many a second,
// and with the same seed always the same.
type arrivals struct {
	random *rand.Rand
	rate   float64
	at     time.Time
}

func newArrivals(rate float64, from time.Time, seed uint64) *arrivals {
	return &arrivals{random: rand.New(rand.NewPCG(seed, 0)), rate: rate, at: from}
}

func (a *arrivals) next() time.Time {
	a.at = a.at.Add(time.Duration(a.random.ExpFloat64() / a.rate * float64(time.Second)))
	return a.at
}

// openLoop sends a webhook at each arrival, until the tally's window ends, and waits for the answers. Latencies count from the time
// of the arrival, so that an answer that stalls makes all those late that come meanwhile.
func openLoop(ctx context.Context, target target, rate float64, most int, warm, during time.Duration, begin func(*tally)) (*tally, error) {
	o := &opened{target: target, most: most}
	start := time.Now()
	from := start.Add(warm)
	o.tally = newTally(from, from.Add(during))
	begin(o.tally)
	for plan := newArrivals(rate, start, 1); ctx.Err() == nil; {
		at := plan.next()
		if !at.Before(o.tally.to) {
			break
		}
		time.Sleep(time.Until(at))
		o.arrive(ctx, at)
	}
	o.dismiss()
	return o.tally, ctx.Err()
}

// opened is an open loop under way.
type opened struct {
	target target
	most   int
	// tally is set before the first arrival.
	tally   *tally
	sending sync.WaitGroup

	mu sync.Mutex
	// idle are senders with nothing to do. The last that was busy is the next to be: providers' clients keep few connections warm, too.
	idle []*opener
	// late are the arrivals that wait for a sender.
	late []time.Time
	// senders counts those that there are, hired those that there ever were.
	senders, hired int
	over           bool
}

// opener is a sender in an open loop, with one connection. A goroutine of its own waits for the answers.
type opener struct {
	*sender
	// at is the arrival whose webhook is on its way; zero if it is idle. It is guarded by opened.mu.
	at time.Time
}

// arrive sends the webhook of an arrival. It is written at once, without waking anybody, if there is an idle sender.
func (o *opened) arrive(ctx context.Context, at time.Time) {
	if s := o.engage(ctx, at); s != nil {
		s.begin()
	}
}

// engage returns an idle sender for an arrival, or gives that to a new one, or has it wait.
func (o *opened) engage(ctx context.Context, at time.Time) *opener {
	o.mu.Lock()
	defer o.mu.Unlock()
	if last := len(o.idle) - 1; last >= 0 {
		s := o.idle[last]
		o.idle, s.at = o.idle[:last], at
		return s
	}
	if o.senders < o.most {
		o.launch(ctx, at)
	} else {
		o.late = append(o.late, at)
	}
	return nil
}

// launch starts a new sender. The caller has locked mu.
func (o *opened) launch(ctx context.Context, at time.Time) {
	o.senders++
	o.hired++
	s := &opener{sender: newSender(o.target, o.hired), at: at}
	o.sending.Go(func() {
		if err := s.connect(ctx); err != nil {
			o.end(ctx, s, answer{}, err)
			return
		}
		s.begin()
		o.listen(ctx, s)
	})
}

// begin writes the next webhook. If it cannot be written, that shows where the answer is awaited.
func (s *opener) begin() {
	if s.post() != nil {
		_ = s.conn.Close()
	}
}

// listen takes the answers to a sender until its connection has ended.
func (o *opened) listen(ctx context.Context, s *opener) {
	defer s.conn.Close()
	for {
		a, err := readAnswer(s.answers)
		if !o.end(ctx, s, a, err) {
			return
		}
	}
}

// end counts the answer to what a sender has sent, and has it go on with what is late. It returns false once nobody sends over its
// connection any more.
func (o *opened) end(ctx context.Context, s *opener, a answer, err error) (goesOn bool) {
	ended := time.Now()
	at, late, goesOn := o.release(ctx, s, err == nil && !a.last)
	if !at.IsZero() { // else the connection was not in use
		o.tally.add(a, err, at, ended, at)
	}
	if late {
		s.begin()
	}
	return goesOn
}

// release returns the arrival that a sender was busy with, and says whether it has one that is late, or can have others, now. If it can
// not, somebody else has to go on with what is late.
func (o *opened) release(ctx context.Context, s *opener, usable bool) (at time.Time, late, goesOn bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	at, s.at = s.at, time.Time{}
	late = len(o.late) > 0
	goesOn = usable && (late || !o.over)
	if !goesOn {
		o.senders--
		o.idle = slices.DeleteFunc(o.idle, func(other *opener) bool { return other == s })
	}
	switch {
	case goesOn && late:
		s.at = o.next()
	case goesOn:
		o.idle = append(o.idle, s)
	case late:
		o.launch(ctx, o.next())
	}
	return at, goesOn && late, goesOn
}

// next is the arrival that has been late for longest. The caller has locked mu.
func (o *opened) next() time.Time {
	at := o.late[0]
	o.late = o.late[1:]
	return at
}

// dismiss waits until all arrivals are answered.
func (o *opened) dismiss() {
	o.mu.Lock()
	o.over = true
	for _, s := range o.idle {
		_ = s.conn.Close()
	}
	o.mu.Unlock()
	o.sending.Wait()
}
