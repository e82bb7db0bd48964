package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/meetbus/meetbus/relay/replay"
	"github.com/meetbus/meetbus/relay/route"
)

func newReplay() *cobra.Command {
	var o replayOptions
	cmd := &cobra.Command{
		Use:   "replay --since TIME [--type GLOB] --to PREFIX",
		Short: "Publish stored webhooks again, through today's rules, on other subjects",
		Long: "Read the events of the main stream, make them anew of the webhooks in them, with this version of meetbus and this\n" +
			"configuration, and publish them on PREFIX and their subject, into a stream of their own that keeps them for 24 hours. Each\n" +
			"has an id of its own, and replayof, the id of the event it was made from. Events without original are left out.",
		Example: `  meetbus replay --since 24h --to replay
  meetbus replay --since 2026-11-24T09:00:00Z --type 'recording.*' --to replay.recordings --yes`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			plan, err := o.plan(cmd.Context())
			if err != nil {
				return err
			}
			if plan.extent.Messages == 0 {
				fmt.Fprintf(cmd.ErrOrStderr(), "stream %s holds nothing since then\n", printable(plan.main))
				return nil
			}
			if err := confirm(cmd, o.yes, plan.question()); err != nil {
				return err
			}
			return plan.run(cmd)
		},
	}
	o.operator.addTo(cmd.Flags())
	cmd.Flags().Var(&o.since, "since", "events stored since a `time`: 24h ago, or 2026-11-24T09:00:00Z")
	cmd.Flags().StringVar(&o.kind, "type", "*", "only events of the types that a `glob` fits; * crosses dots")
	cmd.Flags().StringVar(&o.prefix, "to", "", "`prefix` of the subjects")
	cmd.Flags().BoolVar(&o.yes, "yes", false, "do not ask")
	_ = cmd.RegisterFlagCompletionFunc("type", completeWords(typeNames()...))
	return cmd
}

type replayOptions struct {
	operator
	since        since
	kind, prefix string
	yes          bool
}

// run publishes the replays and says what became of all.
func (p replayPlan) run(cmd *cobra.Command) error {
	b, err := openBus(cmd.Context(), p.from.Server, p.into)
	if err != nil {
		return err
	}
	defer b.Close()
	shown := progressOn(cmd.ErrOrStderr(), nil)
	report, err := replay.Run(cmd.Context(), replay.Options{
		From: p.from, Type: route.Glob(p.kind), Bus: b, Stream: p.into.Name, Prefix: p.prefix, Envelope: p.envelope, Again: p.again,
		Progress: func(r replay.Report) {
			shown.show("read %d of %d, published %d", r.Read, p.extent.Messages, r.Published)
		},
	})
	shown.clear()
	writeReport(cmd.OutOrStdout(), report)
	switch {
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("interrupted: %s", goOn(report))
	case err != nil:
		return fmt.Errorf("%w: %s", err, goOn(report))
	case len(report.Failed) > 0:
		return fmt.Errorf("%s were not taken by stream %s", count(replay.Count(report.Failed), "event"), p.into.Name)
	}
	return nil
}

// goOn says how far a run came.
func goOn(r replay.Report) string {
	if r.Through.IsZero() {
		return "nothing was read"
	}
	return "it came to what was stored at " + r.Through.UTC().Format(time.RFC3339Nano) +
		": --since " + r.Through.Add(time.Nanosecond).UTC().Format(time.RFC3339Nano) + " goes on from there"
}

func writeReport(w io.Writer, r replay.Report) {
	fmt.Fprintf(w, "read %d, published %d, skipped %d, failed %d\n", r.Read, r.Published, replay.Count(r.Skipped), replay.Count(r.Failed))
	for _, part := range []struct {
		name    string
		reasons map[string]int
	}{{"skipped", r.Skipped}, {"failed", r.Failed}} {
		for _, why := range slices.Sorted(maps.Keys(part.reasons)) {
			fmt.Fprintf(w, "  %s %d: %s\n", part.name, part.reasons[why], printable(why))
		}
	}
}
