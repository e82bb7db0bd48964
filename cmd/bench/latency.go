package main

import (
	"context"
	"fmt"
)

// latency loads both sides with half of the highest rate of meetbus, which is measured first if it is not known yet.
func (b *bench) latency(ctx context.Context) error {
	pairs, err := b.atHalf(ctx, func(c conditions, p pair) (pair, error) { return b.pair(ctx, p, b.under(ours, c), b.under(plain, c)) })
	if err != nil {
		return err
	}
	comparison{labels: []string{"webhooks", "arrivals/s"}, a: ours.name, b: plain.name, by: tail, pairs: pairs}.table().Print(b.out)
	return nil
}

// soak loads meetbus alone so, for long.
func (b *bench) soak(ctx context.Context) error {
	rows, err := b.atHalf(ctx, func(c conditions, p pair) (_ pair, err error) {
		p.a, err = b.alone(ctx, b.under(ours, c))
		return p, err
	})
	if err != nil {
		return err
	}
	single([]string{"webhooks", "arrivals/s"}, rows).Print(b.out)
	return nil
}

// atHalf runs something at half of the highest rate of meetbus, or at so many times that half, unsigned and signed.
func (b *bench) atHalf(ctx context.Context, run func(conditions, pair) (pair, error), times ...float64) (pairs []pair, err error) {
	if len(times) == 0 {
		times = []float64{1}
	}
	for _, signed := range []bool{false, true} {
		half, err := b.halfBest(ctx, signed)
		if err != nil {
			return nil, err
		}
		for _, n := range times {
			c := conditions{signed: signed, rate: n * half}
			p, err := run(c, pair{labels: []string{c.kind(), whole(c.rate)}})
			if err != nil {
				return nil, err
			}
			pairs = append(pairs, p)
		}
	}
	return pairs, nil
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
