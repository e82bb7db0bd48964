package main

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.uber.org/zap"

	"github.com/meetbus/meetbus/relay/bus"
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
  meetbus tail --all --no-follow -o json | jq '.data.original | fromjson'
  meetbus tail --stream MEETBUS_REPLAY --all --no-follow`,
		ValidArgsFunction: completeSubjects,
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
					Server: server, Stream: cmp.Or(o.stream, c.Stream.Name), Subjects: args, Start: start, Follow: !o.noFollow, Log: zap.NewNop(),
				},
				meeting: o.meeting, keep: o.keep(), limit: o.count, write: o.writer(cmd.OutOrStdout(), cmd.ErrOrStderr()),
				out: cmd.OutOrStdout(), notes: cmd.ErrOrStderr(), progress: progressOn(cmd.ErrOrStderr(), cmd.OutOrStdout()),
			}
			t.read.Opened = t.opened
			return t.run(cmd.Context())
		},
	}
	o.addTo(cmd.Flags())
	_ = cmd.RegisterFlagCompletionFunc("output", completeWords("pretty", "json"))
	return cmd
}

type tailOptions struct {
	connection
	stream, meeting, output string
	since                   since
	from                    int64
	all, noFollow           bool
	last, count             int
	// given says whether a flag was.
	given func(flag string) bool
}

func (o *tailOptions) addTo(flags *pflag.FlagSet) {
	o.connection.addTo(flags)
	flags.StringVar(&o.stream, "stream", "", "read this `stream` instead of the configured one, such as MEETBUS_REPLAY")
	flags.StringVar(&o.meeting, "meeting", "", "only events of the meeting with this `id`")
	flags.Var(&o.since, "since", "start with the events stored since `10m` ago, or since a time such as 2026-11-24T10:00:00Z")
	flags.Int64Var(&o.from, "from", 0, "start at this `sequence` of the stream")
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
	case o.given("from") && o.from < 1:
		return bus.Start{}, usagef("--from takes a sequence from 1 on")
	case o.given("meeting") && o.meeting == "":
		return bus.Start{}, usagef("--meeting is empty: give the id of a meeting, or leave it out")
	case o.last == 0:
		return bus.Start{}, nil
	case o.given("since"):
		return bus.Start{Since: o.since.Time}, nil
	case o.given("from"):
		return bus.Start{Sequence: uint64(o.from)}, nil
	case o.given("all") && o.all:
		return bus.Start{All: true}, nil
	}
	return bus.Start{Last: o.last}, nil
}

// keep returns how many of the events that are there already to show; 0: all that the bus gives.
func (o *tailOptions) keep() int {
	if o.meeting != "" && !o.fromSomewhere() || o.given("last") && o.fromSomewhere() {
		return o.last
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

// misspelt names the nearest subjects that there are.
func misspelt(none bus.NoSubjectError) error {
	return fmt.Errorf("no subject of the stream matches %q: did you mean %s? meetbus types lists them", none.Subject,
		alternatives(nearest(none.Subject, none.Subjects)))
}
