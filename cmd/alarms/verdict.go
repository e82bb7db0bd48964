package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/meetbus/meetbus/cmd/internal/markdown"
)

const (
	// patience is how long an alert has to fire, and to be gone: longer than any rule of less than an hour.
	patience = 20 * time.Minute
	// look is how often Prometheus is asked.
	look = time.Second
)

// result is what came of one scene.
type result struct {
	scene
	// fired and gone are how long the alert took, from the fault and from its end.
	fired, gone time.Duration
	err         error
}

func (r result) String() string {
	if r.err != nil {
		return fmt.Sprintf("%s: %v", r.alert, r.err)
	}
	return fmt.Sprintf("%s: fired after %s, gone after %s", r.alert, seconds(r.fired), seconds(r.gone))
}

func seconds(d time.Duration) string { return d.Round(time.Second).String() }

// play makes the fault, waits for the alert, mends the fault, and waits for the alert's end.
func (s *stage) play(ctx context.Context, p *prometheus) (r result) {
	r.scene = s.scene
	if fires, err := p.fires(ctx, s.alert, s.name()); err != nil || fires {
		r.err = errors.Join(err, errors.New("it fires before the fault"))
		return r
	}
	if r.fired, r.err = s.step(ctx, p, s.inflict, true); r.err != nil {
		r.err = fmt.Errorf("it does not fire: %w", r.err)
		return r
	}
	if r.gone, r.err = s.step(ctx, p, s.mend, false); r.err != nil {
		r.err = fmt.Errorf("it does not end: %w", r.err)
	}
	return r
}

// step does something, and returns how long after its beginning the alert fired, or did not any more.
func (s *stage) step(ctx context.Context, p *prometheus, do func(*stage) error, want bool) (time.Duration, error) {
	began := time.Now()
	if err := do(s); err != nil {
		return 0, err
	}
	for sleep(ctx, look) {
		fires, err := p.fires(ctx, s.alert, s.name())
		switch took := time.Since(began); {
		case err != nil:
			return 0, err
		case fires == want:
			return took, nil
		case took > patience:
			return 0, fmt.Errorf("not within %s", patience)
		}
	}
	return 0, ctx.Err()
}

// verdict is what came of a run.
type verdict struct {
	options
	began     time.Time
	shortened []string
	results   []result
	// fired are the alerts that have fired, by job.
	fired   map[string][]string
	queries []asked
}

// print writes the table, and returns what is wrong.
func (v verdict) print(out io.Writer) error {
	table := markdown.Table{Head: []string{"alert", "rule", "fault", "fired after", "mended by", "gone after", "fired beside"}}
	var wrong []error
	expected := map[string][]string{}
	for _, r := range v.results {
		if r.err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", r.alert, r.err))
		}
		expected[r.name()] = append([]string{r.alert}, r.beside...)
		rule := "as it is"
		if slices.Contains(v.shortened, r.alert) {
			rule = fmt.Sprintf("times by 1/%d", v.speed)
		}
		beside := slices.DeleteFunc(slices.Clone(v.fired[r.name()]), func(alert string) bool { return alert == r.alert })
		table.Rows = append(table.Rows, []string{"`" + r.alert + "`", rule, r.fault, seconds(r.fired), r.mended, seconds(r.gone), strings.Join(beside, ", ")})
	}
	for job, alerts := range v.fired {
		for _, alert := range alerts {
			if !slices.Contains(expected[job], alert) {
				wrong = append(wrong, fmt.Errorf("%s fired at %s, which is nothing of its fault", alert, job))
			}
		}
	}
	table.Print(out)
	with := 0
	for _, q := range v.queries {
		if q.series == 0 {
			wrong = append(wrong, fmt.Errorf("the dashboard's panel %s has nothing: %s", q.panel, q.query))
			continue
		}
		with++
	}
	fmt.Fprintf(out, "\n%d of %d queries of the dashboard have data.\n", with, len(v.queries))
	return errors.Join(wrong...)
}
