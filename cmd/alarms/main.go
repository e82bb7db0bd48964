// Command alarms proves that the alerts of deploy/prometheus/alerts.yml fire of real faults, that they are gone when the fault is
// mended, and that none fires without one. For each alert it starts a relay with a NATS server of its own, has a real Prometheus
// scrape them all, makes one fault at each of them, waits until the alert fires, mends the fault, and waits until the alert is gone.
// It prints a table in Markdown, and fails if an alert does not fire, stays, or fires where it should not, or if a query of the
// dashboard finds nothing.
//
//	go run ./cmd/alarms -prometheus FOLDER               # all, which takes 18 minutes
//	go run ./cmd/alarms -only MeetbusDown,MeetbusSlow    # some
//
// It wants the programs prometheus and promtool (Debian: package prometheus) in PATH or in that folder. Its working directory is
// this module's root.
//
// The expressions are as they are. What is shortened, by -speed, are the windows, offsets and for: of those rules that look back for
// an hour or more; a rule that is not in this list is loaded to the letter. An alert fires of a fault that no test makes up in a
// metric, with two exceptions that time demands: the week of traffic before MeetbusSilent is written into Prometheus, and the date in
// the copy of a key is set back for MeetbusKeysStale.
//
// The files, in the order of a run:
//
//	main.go        the run: all stages at once, and then the dashboard
//	options.go     which alerts, how much shortened
//	rules.go       the rules, shortened
//	scenes.go      what is done for each alert; faults.go how
//	stage.go       a relay with its NATS server, where one scene is played
//	traffic.go     a provider that sends webhooks there; keyserver.go is where its key is fetched
//	prometheus.go  Prometheus, and what it says; history.go writes a past into it
//	dashboard.go   the queries of the dashboard
//	verdict.go     what came of it all
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/meetbus/meetbus/cmd/internal/process"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "alarms:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "alarms-")
	if err != nil {
		return err
	}
	if err := play(ctx, o, dir, out); err != nil {
		return fmt.Errorf("%w (logs are in %s)", err, dir)
	}
	return os.RemoveAll(dir)
}

// play sets up everything, plays the scenes, and says what came of it.
func play(ctx context.Context, o options, dir string, out io.Writer) error {
	programs := filepath.Join(dir, "bin")
	if err := errors.Join(os.Mkdir(programs, 0o700), process.Build(ctx, programs)); err != nil {
		return err
	}
	stages, err := setUp(ctx, o.scenes, programs, dir)
	defer func() {
		for _, s := range stages {
			s.stop()
		}
	}()
	if err != nil {
		return err
	}
	p, err := startPrometheus(ctx, o, stages, dir)
	if err != nil {
		return err
	}
	defer p.process.Stop()
	v := &verdict{options: o, shortened: p.shortened}
	if v.began, err = time.Now(), quiet(ctx, o.quiet, p, stages); err != nil {
		return err
	}
	v.results = playAll(ctx, p, stages[1:])
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if v.fired, err = p.fired(ctx, time.Since(v.began)); err != nil {
		return err
	}
	if v.queries, err = askDashboard(ctx, p, time.Since(v.began)); err != nil {
		return err
	}
	return v.print(out)
}

// quiet waits, and fails if an alert fires although nothing is wrong anywhere.
func quiet(ctx context.Context, d time.Duration, p *prometheus, stages []*stage) error {
	for _, s := range stages {
		s.traffic.start(ctx)
	}
	if !sleep(ctx, d) {
		return ctx.Err()
	}
	fired, err := p.fired(ctx, d)
	if err == nil && len(fired) > 0 {
		err = fmt.Errorf("while nothing was wrong there fired %v", fired)
	}
	return err
}

// playAll plays each scene at its stage, all at once.
func playAll(ctx context.Context, p *prometheus, stages []*stage) []result {
	results := make([]result, len(stages))
	var all sync.WaitGroup
	for i, s := range stages {
		all.Go(func() {
			results[i] = s.play(ctx, p)
			fmt.Fprintln(os.Stderr, results[i])
		})
	}
	all.Wait()
	return results
}

// setUp starts a relay where nothing happens, and one for each scene. What was started is returned with the error, too.
func setUp(ctx context.Context, scenes []scene, programs, dir string) (stages []*stage, err error) {
	for _, s := range append([]scene{control}, scenes...) {
		at, err := newStage(s, programs, filepath.Join(dir, s.name()))
		if err != nil {
			return stages, err
		}
		stages = append(stages, at)
		if err := at.start(); err != nil || ctx.Err() != nil {
			return stages, errors.Join(err, ctx.Err())
		}
	}
	return stages, nil
}

// sleep waits, and reports whether it could do so to the end.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
