// Command torture plays providers against relays of meetbus while it kills, stops, cuts and fills what they run on, and then
// compares what was answered with what is stored. It prints one table, and fails if anything that was answered with 200 is lost,
// stored twice or out of order.
//
//	go run ./cmd/torture -setup beside -for 1m -seed 7
//
// The files, in the order of a run:
//
//	main.go      the run: set up, play, break, heal, compare
//	setup.go     the processes: NATS servers and relays, built from this module
//	provider.go  webhooks as a provider sends them, with its retries; journal.go keeps what was answered
//	network.go   the network of the servers, of which one can be taken off
//	balancer.go  one address for several relays
//	faults.go    what is broken, when, and healed again: all of it drawn from the seed; disk.go is the disk that is filled
//	verdict.go   the journal against the streams
//	linux.go     what only Linux has, and other.go where there is none
//
// The processes themselves are those of cmd/internal/process.
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var o options
	flag.StringVar(&o.setup, "setup", "beside", "embedded, beside (one NATS server), cluster (three, and two relays)")
	flag.DurationVar(&o.during, "for", time.Minute, "how long to play and break")
	flag.Uint64Var(&o.seed, "seed", uint64(time.Now().UnixNano()), "what the faults are drawn from")
	flag.IntVar(&o.meetings, "meetings", 8, "meetings that send at the same time")
	flag.DurationVar(&o.pace, "pace", 20*time.Millisecond, "time between two webhooks of a meeting")
	flag.StringVar(&o.dir, "dir", "", "folder for stores, logs and the journal (default a temporary one, kept after a failure)")
	flag.StringVar(&o.sync, "sync", "always", "how often the stores are synced: always, or an interval such as 2m")
	flag.BoolVar(&o.calm, "calm", false, "break nothing")
	flag.Parse()
	good, err := run(ctx, o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "torture:", err)
		os.Exit(1)
	}
	if !good {
		os.Exit(1)
	}
}

type options struct {
	setup    string
	during   time.Duration
	seed     uint64
	meetings int
	pace     time.Duration
	dir      string
	sync     string
	calm     bool
}

// run returns whether everything that was promised was kept.
func run(ctx context.Context, o options) (good bool, err error) {
	if o.dir == "" {
		if o.dir, err = os.MkdirTemp("", "torture-"); err != nil {
			return false, err
		}
		defer func() {
			if good {
				_ = os.RemoveAll(o.dir)
			} else {
				fmt.Println("stores, logs and journal are kept in", o.dir)
			}
		}()
	}
	s, err := setUp(ctx, o)
	if err != nil {
		return false, err
	}
	defer s.stop()
	j, err := openJournal(filepath.Join(o.dir, "journal.ndjson"))
	if err != nil {
		return false, err
	}
	if s.disk == nil {
		fmt.Println("no disk is filled: no file system can be mounted here")
	}
	fmt.Printf("setup %s, sync %s, seed %d, %s, %d meetings\n", o.setup, o.sync, o.seed, o.during, o.meetings)

	playing, end := context.WithTimeout(ctx, o.during)
	defer end()
	players := play(playing, o, s.url(), j)
	var broken []string
	unhealed := 0
	if !o.calm {
		broken, unhealed = breakThings(playing, s, rand.New(rand.NewPCG(o.seed, 0)))
	}
	players.Wait()
	if err := s.heal(ctx); err != nil {
		return false, err
	}
	if err := s.settle(ctx); err != nil {
		return false, err
	}
	stored, err := s.stored(ctx)
	if err != nil {
		return false, err
	}
	v := judge(j.events(), stored)
	v.unhealed = unhealed
	v.print(os.Stdout, broken)
	return v.good(), j.close()
}
