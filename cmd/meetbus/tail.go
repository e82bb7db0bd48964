package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.uber.org/zap"

	"github.com/meetbus/meetbus/relay/bus"
	"github.com/meetbus/meetbus/schemas"
)

func newTail() *cobra.Command {
	var o tailOptions
	cmd := &cobra.Command{
		Use:   "tail [SUBJECT...]",
		Short: "Show the last events, then what comes",
		Long: "Show the last 10 events on the bus, then what comes. SUBJECT may have wildcards. With -o json each line is a\n" +
			"CloudEvent in JSON: exactly as it is stored, or put together from the headers of binary mode. The other form is for\n" +
			"people.",
		Example: `  meetbus tail
  meetbus tail 'meeting.*' --since 10m
  meetbus tail --meeting 7d2f6a10-4c3b-4e58-9a71-b6c5d4e3f201
  meetbus tail --all --no-follow -o json | jq '.data.original | fromjson'`,
		ValidArgsFunction: completeWords(),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.given = cmd.Flags().Changed
			start, err := o.start()
			if err != nil {
				return err
			}
			if err := checkSubjects(args); err != nil {
				return err
			}
			server, c, err := o.resolve()
			if err != nil {
				return err
			}
			t := tail{
				read: bus.ReadOptions{
					Server: server, Stream: c.Stream.Name, Subjects: args, Start: start, Follow: !o.noFollow, Log: zap.NewNop(),
				},
				meeting: o.meeting, keep: o.keep(), limit: o.count, write: o.writer(cmd.OutOrStdout()),
				out: cmd.OutOrStdout(), progress: progressOn(cmd.ErrOrStderr(), cmd.OutOrStdout()),
			}
			return t.run(cmd.Context())
		},
	}
	o.addTo(cmd.Flags())
	_ = cmd.RegisterFlagCompletionFunc("output", completeWords("pretty", "json"))
	return cmd
}

type tailOptions struct {
	connection
	meeting, output string
	since           since
	from            uint64
	all, noFollow   bool
	last, count     int
	// given says whether a flag was.
	given func(flag string) bool
}

func (o *tailOptions) addTo(flags *pflag.FlagSet) {
	o.connection.addTo(flags)
	flags.StringVar(&o.meeting, "meeting", "", "only events of the meeting with this `id`")
	flags.Var(&o.since, "since", "start with the events stored since a `time`: 10m ago, or 2026-11-24T09:00:00Z")
	flags.Uint64Var(&o.from, "from", 0, "start at this `sequence` of the stream")
	flags.BoolVar(&o.all, "all", false, "start with the oldest event")
	flags.IntVarP(&o.last, "last", "n", 10, "start with the last `N` events, or the last N of those that --since, --from or --all give")
	flags.IntVar(&o.count, "count", 0, "end after `N` events")
	flags.BoolVar(&o.noFollow, "no-follow", false, "end with the newest event")
	flags.StringVarP(&o.output, "output", "o", "pretty", "`form` of an event: pretty or json")
}

// start returns where to start reading.
func (o *tailOptions) start() (bus.Start, error) {
	var starts []string
	for _, flag := range []string{"since", "from", "all"} {
		if o.given(flag) {
			starts = append(starts, "--"+flag)
		}
	}
	switch {
	case len(starts) > 1:
		return bus.Start{}, usagef("%s and %s say where to start: give one of them", starts[0], starts[1])
	case o.output != "pretty" && o.output != "json":
		return bus.Start{}, usagef("--output is %q: there is pretty or json", o.output)
	case o.last < 0 || o.count < 0 || o.given("count") && o.count == 0:
		return bus.Start{}, usagef("-n and --count take a number of events, from 0 and from 1 on")
	case o.given("from") && o.from == 0:
		return bus.Start{}, usagef("--from takes a sequence from 1 on")
	case o.given("since"):
		return bus.Start{Since: o.since.Time}, nil
	case o.given("from"):
		return bus.Start{Sequence: o.from}, nil
	case o.given("all") && o.all:
		return bus.Start{All: true}, nil
	}
	return bus.Start{Last: o.last}, nil
}

// keep returns how many of the events that are there already to show; 0: all that the bus gives.
func (o *tailOptions) keep() int {
	if o.meeting != "" && o.last > 0 && !o.fromSomewhere() || o.given("last") && o.fromSomewhere() {
		return max(o.last, 1)
	}
	return 0
}

func (o *tailOptions) fromSomewhere() bool {
	return o.given("since") || o.given("from") || o.given("all") && o.all
}

// checkSubjects refuses what NATS would take, and never match: an empty token, or a wildcard within one.
func checkSubjects(subjects []string) error {
	for _, subject := range subjects {
		tokens := strings.Split(subject, ".")
		for i, token := range tokens {
			wild := strings.ContainsAny(token, "*>") && token != "*" && (token != ">" || i < len(tokens)-1)
			if token == "" || wild || printable(token) != token || strings.Contains(token, " ") {
				return usagef("%q is not a subject: tokens between dots, * for a whole one, > for the rest: try 'meeting.*'", subject)
			}
		}
	}
	return nil
}

func (o *tailOptions) writer(out io.Writer) func(io.Writer, bus.Stored) error {
	if o.output == "json" {
		return writeJSON
	}
	return pretty{zone: time.Local, color: isTerminal(out) && os.Getenv("NO_COLOR") == ""}.write
}

// writeJSON writes the message as it is stored, and a line break.
func writeJSON(w io.Writer, m bus.Stored) error {
	_, err := w.Write(append(m.Data[:len(m.Data):len(m.Data)], '\n'))
	return err
}

// tail is one run of the command.
type tail struct {
	read    bus.ReadOptions
	meeting string
	// keep, if not 0, is how many of the events that are there already to show: the last ones.
	keep     int
	limit    int
	shown    int
	started  bool
	write    func(io.Writer, bus.Stored) error
	out      io.Writer
	progress *progress
}

// run shows events until ctx ends, which is the usual end, or there is no more to show.
func (t *tail) run(ctx context.Context) error {
	err := t.events(ctx)
	switch {
	case ctx.Err() != nil:
		return nil
	case err == nil || t.started:
		return err
	case bus.IsFault(err):
		return fmt.Errorf("%w: the server is there; -c names a file with the stream, the user and the TLS for it, --creds a credentials file", err)
	}
	return fmt.Errorf("%w: is the relay running (%s serve)? -c, --nats or NATS_URL says where its bus is, -c also its stream", err, program())
}

func (t *tail) events(ctx context.Context) error {
	if t.keep > 0 {
		done, err := t.lastOfPast(ctx)
		if done || err != nil {
			return err
		}
	}
	return bus.Read(ctx, t.read, func(m bus.Stored) error {
		t.started, m = true, structured(m)
		if !t.wanted(m) {
			return nil
		}
		return t.show(m)
	})
}

// lastOfPast shows the last of the events that are wanted, which may lie far behind the stream's last, and goes on from there.
// Done says that there is no more to show.
func (t *tail) lastOfPast(ctx context.Context) (done bool, err error) {
	past := t.read
	past.Follow = false
	if past.Start.Last > 0 {
		past.Start = bus.Start{All: true}
	}
	var last []bus.Stored
	var newest uint64
	err = bus.Read(ctx, past, func(m bus.Stored) error {
		t.started, newest, m = true, m.Sequence, structured(m)
		t.progress.show("looking for the last %d: at sequence %d", t.keep, newest)
		if t.wanted(m) {
			last = append(last[max(0, len(last)+1-t.keep):], m)
		}
		return nil
	})
	t.progress.clear()
	if err != nil {
		return true, err
	}
	for _, m := range last {
		if err := t.show(m); err != nil {
			return true, ended(err)
		}
	}
	t.read.Start = past.Start
	if newest > 0 {
		t.read.Start = bus.Start{Sequence: newest + 1}
	}
	return !t.read.Follow, nil
}

// structured returns m with the whole event in its data, also where it is in binary mode. What is no CloudEvent stays as it is.
func structured(m bus.Stored) bus.Stored {
	if text, err := schemas.Structured(m.Header, m.Data); err == nil {
		m.Data = text
	}
	return m
}

func (t *tail) wanted(m bus.Stored) bool {
	if t.meeting == "" {
		return true
	}
	e, ok := open(m)
	return ok && e.MeetingID == t.meeting
}

// show writes an event, and returns bus.ErrStop when it was the last one asked for.
func (t *tail) show(m bus.Stored) error {
	if err := t.write(t.out, m); err != nil {
		return fmt.Errorf("write event: %w", err)
	}
	if t.shown++; t.shown == t.limit {
		return bus.ErrStop
	}
	return nil
}

func ended(err error) error {
	if errors.Is(err, bus.ErrStop) {
		return nil
	}
	return err
}
