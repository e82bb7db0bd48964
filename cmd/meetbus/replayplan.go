package main

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/meetbus/meetbus/config"
	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/relay/bus"
	"github.com/meetbus/meetbus/relay/bus/embedded"
	"github.com/meetbus/meetbus/relay/route"
	"github.com/meetbus/meetbus/schemas"
)

// replaysKept is how long a replay stays in its stream.
const replaysKept = 24 * time.Hour

// replayPlan is what a replay would do.
type replayPlan struct {
	from         bus.ReadOptions
	main         string
	extent       bus.Extent
	kind, prefix string
	into         bus.Stream
	envelope     schemas.Envelope
	again        func(*schemas.Event, http.Header, []byte) (*normalize.Event, route.Decision, error)
}

// plan finds out what is to be replayed, and whether it may go where it shall. It changes nothing.
func (o replayOptions) plan(ctx context.Context) (replayPlan, error) {
	if err := o.check(); err != nil {
		return replayPlan{}, err
	}
	server, c, err := o.resolve()
	if err != nil {
		return replayPlan{}, err
	}
	today, err := relayOf(c, nil)
	if err != nil {
		return replayPlan{}, err
	}
	p := replayPlan{
		from: bus.ReadOptions{Server: server, Stream: c.Stream.Name, Start: bus.Start{Since: o.since.Time}, Log: zap.NewNop()},
		main: c.Stream.Name, kind: o.kind, prefix: o.prefix, envelope: c.Envelope(), again: today.Again,
	}
	if err := o.checkApart(c); err != nil {
		return replayPlan{}, err
	}
	if p.into, err = replaysOf(c, o.prefix); err != nil {
		return replayPlan{}, err
	}
	if err := p.checkServer(ctx); err != nil {
		return replayPlan{}, err
	}
	p.extent, err = bus.Measure(ctx, p.from)
	return p, err
}

// subjectPrefix is what may stand before the subjects of replays. Those that begin with _ or $ are the servers'.
var subjectPrefix = regexp.MustCompile(`^[A-Za-z0-9-][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*$`)

func (o replayOptions) check() error {
	switch {
	case o.since.IsZero():
		return usagef("since when? --since is how long ago, such as 24h, or when, such as 2026-11-24T09:00:00Z")
	case o.prefix == "":
		return usagef("where to? --to is the prefix of the subjects, such as replay")
	case len(o.prefix) > 128 || !subjectPrefix.MatchString(o.prefix):
		return usagef("--to is %q: it must be at most 128 letters, digits, - and _ in tokens between dots, such as replay.monday", o.prefix)
	case !slices.ContainsFunc(typeNames(), route.Glob(o.kind).Matches) && !o.mayBeUnmapped():
		return usagef("--type is %q: no type is called so; meetbus types lists them", o.kind)
	}
	return nil
}

// mayBeUnmapped says whether the glob fits a type that is not in the catalogue: <provider>.<its own name>.
func (o replayOptions) mayBeUnmapped() bool {
	return slices.ContainsFunc(providerNames(), func(provider string) bool {
		return regexp.MustCompile(`^\*|^` + provider + `\.`).MatchString(o.kind)
	})
}

// checkApart refuses a prefix whose subjects are, or could pass for, those of the relay.
func (o replayOptions) checkApart(c config.Config) error {
	table, err := c.Table()
	if err != nil {
		return usageError{err}
	}
	for stream, subjects := range map[string][]string{
		c.Stream.Name: table.Subjects(), deadLetters(c.Stream.Name): table.DeadLetterSubjects(),
	} {
		if _, theirs, overlap := bus.Overlap([]string{o.prefix, o.prefix + ".>"}, subjects); overlap {
			return usagef("--to is %q: stream %s holds %q, and a replay must not pass for an event; choose another prefix", o.prefix, stream, theirs)
		}
	}
	return nil
}

// replaysOf says what the stream of replays must be. On the embedded server it takes not more than a quarter of what is free.
func replaysOf(c config.Config, prefix string) (bus.Stream, error) {
	s := bus.Stream{
		Name: replays(c.Stream.Name), Subjects: []string{prefix + ".>"}, Replicas: c.Stream.Replicas, Manage: true,
		MaxAge: replaysKept, DuplicateWindow: min(c.Stream.DuplicateWindow, replaysKept), OwnMaxBytes: true,
	}
	if c.NATS.URL == "" {
		if half, err := embedded.HalfOfFreeDisk(c.DataDir); err == nil { // else it is the server of another machine
			s.MaxBytes = half / 2
		}
	}
	return s, nil
}

// checkServer asks the server whether the stream of replays can hold the prefix.
func (p replayPlan) checkServer(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, serverPatience)
	defer cancel()
	if err := refuseGuest(ctx, p.from.Server); err != nil {
		return err
	}
	report, err := bus.Inspect(ctx, bus.Options{
		Name: "meetbus", Server: p.from.Server, Streams: []bus.Stream{p.into}, Log: zap.NewNop(),
	})
	if err != nil {
		return unreachable(p.from.Server, err)
	}
	if len(report.Faults) > 0 {
		return fmt.Errorf("replay: %s", report.Faults[0])
	}
	for _, s := range report.Streams {
		if len(s.Faults) > 0 && s.Exists && len(s.Add) == 0 {
			return fmt.Errorf("stream %s: %s", s.Name, s.Faults[0])
		}
		if len(s.Faults) > 0 { // of a subject that it is to get
			return usagef("--to is %q: %s: choose another prefix", p.prefix, s.Faults[0].Setting)
		}
	}
	return nil
}

// question is what is asked before anything is done.
func (p replayPlan) question() string {
	which := count(int(p.extent.Messages), "event")
	if p.kind != "*" {
		which = fmt.Sprintf("those of %s that are %s", which, printable(p.kind))
	}
	return fmt.Sprintf("Replay %s, stored from %s to %s, to %s.> in stream %s?",
		which, localTime(p.extent.First), localTime(p.extent.Last), p.prefix, printable(p.into.Name))
}
