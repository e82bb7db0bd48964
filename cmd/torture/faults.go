package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/meetbus/meetbus/cmd/internal/process"
	"github.com/meetbus/meetbus/relay/bus/bustest"
)

// fault breaks one thing for a while, and heals it.
type fault struct {
	name string
	do   func(s *setup, random *rand.Rand) (what string, err error)
}

// breakThings breaks one thing after the other until ctx ends, and returns what, and how often it did not heal as it should.
func breakThings(ctx context.Context, s *setup, random *rand.Rand) (broken []string, unhealed int) {
	began := time.Now()
	faults := s.faults()
	for {
		select {
		case <-ctx.Done():
			return broken, unhealed
		case <-time.After(between(random, 500*time.Millisecond, 2500*time.Millisecond)):
		}
		f := faults[random.IntN(len(faults))]
		at := time.Since(began)
		what, err := f.do(s, random)
		if err != nil {
			what += ": " + strings.ReplaceAll(err.Error(), "\n", "; ")
			unhealed++
		}
		broken = append(broken, fmt.Sprintf("%5.1fs  %s: %s", at.Seconds(), f.name, what))
	}
}

func between(random *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(random.Int64N(int64(most-least)))
}

// faults are those that this setup can have.
func (s *setup) faults() []fault {
	all := []fault{
		{"kill a relay", func(s *setup, r *rand.Rand) (string, error) { return ended(r, s.relays, syscall.SIGKILL) }},
		{"stop a relay and start it", func(s *setup, r *rand.Rand) (string, error) { return ended(r, s.relays, syscall.SIGTERM) }},
		{"freeze a relay", func(s *setup, r *rand.Rand) (string, error) { return frozen(r, s.relays) }},
	}
	if s.disk != nil {
		all = append(all, fault{"fill a relay's disk", func(s *setup, r *rand.Rand) (string, error) { return s.disk.filled(r) }})
	}
	if len(s.servers) == 0 {
		return all
	}
	if s.network != nil {
		all = append(all, fault{"take a server off the network", func(s *setup, r *rand.Rand) (string, error) { return s.network.parted(r) }})
	}
	if len(s.servers) > 1 {
		all = append(all, fault{"take a server's disk", wiped})
	}
	if s.disk != nil {
		all = append(all, fault{"cut all wires and fill a relay's disk", cutAndFill})
	}
	return append(all,
		fault{"kill a server", func(s *setup, r *rand.Rand) (string, error) { return ended(r, s.servers, syscall.SIGKILL) }},
		fault{"stop a server and start it", func(s *setup, r *rand.Rand) (string, error) { return ended(r, s.servers, syscall.SIGTERM) }},
		fault{"freeze a server", func(s *setup, r *rand.Rand) (string, error) { return frozen(r, s.servers) }},
		fault{"cut a wire", func(s *setup, r *rand.Rand) (string, error) {
			return wired(r, s.wires, (*bustest.Proxy).Part, (*bustest.Proxy).Join)
		}},
		fault{"freeze a wire", func(s *setup, r *rand.Rand) (string, error) {
			return wired(r, s.wires, (*bustest.Proxy).Freeze, (*bustest.Proxy).Thaw)
		}},
		fault{"cut all wires and kill a relay", cutAndKill},
	)
}

func ended(random *rand.Rand, processes []*process.Process, s syscall.Signal) (string, error) {
	p := processes[random.IntN(len(processes))]
	away := between(random, 0, 3*time.Second)
	if err := p.End(s, away); err != nil {
		return p.Name, err
	}
	return fmt.Sprintf("%s for %.1fs", p.Name, away.Seconds()), p.Await()
}

func frozen(random *rand.Rand, processes []*process.Process) (string, error) {
	p := processes[random.IntN(len(processes))]
	still := between(random, 200*time.Millisecond, 5*time.Second)
	p.Signal(syscall.SIGSTOP)
	time.Sleep(still)
	p.Signal(syscall.SIGCONT)
	return fmt.Sprintf("%s for %.1fs", p.Name, still.Seconds()), nil
}

func wired(random *rand.Rand, wires []*bustest.Proxy, breaks, heals func(*bustest.Proxy)) (string, error) {
	i := random.IntN(len(wires))
	still := between(random, 200*time.Millisecond, 5*time.Second)
	breaks(wires[i])
	time.Sleep(still)
	heals(wires[i])
	return fmt.Sprintf("wire %d for %.1fs", i+1, still.Seconds()), nil
}

// wiped ends a server of a cluster, and starts it again without what it has stored. It waits until the others have given it all back:
// who loses the disks of two of three nodes at once loses what was on them.
func wiped(s *setup, random *rand.Rand) (string, error) {
	for i, p := range s.servers {
		if err := p.Until(s.stores[i].current); err != nil {
			return p.Name, err
		}
	}
	i := random.IntN(len(s.servers))
	p, store := s.servers[i], s.stores[i]
	p.Kill()
	if err := os.RemoveAll(store.dir); err != nil {
		return p.Name, err
	}
	if err := p.Start(); err != nil {
		return p.Name, err
	}
	return p.Name, p.Until(store.current)
}

// parted cuts all wires while f runs.
func (s *setup) parted(f func() (string, error)) (string, error) {
	for _, w := range s.wires {
		w.Part()
	}
	defer func() {
		for _, w := range s.wires {
			w.Join()
		}
	}()
	return f()
}

// cutAndFill leaves a relay with nothing but its outbox, and that with no room.
func cutAndFill(s *setup, random *rand.Rand) (string, error) {
	return s.parted(func() (string, error) {
		time.Sleep(time.Second)
		return s.disk.filled(random)
	})
}

// cutAndKill leaves a relay with nothing but its outbox, and kills it.
func cutAndKill(s *setup, random *rand.Rand) (string, error) {
	return s.parted(func() (string, error) { return s.endedAlone(random) })
}

func (s *setup) endedAlone(random *rand.Rand) (string, error) {
	time.Sleep(between(random, time.Second, 2*time.Second))
	what, err := ended(random, s.relays, syscall.SIGKILL)
	time.Sleep(time.Second)
	return what, err
}
