package main

import (
	"context"
	"fmt"
)

// latency loads both sides with half of the highest rate of meetbus, which is measured first if it is not known yet.
func (b *bench) latency(ctx context.Context) error {
	var pairs []pair
	for _, signed := range []bool{false, true} {
		rate, err := b.halfBest(ctx, signed)
		if err != nil {
			return err
		}
		c := conditions{signed: signed, rate: rate}
		p, err := b.pair(ctx, pair{labels: []string{c.kind(), whole(c.rate)}}, b.under(ours, c), b.under(plain, c))
		if err != nil {
			return err
		}
		pairs = append(pairs, p)
	}
	comparison{labels: []string{"webhooks", "arrivals/s"}, a: ours.name, b: plain.name, by: tail, pairs: pairs}.table().Print(b.out)
	return nil
}

// soak loads meetbus so for long.
func (b *bench) soak(ctx context.Context) error {
	var rows []pair
	for _, signed := range []bool{false, true} {
		rate, err := b.halfBest(ctx, signed)
		if err != nil {
			return err
		}
		c := conditions{signed: signed, rate: rate}
		p := pair{labels: []string{c.kind(), whole(c.rate)}}
		if p.a, err = b.alone(ctx, b.under(ours, c)); err != nil {
			return err
		}
		rows = append(rows, p)
	}
	single([]string{"webhooks", "arrivals/s"}, rows).Print(b.out)
	return nil
}

// halfBest is half of the highest rate, which is measured as throughput does, but shortly, if it was not.
func (b *bench) halfBest(ctx context.Context, signed bool) (float64, error) {
	if b.options.rate > 0 {
		return float64(b.options.rate), nil
	}
	if best := b.best[signed]; best > 0 {
		return best / 2, nil
	}
	during := b.during
	defer func() { b.during = during }()
	b.during = min(usual, during)
	for _, connections := range []int{64, 256} {
		got, err := b.measure(ctx, ours, conditions{signed: signed, connections: connections})
		if err != nil {
			return 0, fmt.Errorf("find the highest rate: %w", err)
		}
		b.best[signed] = max(b.best[signed], got.rate)
	}
	return b.best[signed] / 2, nil
}
