// Command bench compares the speed of meetbus with that of the least that could stand in its place: a handler that publishes the
// body as it came to JetStream, waits for the acknowledgement, and answers 200. It builds what it compares, starts both in turn,
// each time against a fresh NATS server with a fresh store, and prints tables in Markdown. It fails if any webhook is not answered
// with 200, or if a stream does not hold what was answered so.
//
//	go run ./cmd/bench -run throughput,always -plot docs/speed.svg
//
// The sides:
//
//	meetbus        meetbus serve as shipped: verified, normalized, a CloudEvent with the original, routed, metrics, a line in the
//	               log a webhook (to a file), the outbox; beside a NATS server, or with it embedded
//	bare           net/http and js.PublishMsgAsync with the delivery id as Nats-Msg-Id; "signed" checks the same RSA-2048 signature,
//	               "embedded" has the NATS server in its process. This program is it, started again
//	by hand        bare, but for what it publishes: the body parsed with encoding/json, a CloudEvent of the official SDK with about the
//	               attributes and the data of meetbus, the original in it. No catalogue, no routing, no outbox, no log, no metrics
//	answers only   net/http that reads the body and answers 200: more than this the senders cannot measure here
//
// The webhooks are Dyte's, of 1 KB each, and no two are the same event. Unsigned: meeting.participantJoined, known by their bodies'
// digest. Signed: recording.statusUpdate, known by their delivery id, with bodies signed beforehand. The senders, relay and NATS server
// share the machine. Runs go meetbus, bare, meetbus, bare …; a table shows the medians of both, and the median, least and greatest of
// the ratios of neighbours. Latency is the sender's. Bare sends about half of the bytes to NATS, and forgets whose they are.
//
// The scenarios, of -run; those with * run unless others are named, and "all" is all of them:
//
//	throughput*  closed loop of 1, 16, 64, 256 connections, unsigned and signed, NATS beside with its default sync; answers only
//	byhand       the same of 16, 64, 256 connections, with by hand instead of bare
//	always*      throughput with sync: always, beside and embedded
//	slowsync     always, beside, at 64 and 256 connections, each sync of the NATS server 2 ms slower: takes strace. The relay's own disk
//	             is as it is, so there are also rows without the outbox
//	latency      open loop at half of the highest rate of meetbus: webhooks arrive by chance and wait for no answers, and each latency
//	             counts from the arrival. 60 s and three rounds, if not told otherwise; -rate
//	soak         meetbus alone under the same load for ten minutes, of which the longest answer counts; needs 20 GB of disk
//	recover      meetbus alone, open loop at a quarter, a half and three quarters of its highest rate: the NATS server stands still for
//	             3 s, and then it counts when the outbox is empty. 30 s each
//	memory*      peak memory with 1,000 connections, and with the NATS server frozen for half of the time
//	growth       meetbus alone, small beside large: mapping rules, endpoints, ids in the duplicate window, messages in the stream.
//	             Filling 10,000,000 messages takes minutes: -messages, -ids
//
// The files, in the order of a run:
//
//	main.go       the run; options.go how, machine.go on what
//	scenarios.go  what is compared with what; latency.go, recover.go and growth.go some that take more
//	pair.go       two sides in turn, and what is said of them: medians and ratios
//	measure.go    one side, once: started, loaded, watched (usage.go), compared with its stream
//	rig.go        the processes of a side, built from this module
//	bare.go       the bare relay; byhand.go what it publishes by hand
//	load.go       senders of a closed loop, openloop.go of an open one
//	webhook.go    the bytes that they send; answer.go the bytes that they get; tally.go what they count
//	table.go      what the tables show; plot.go the plot
//	profile.go    processor profiles
package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/meetbus/meetbus/cmd/internal/process"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) > 0 && args[0] == bareCommand {
		return runBare(ctx, args[1:])
	}
	o, err := parse(args)
	if err != nil {
		return err
	}
	b, err := newBench(o, out)
	if err != nil {
		return err
	}
	err = b.run(ctx, args)
	if o.dir == "" && (err == nil || ctx.Err() != nil || b.runs == 0) {
		return errors.Join(err, os.RemoveAll(b.dir))
	}
	return err
}

// run returns what has ended it, or what went wrong in some run.
func (b *bench) run(ctx context.Context, args []string) error {
	if err := process.Build(ctx, b.dir); err != nil {
		return err
	}
	fmt.Fprintf(b.out, "%s\n\n```console\n$ go run ./cmd/bench %s\n```\n", b.machine(ctx), strings.Join(args, " "))
	for _, s := range b.options.scenarios {
		if err := b.play(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	if err := b.plot(); err != nil {
		return err
	}
	return errors.Join(b.problems...)
}

// bench is one invocation.
type bench struct {
	options options
	out     io.Writer
	dir     string
	// self is this program.
	self string
	// publicKey is the file of the key that the pool is signed with.
	publicKey string
	pool      *pool
	// scenario, rounds and during are those of the scenario under way, runs counts all runs.
	scenario string
	rounds   int
	during   time.Duration
	runs     int
	// best is the highest rate of meetbus so far, with NATS's default sync: unsigned and signed.
	best map[bool]float64
	// problems are what went wrong in a run without ending all.
	problems []error
	// drawn are what the plot shows.
	drawn []panel
}

func newBench(o options, out io.Writer) (b *bench, err error) {
	b = &bench{options: o, out: out, dir: o.dir, best: map[bool]float64{}}
	if b.dir == "" {
		if b.dir, err = os.MkdirTemp("", "bench-"); err != nil {
			return nil, err
		}
	}
	for _, dir := range []string{b.dir, o.profiles} {
		if dir != "" {
			if err := os.MkdirAll(dir, 0o700); err != nil {
				return nil, err
			}
		}
	}
	if b.self, err = os.Executable(); err != nil {
		return nil, err
	}
	return b, b.sign()
}

// sign makes a key, and signs with it.
func (b *bench) sign() error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return err
	}
	b.publicKey = filepath.Join(b.dir, "public.pem")
	if err := os.WriteFile(b.publicKey, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), 0o600); err != nil {
		return err
	}
	b.pool, err = newPool(key)
	return err
}

// play runs a scenario.
func (b *bench) play(ctx context.Context, s scenario) error {
	b.scenario, b.rounds, b.during = s.name, s.rounds, s.during
	if b.options.rounds > 0 {
		b.rounds = b.options.rounds
	}
	if b.options.during > 0 {
		b.during = b.options.during
	}
	fmt.Fprintf(b.out, "\n**%s**: %s. Rounds: %d of %s.\n\n", s.name, s.title, b.rounds, b.during)
	return s.run(b, ctx)
}

// connections are those of the scenario, unless others are wanted.
func (b *bench) connections(usual ...int) []int {
	if len(b.options.connections) > 0 {
		return b.options.connections
	}
	return usual
}

// progress tells whoever waits.
func (b *bench) progress(s side, c conditions, r result) {
	fmt.Fprintf(os.Stderr, "%-12s %-14s %-28s %8.0f/s  p99 %s\n", b.scenario, s.name, c, r.rate, r.p99.Round(10*time.Microsecond))
}
