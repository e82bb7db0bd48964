package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/meetbus/meetbus/normalize"
)

func newTrigger() *cobra.Command {
	var o triggerOptions
	cmd := &cobra.Command{
		Use:   "trigger PROVIDER EVENT... | PROVIDER --all | --all",
		Short: "Send sample webhooks to a running relay",
		Long: "Send sample webhooks to a running relay, with fresh ids and times: one meeting in a run, another participant in each\n" +
			"round of --count. EVENT is the provider's name of it or our type; EVENT:STATUS picks a status. The ids of\n" +
			"organizations stay as they are.",
		Example: `  meetbus trigger dyte meeting.participantJoined
  meetbus trigger videosdk recording.statusUpdate:UPLOADED --key keys/private.pem
  meetbus trigger realtimekit --all --url https://meetbus.example.com/webhooks/realtimekit
  meetbus trigger dyte meeting.participantJoined --count 100 --rate 20`,
		ValidArgsFunction: completeSamples,
		RunE: func(cmd *cobra.Command, args []string) error {
			t, err := o.check(args)
			if err != nil {
				return err
			}
			t.out, t.progress = cmd.OutOrStdout(), progressOn(cmd.ErrOrStderr(), cmd.OutOrStdout())
			return t.run(cmd.Context())
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&o.all, "all", false, "one sample of every event")
	flags.StringVar(&o.url, "url", "http://127.0.0.1:8080", "`URL` of the relay; without a path it gets /webhooks/PROVIDER")
	flags.StringVar(&o.key, "key", "", "private key `file` (PEM) to sign with, as the provider does")
	flags.IntVar(&o.count, "count", 1, "send them `N` times")
	flags.Float64Var(&o.rate, "rate", 0, "`N` webhooks per second at most (default as fast as they are answered)")
	return cmd
}

type triggerOptions struct {
	all      bool
	url, key string
	count    int
	rate     float64
}

// check returns the trigger that the options and args ask for.
func (o triggerOptions) check(args []string) (*trigger, error) {
	if o.count < 1 {
		return nil, usagef("--count is %d, and must be at least 1", o.count)
	}
	if !(o.rate >= 0) {
		return nil, usagef("--rate is %g, and must be a number of webhooks per second", o.rate)
	}
	chosen, err := choose(normalize.Samples(), args, o.all)
	if err != nil {
		return nil, err
	}
	s := &sender{}
	if s.url, err = relayURL(o.url); err != nil {
		return nil, err
	}
	if o.key != "" {
		if s.key, err = readPrivateKey(o.key); err != nil {
			return nil, usageError{err}
		}
	}
	t := &trigger{samples: chosen, count: o.count, sender: s, fresheners: map[string]*freshener{}}
	if o.rate > 0 {
		t.interval = time.Duration(float64(time.Second) / o.rate)
	}
	return t, nil
}

// trigger is one run of the command.
type trigger struct {
	samples    []normalize.Sample
	count      int
	interval   time.Duration
	sender     *sender
	fresheners map[string]*freshener
	out        io.Writer
	progress   *progress
}

// run sends every sample as often as asked, one after the other. It fails at the end if a webhook was not taken, and at once
// if the relay cannot be reached.
func (t *trigger) run(ctx context.Context) error {
	total, refused, advice := len(t.samples)*t.count, 0, ""
	start := time.Now()
	defer t.progress.clear()
	for i := range total {
		if err := waitUntil(ctx, start.Add(time.Duration(i)*t.interval)); err != nil {
			return fmt.Errorf("stopped after %d of %d webhooks", i, total)
		}
		if i > 0 && i%len(t.samples) == 0 {
			t.nextRound()
		}
		sample := t.samples[i%len(t.samples)]
		a, err := t.send(ctx, sample)
		if err != nil {
			return err
		}
		if !a.taken() {
			refused++
			advice = a.advice(t.sender.key != nil)
		}
		if _, err := fmt.Fprintln(t.out, a.line(sample)); err != nil {
			return fmt.Errorf("write the answer: %w", err)
		}
		t.progress.show("%d of %d sent, %d not taken", i+1, total, refused)
	}
	if refused > 0 {
		return fmt.Errorf("%d of %d webhooks were not taken%s", refused, total, advice)
	}
	return nil
}

func (t *trigger) nextRound() {
	for _, f := range t.fresheners {
		f.nextRound()
	}
}

func (t *trigger) send(ctx context.Context, s normalize.Sample) (answer, error) {
	f := t.fresheners[s.Provider.Name]
	if f == nil {
		f = newFreshener(time.Now)
		t.fresheners[s.Provider.Name] = f
	}
	body, err := f.freshen(s)
	if err != nil {
		return answer{}, fmt.Errorf("freshen %s %s: %w", s.Provider.Name, s.Event, err)
	}
	a, err := t.sender.send(ctx, s.Provider, body)
	switch {
	case err != nil && ctx.Err() != nil:
		return answer{}, errors.New("stopped while a webhook was under way: whether it was taken is not known")
	case errors.Is(err, syscall.ECONNREFUSED):
		return answer{}, fmt.Errorf("nothing listens at %s: is the relay running? Start it with: %s serve",
			t.sender.url.Host, program())
	case err != nil:
		return answer{}, fmt.Errorf("send %s %s: %w", s.Provider.Name, s.Event, err)
	}
	return a, nil
}

// waitUntil returns nil at the time given, or at once if it has passed; an error when ctx ends first.
func waitUntil(ctx context.Context, at time.Time) error {
	timer := time.NewTimer(time.Until(at))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return ctx.Err()
	}
}
