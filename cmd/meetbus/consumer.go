package main

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/meetbus/meetbus/relay/bus"
)

func newConsumer() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "consumer",
		Short:   "Make durable consumers",
		Example: "  meetbus consumer create greeter --filter meeting.participantJoined >main.go",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("unknown command \"consumer %s\": there is meetbus consumer create", args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newConsumerCreate())
	return cmd
}

func newConsumerCreate() *cobra.Command {
	var o consumerOptions
	cmd := &cobra.Command{
		Use:   "create NAME --filter SUBJECT...",
		Short: "Make a durable consumer, and print code that uses it",
		Long: "Make a durable pull consumer on the stream of the events, and print a program that uses it; what was made is said on\n" +
			"stderr. It begins with the oldest event that is there, keeps its place, and loses nothing: an event that is not\n" +
			"acknowledged comes again, ever more seldom, until it is. Subjects are those of meetbus types, with subjects.prefix,\n" +
			"and may have wildcards; > is every event. One that is there already with the same settings stays as it is, and one\n" +
			"with others is an error.",
		Example: `  meetbus consumer create greeter --filter meeting.participantJoined >main.go
  meetbus consumer create archive --filter recording.statusUpdate 'meeting.*' --lang js >subscribe.mjs
  meetbus consumer create audit --filter '>' --deliver new --in-order --lang cli`,
		ValidArgsFunction: func(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return completeSubjects(cmd, args, begun)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.create(cmd.Context(), args, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	o.addTo(cmd.Flags())
	_ = cmd.RegisterFlagCompletionFunc("filter", completeSubjects)
	_ = cmd.RegisterFlagCompletionFunc("deliver", completeWords("all", "new"))
	_ = cmd.RegisterFlagCompletionFunc("lang", completeWords(languages...))
	return cmd
}

type consumerOptions struct {
	connection
	filters           []string
	deliver, language string
	inOrder           bool
	ackWait           time.Duration
}

func (o *consumerOptions) addTo(flags *pflag.FlagSet) {
	o.connection.addTo(flags)
	flags.StringSliceVar(&o.filters, "filter", nil, "the `SUBJECT`s of the events; several by blanks or commas")
	flags.StringVar(&o.deliver, "deliver", "all", "`begin` with all events that are there, or only with new ones")
	flags.BoolVar(&o.inOrder, "in-order", false, "one event at a time: the next when that one is acknowledged")
	flags.DurationVar(&o.ackWait, "ack-wait", 30*time.Second, "how `long` an event may be worked on before it comes again")
	flags.StringVar(&o.language, "lang", "go", "the `language` of the program: go, js or cli (a call of the nats command)")
}

// check returns what the consumer is to be, as far as it can be told without a server.
func (o consumerOptions) check(args []string) (bus.ConsumerOptions, error) {
	switch {
	case len(args) == 0:
		return bus.ConsumerOptions{}, usagef("create which consumer? Try: meetbus consumer create greeter --filter meeting.participantJoined")
	case len(o.filters) == 0:
		return bus.ConsumerOptions{}, usagef("--filter says which events %s gets: meetbus types lists their subjects, and '>' is every event", args[0])
	case o.deliver != "all" && o.deliver != "new":
		return bus.ConsumerOptions{}, usagef("--deliver is %q: there is all or new", o.deliver)
	case !slices.Contains(languages, o.language):
		return bus.ConsumerOptions{}, usagef("--lang is %q: there is %s", o.language, alternatives(languages))
	case o.ackWait < time.Second:
		return bus.ConsumerOptions{}, usagef("--ack-wait takes a time such as 30s, from 1s on")
	}
	filters := slices.Concat(o.filters, args[1:])
	if err := checkSubjects(filters); err != nil {
		return bus.ConsumerOptions{}, err
	}
	return bus.ConsumerOptions{
		Name: args[0], Filters: unique(filters), New: o.deliver == "new", InOrder: o.inOrder, AckWait: o.ackWait,
		Metadata: map[string]string{"made-by": build()},
	}, nil
}

// unique leaves out what is there twice.
func unique(words []string) []string {
	words = slices.Clone(words)
	slices.Sort(words)
	return slices.Compact(words)
}

func (o consumerOptions) create(ctx context.Context, args []string, out, facts io.Writer) error {
	want, err := o.check(args)
	if err != nil {
		return err
	}
	server, c, err := o.resolve()
	if err != nil {
		return err
	}
	want.Server, want.Stream = server, c.Stream.Name
	if err := want.Check(); err != nil {
		return usageError{err}
	}
	table, err := c.Table()
	if err != nil {
		return usageError{err}
	}
	made, err := bus.CreateConsumer(ctx, want)
	if err != nil {
		return explained(err)
	}
	writeConsumer(facts, want, made)
	program := subscriber{
		access: accessTo(server, c.NATS), Stream: want.Stream, Name: want.Name, AckWait: brief(made.AckWait), Fetch: 10,
		Cases: casesFor(made.Filters, typeRows(table, c.Envelope())),
	}
	if want.InOrder {
		program.Fetch = 1
	}
	return program.write(out, o.language)
}

// explained says what to type instead, where that can be told.
func explained(err error) error {
	var none bus.NoSubjectError
	if errors.As(err, &none) {
		return usageError{misspelt(none)}
	}
	if errors.As(err, new(bus.ConsumerError)) {
		return err
	}
	return located(err)
}
