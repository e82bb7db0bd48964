package main

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// openSenders bounds the connections of an open loop. Arrivals that find them all in use wait, and their wait counts.
	openSenders = 2000
	// readySenders are connected before the first arrival, as a provider's are that sends all day.
	readySenders = 64
	// arrivalsMax bounds the arrivals that wait for a connection.
	arrivalsMax = 1 << 16
)

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
	o := &opened{target: target, due: make(chan time.Time, arrivalsMax)}
	defer o.dismiss()
	for range min(readySenders, most) {
		if err := o.hire(ctx).connect(ctx); err != nil {
			return nil, err
		}
	}
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
		if o.free.Add(-1) < 0 && o.senders < most {
			o.hire(ctx)
		}
		o.due <- at
	}
	o.dismiss()
	return o.tally, ctx.Err()
}

// opened is an open loop under way.
type opened struct {
	target target
	// tally is set before the first arrival.
	tally   *tally
	due     chan time.Time
	senders int
	sending sync.WaitGroup
	// free is how many senders are idle, less the arrivals that wait for one.
	free   atomic.Int64
	ending sync.Once
}

// hire starts a sender, which is its own once there are arrivals.
func (o *opened) hire(ctx context.Context) *sender {
	s := newSender(o.target, o.senders)
	o.senders++
	o.free.Add(1)
	o.sending.Go(func() {
		defer s.close()
		for at := range o.due {
			a, err := s.send(ctx)
			o.tally.add(a, err, at, time.Now(), at)
			o.free.Add(1)
		}
	})
	return s
}

// dismiss waits until all arrivals are answered.
func (o *opened) dismiss() {
	o.ending.Do(func() { close(o.due) })
	o.sending.Wait()
}
