package main

import (
	"context"
	"slices"
)

// pair is two sides that ran in turn, as often as there are rounds: a b a b …
type pair struct {
	// labels are the first cells of its row.
	labels      []string
	connections int
	a, b        []result
}

// runner measures one side once.
type runner func(ctx context.Context) (result, error)

func (b *bench) under(s side, c conditions) runner {
	return func(ctx context.Context) (result, error) { return b.measure(ctx, s, c) }
}

func (b *bench) pair(ctx context.Context, p pair, one, other runner) (pair, error) {
	for range b.rounds {
		for _, x := range []struct {
			run     runner
			results *[]result
		}{{one, &p.a}, {other, &p.b}} {
			got, err := x.run(ctx)
			if err != nil {
				return pair{}, err
			}
			*x.results = append(*x.results, got)
		}
	}
	return p, nil
}

// alone measures a side as often as there are rounds.
func (b *bench) alone(ctx context.Context, run runner) (results []result, err error) {
	for range b.rounds {
		got, err := run(ctx)
		if err != nil {
			return nil, err
		}
		results = append(results, got)
	}
	return results, nil
}

// middle is the median of something about results.
func middle(results []result, of func(result) float64) float64 {
	var values []float64
	for _, r := range results {
		values = append(values, of(r))
	}
	return median(values)
}

// median of at least one value: of an even number of them, the mean of the two in the middle.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// ratio is a/b of something in each round: its median, its least and its most. Rounds next to each other share the machine's mood.
func (p pair) ratio(of func(result) float64) (mid, least, most float64) {
	var ratios []float64
	for i := range p.a {
		ratios = append(ratios, of(p.a[i])/of(p.b[i]))
	}
	return median(ratios), slices.Min(ratios), slices.Max(ratios)
}
