package main

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"github.com/meetbus/meetbus/config"
	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/relay"
	"github.com/meetbus/meetbus/relay/bus"
	"github.com/meetbus/meetbus/relay/deadletter"
)

func newDeadLetter() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "deadletter",
		Short: "Show what could not be understood, try it again, or discard it",
		Long: "Dead letters are authentic webhooks that could not become events. They are kept, with their bytes, in a stream of their\n" +
			"own, until somebody has looked at them: after an upgrade or a change of the rules they can be tried again.",
		Example: `  meetbus deadletter list
  meetbus deadletter show 7
  meetbus deadletter retry --all`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("unknown command %q: there is list, show, retry or discard", args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newDeadLetterList(), newDeadLetterShow(), newDeadLetterRetry(), newDeadLetterDiscard())
	return cmd
}

// letterFilter says which dead letters are meant.
type letterFilter struct{ reason, provider, meeting string }

func (f *letterFilter) addTo(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.reason, "reason", "", "only those with this `reason`, such as not_json")
	cmd.Flags().StringVar(&f.provider, "provider", "", "only those of this `provider`")
	cmd.Flags().StringVar(&f.meeting, "meeting", "", "only those whose body names the meeting with this `id`, where it can be read")
	_ = cmd.RegisterFlagCompletionFunc("reason", completeWords(append(normalize.Reasons(), deadletter.ReasonUnreadable)...))
	_ = cmd.RegisterFlagCompletionFunc("provider", completeWords(providerNames()...))
}

// check refuses words that no dead letter has.
func (f letterFilter) check() error {
	reasons := append(normalize.Reasons(), deadletter.ReasonUnreadable)
	if f.reason != "" && !slices.Contains(reasons, f.reason) {
		return usagef("--reason is %q: there is %s", f.reason, alternatives(reasons))
	}
	if f.provider != "" && !slices.Contains(providerNames(), f.provider) {
		return usagef("--provider is %q: there is %s", f.provider, alternatives(providerNames()))
	}
	return nil
}

func (f letterFilter) fits(l deadletter.Letter) bool {
	return cmp.Or(f.reason, l.Data().Reason) == l.Data().Reason && cmp.Or(f.provider, l.Event.Provider) == l.Event.Provider &&
		(f.meeting == "" || l.Meeting() == f.meeting)
}

func (f letterFilter) given() bool { return f != letterFilter{} }

// openBox returns the dead letters of a relay, to be looked at or discarded. What must be closed is closed by close.
func (o operator) openBox(ctx context.Context) (box *deadletter.Box, close func(), err error) {
	server, c, err := o.resolve()
	if err != nil {
		return nil, nil, err
	}
	b, err := openBus(ctx, server)
	if err != nil {
		return nil, nil, err
	}
	return boxOf(c, b, nil), b.Close, nil
}

// boxOf returns the dead letters of a configuration. Again is for those who retry.
func boxOf(c config.Config, b *bus.Bus, again retake) *deadletter.Box {
	return deadletter.New(deadletter.Options{
		Bus: b, Stream: c.Stream.Name, Letters: deadLetters(c.Stream.Name), Envelope: c.Envelope(), Again: again,
	})
}

// relayOf returns a relay that only says what would become of webhooks: it has no bus, and keys only where there are rings.
func relayOf(c config.Config, rings *keyrings) (*relay.Relay, error) {
	table, err := c.Table()
	if err != nil {
		return nil, usageError{err}
	}
	endpoints, err := endpointsOf(c, rings)
	if err != nil {
		return nil, usageError{err}
	}
	return relay.New(relay.Options{
		Endpoints: endpoints, Table: table, Envelope: c.Envelope(), KeepSignature: c.CloudEvents.Signature,
		Deadline: c.HTTP.Deadline, Log: zap.NewNop(),
	}), nil
}

// lettersPage is how many dead letters are read at a time.
const lettersPage = 64

// eachLetter calls each for the letters that fit, the newest first, until limit of them have been; 0 is all. More says that there
// are others.
func eachLetter(ctx context.Context, box *deadletter.Box, f letterFilter, limit int, each func(deadletter.Letter) error) (more bool, err error) {
	shown := 0
	for before := uint64(0); ; {
		page, err := box.List(ctx, before, lettersPage)
		if err != nil || len(page) == 0 {
			return false, err
		}
		for _, l := range page {
			before = l.Sequence
			if !f.fits(l) {
				continue
			}
			if limit > 0 && shown == limit {
				return true, nil
			}
			if err := each(l); err != nil {
				return false, err
			}
			shown++
		}
	}
}

// chosenLetters are the dead letters that a command acts on: those named, or with --all those that fit the filter.
type chosenLetters struct {
	letterFilter
	all bool
}

func (o *chosenLetters) addTo(cmd *cobra.Command, does string) {
	o.letterFilter.addTo(cmd)
	cmd.Flags().BoolVar(&o.all, "all", false, does+" all there are")
}

// named returns the sequences that args are.
func (o chosenLetters) named(cmd *cobra.Command, args []string) ([]uint64, error) {
	switch {
	case o.all && len(args) > 0:
		return nil, usagef("--all is every dead letter: leave out %s, or --all", args[0])
	case !o.all && len(args) == 0:
		return nil, usagef("which dead letters? %s SEQ... or --all: meetbus deadletter list shows their sequences", cmd.CommandPath())
	case !o.all && o.given():
		return nil, usagef("--reason, --provider and --meeting choose among --all")
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	return sequencesIn(args)
}

func sequencesIn(args []string) ([]uint64, error) {
	var sequences []uint64
	for _, arg := range args {
		n, err := strconv.ParseUint(arg, 10, 64)
		if err != nil || n == 0 {
			return nil, usagef("%q is not a sequence: a number from 1 on, as meetbus deadletter list shows it", arg)
		}
		if !slices.Contains(sequences, n) {
			sequences = append(sequences, n)
		}
	}
	return sequences, nil
}

// find returns the sequences that are meant, the oldest first.
func (o chosenLetters) find(ctx context.Context, box *deadletter.Box, named []uint64, p *progress) ([]uint64, error) {
	if !o.all {
		return named, nil
	}
	var all []uint64
	_, err := eachLetter(ctx, box, o.letterFilter, 0, func(l deadletter.Letter) error {
		all = append(all, l.Sequence)
		p.show("reading dead letters: %d", len(all))
		return nil
	})
	p.clear()
	slices.Reverse(all)
	return all, err
}
