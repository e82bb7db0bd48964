package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/meetbus/meetbus/relay/deadletter"
)

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
			box, done, err := o.openBox(cmd.Context())
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
