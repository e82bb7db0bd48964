package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/meetbus/meetbus/config"
	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/relay/bus"
	"github.com/meetbus/meetbus/relay/deadletter"
	"github.com/meetbus/meetbus/relay/keys"
	"github.com/meetbus/meetbus/relay/route"
	"github.com/meetbus/meetbus/schemas"
)

func newDeadLetterRetry() *cobra.Command {
	var o operator
	var chosen chosenLetters
	var asStored bool
	cmd := &cobra.Command{
		Use:   "retry SEQ... | --all",
		Short: "Have dead letters become the events that they are today",
		Long: "Read dead letters again, with this version of meetbus and this configuration, and publish what they are now. Each keeps its\n" +
			"id, and is removed once its event is acknowledged; so it is safe to try again after an interruption. What still is no\n" +
			"event stays, and the status is 1.\n\n" +
			"The signature is checked again, with the keys that the endpoint has now; without a file, with those that the providers\n" +
			"publish. If a provider has replaced its key since, --as-stored believes what the letter says.",
		Example: `  meetbus deadletter retry 7 9
  meetbus deadletter retry --all --reason too_large`,
		RunE: func(cmd *cobra.Command, args []string) error {
			named, err := chosen.named(cmd, args)
			if err != nil {
				return err
			}
			box, done, err := o.openToRetry(cmd.Context(), asStored)
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
	cmd.Flags().BoolVar(&asStored, "as-stored", false, "check no signature: an event is verified if its letter says so")
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

// retake says what a dead letter is today, as relay.Relay.Retake does.
type retake = func(ctx context.Context, letter *schemas.Event, h http.Header, body []byte) (*normalize.Event, route.Decision, error)

// openToRetry returns the dead letters of a relay, and how it would take them today.
func (o operator) openToRetry(ctx context.Context, asStored bool) (box *deadletter.Box, close func(), err error) {
	server, c, err := o.resolve()
	if err != nil {
		return nil, nil, err
	}
	if configFile(o.file) == "" { // only serve --verify has dead letters then
		verifying(&c)
	}
	rings := newKeyrings(c, keys.Options{Dir: filepath.Join(c.DataDir, "keys"), Borrowed: true})
	today, err := relayOf(c, rings)
	if err != nil {
		return nil, nil, err
	}
	b, err := openBus(ctx, server, bus.Stream{Name: c.Stream.Name}) // which is as the relay has made it
	if err != nil {
		return nil, nil, err
	}
	again, stop := retake(today.Retake), func() {}
	if asStored {
		again = func(_ context.Context, stored *schemas.Event, h http.Header, body []byte) (*normalize.Event, route.Decision, error) {
			return today.Again(stored, h, body)
		}
	} else {
		stop = rings.run(ctx)
	}
	return boxOf(c, b, again), func() { stop(); b.Close() }, nil
}

// verifying has every endpoint verify.
func verifying(c *config.Config) {
	for i := range c.Endpoints {
		c.Endpoints[i].Verify = config.VerifySignature
	}
}
