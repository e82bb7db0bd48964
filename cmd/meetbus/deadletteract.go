package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/meetbus/meetbus/relay/deadletter"
)

func newDeadLetterRetry() *cobra.Command {
	var o operator
	var chosen chosenLetters
	cmd := &cobra.Command{
		Use:   "retry SEQ... | --all",
		Short: "Have dead letters become the events that they are today",
		Long: "Read dead letters again, with this version of meetbus and this configuration, and publish what they are now. Each keeps its\n" +
			"id, and is removed once its event is acknowledged; so it is safe to try again after an interruption. What still is no\n" +
			"event stays, and the status is 1.",
		Example: `  meetbus deadletter retry 7 9
  meetbus deadletter retry --all --reason too_large`,
		RunE: func(cmd *cobra.Command, args []string) error {
			named, err := chosen.named(cmd, args)
			if err != nil {
				return err
			}
			box, done, err := o.openBox(cmd.Context(), true)
			if err != nil {
				return err
			}
			defer done()
			shown := progressOn(cmd.ErrOrStderr(), cmd.OutOrStdout())
			sequences, err := chosen.find(cmd.Context(), box, named, shown)
			if err != nil {
				return err
			}
			return retryLetters(cmd, box, sequences, shown)
		},
	}
	o.addTo(cmd.Flags())
	chosen.addTo(cmd, "retry")
	return cmd
}

func retryLetters(cmd *cobra.Command, box *deadletter.Box, sequences []uint64, shown *progress) error {
	var stay []error
	tried := 0
	err := box.RetryAll(cmd.Context(), sequences, func(sequence uint64, o deadletter.Outcome, err error) {
		tried++
		shown.show("tried %d of %d", tried, len(sequences))
		if o.Still != "" {
			err = fmt.Errorf("dead letter %d stays: %s", sequence, printable(o.Still))
		}
		if err != nil {
			stay = append(stay, err)
			return
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%d  %s  -> %s  %s  %s\n", sequence, printable(o.Type), printable(o.Subject), placeOf(o), became(o))
	})
	shown.clear()
	switch {
	case errors.Is(err, context.Canceled):
		stay = append(stay, fmt.Errorf("interrupted: %d of %d were tried", tried, len(sequences)))
	case err != nil:
		stay = append(stay, err)
	}
	return errors.Join(stay...)
}

func placeOf(o deadletter.Outcome) string {
	if o.Sequence == 0 {
		return printable(o.Stream)
	}
	return fmt.Sprintf("%s:%d", printable(o.Stream), o.Sequence)
}

func became(o deadletter.Outcome) string {
	if o.Duplicate {
		return "duplicate"
	}
	return "published"
}

func newDeadLetterDiscard() *cobra.Command {
	var o operator
	var chosen chosenLetters
	var yes bool
	cmd := &cobra.Command{
		Use:   "discard SEQ... | --all",
		Short: "Remove dead letters for good",
		Long:  "Remove dead letters for good, and their bytes from the disk. It asks first; where nobody can be asked it wants --yes.",
		Example: `  meetbus deadletter discard 7 9
  meetbus deadletter discard --all --reason not_json --yes`,
		RunE: func(cmd *cobra.Command, args []string) error {
			named, err := chosen.named(cmd, args)
			if err != nil {
				return err
			}
			box, done, err := o.openBox(cmd.Context(), false)
			if err != nil {
				return err
			}
			defer done()
			shown := progressOn(cmd.ErrOrStderr(), cmd.OutOrStdout())
			sequences, err := chosen.find(cmd.Context(), box, named, shown)
			if err != nil || len(sequences) == 0 {
				return err
			}
			question := fmt.Sprintf("Discard %s of %s for good?", count(len(sequences), "dead letter"), printable(box.Letters))
			if err := confirm(cmd, yes, question); err != nil {
				return err
			}
			return discardLetters(cmd, box, sequences, shown)
		},
	}
	o.addTo(cmd.Flags())
	chosen.addTo(cmd, "discard")
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}

func discardLetters(cmd *cobra.Command, box *deadletter.Box, sequences []uint64, shown *progress) error {
	var failed []error
	gone := 0
	for i, sequence := range sequences {
		if cmd.Context().Err() != nil {
			failed = append(failed, fmt.Errorf("interrupted: %d of %d are left", len(sequences)-i, len(sequences)))
			break
		}
		shown.show("discarded %d of %d", i, len(sequences))
		if err := box.Discard(cmd.Context(), sequence); err != nil {
			failed = append(failed, err)
		} else {
			gone++
		}
	}
	shown.clear()
	fmt.Fprintf(cmd.OutOrStdout(), "discarded %s\n", count(gone, "dead letter"))
	return errors.Join(failed...)
}
