// Command interop proves that others can read what meetbus writes: the subscribers of docs/subscribers, and the CloudEvents SDKs for
// Go and JavaScript. For each content mode it starts a NATS server and a relay, sends them signed webhooks, and has each reader read
// the stream. It prints two tables in Markdown, and fails if a subscriber misses an event, or an SDK reads anything else than what was
// sent and no remedy helps.
//
//	go run ./cmd/interop                                        # everything
//	go run ./cmd/interop -sdk js -mode binary -case percent     # one cell of the second table
//	go run ./cmd/interop -subscriber node -mode structured      # one cell of the first
//
// It wants node, jq, and before the first time npm ci in docs/subscribers/node. Its working directory is this module's root.
//
// What an SDK must read is worked out from the webhook in this package, by hand, and not by packages normalize and schemas; only the
// time of arrival is taken from the message.
//
// The files, in the order of a run:
//
//	main.go         the run: for each mode set up, send, read, compare
//	options.go      which cells
//	rig.go          a NATS server and a relay in one mode; webhook.go sends to it, signed as the providers sign
//	cases.go        what is sent to try SDKs, and expect.go what they must read
//	message.go      the stream as it is, read with nothing but encoding/json
//	subscribers.go  the subscribers of docs/subscribers, and what each must print
//	sdkgo.go        the SDK for Go; sdkjs.go and reader.mjs the one for JavaScript
//	compare.go      what was read against what was sent: as is, else with the fewest remedies
//	report.go       the tables, and whether a page shows them
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
	"syscall"

	"github.com/meetbus/meetbus/cmd/internal/process"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "interop:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "interop-")
	if err != nil {
		return err
	}
	if err := prepare(ctx, o, dir); err != nil {
		return errors.Join(err, os.RemoveAll(dir))
	}
	r := newReport(o)
	for _, m := range o.modes {
		if err := inMode(ctx, o, m, dir, r); err != nil {
			return fmt.Errorf("%s mode: %w (logs are in %s)", m, err, dir)
		}
	}
	if err := r.print(out); err != nil {
		return fmt.Errorf("%w (logs are in %s)", err, dir)
	}
	return os.RemoveAll(dir)
}

// prepare builds what is run.
func prepare(ctx context.Context, o options, dir string) error {
	if o.usesNode() {
		if err := checkNode(); err != nil {
			return err
		}
	}
	if err := process.Build(ctx, dir); err != nil {
		return err
	}
	for _, s := range o.subscribers {
		if s.build == nil {
			continue
		}
		if err := runs(ctx, s.build(dir)); err != nil {
			return fmt.Errorf("build subscriber %s: %w", s.name, err)
		}
	}
	return nil
}

// inMode fills the columns of one content mode.
func inMode(ctx context.Context, o options, m mode, dir string, r *report) error {
	rig, err := setUp(m, dir, filepath.Join(dir, string(m)))
	if err != nil {
		return err
	}
	defer rig.stop()
	if len(o.subscribers) > 0 {
		if err := rig.spoil(ctx); err != nil {
			return err
		}
		if err := rig.sendSamples(ctx); err != nil {
			return err
		}
	}
	sent, err := rig.sendCases(ctx, o.cases)
	if err != nil {
		return err
	}
	messages, err := rig.messages(ctx)
	if err != nil {
		return err
	}
	for _, s := range o.subscribers {
		types, err := s.watch(ctx, rig, messages)
		r.subscribed(s, m, types, err)
	}
	for _, s := range o.sdks {
		readings, err := s.read(ctx, rig, messages)
		if err != nil {
			return fmt.Errorf("SDK %s: %w", s.name, err)
		}
		for _, c := range o.cases {
			r.read(s, m, c, c.judge(m, sent[c.name], messages, readings))
		}
	}
	return nil
}
