package main

import (
	"context"
	"fmt"
	"time"
)

// scenario is one comparison.
type scenario struct {
	name, title string
	quick       bool
	rounds      int
	during      time.Duration
	run         func(b *bench, ctx context.Context) error
}

const usual = 3 * time.Second

func scenarios() []scenario {
	return []scenario{
		{"throughput", "closed loop, NATS beside, synced every 2 minutes (its default)", true, 5, usual, (*bench).throughput},
		{"byhand", "closed loop, NATS beside with its default sync: a handler that makes a CloudEvent by hand", false, 5, usual, (*bench).byHand},
		{"always", "closed loop, synced before each acknowledgement", true, 5, usual, (*bench).always},
		{"slowsync", "the same beside, each sync 2 ms slower", false, 5, usual, (*bench).slowSync},
		{"latency", "open loop, at half of the highest rate of meetbus, NATS beside with its default sync", false, 3, time.Minute, (*bench).latency},
		{"soak", "meetbus alone for long, open loop, at half of its highest rate", false, 1, 10 * time.Minute, (*bench).soak},
		{"recover", "meetbus alone, open loop, NATS frozen for 3 s", false, 1, 30 * time.Second, (*bench).recover},
		{"memory", "1,000 connections at full load, NATS beside, and frozen for half of the time", true, 5, 2 * usual, (*bench).memory},
		{"growth", "meetbus alone, small beside large, unsigned", false, 5, usual, (*bench).growth},
	}
}

func (c conditions) String() string {
	if c.rate > 0 {
		return fmt.Sprintf("%s, %s, %.0f/s", c.kind(), c.place(), c.rate)
	}
	return fmt.Sprintf("%s, %s, %d", c.kind(), c.place(), c.connections)
}

func (c conditions) kind() string {
	if c.signed {
		return "signed"
	}
	return "unsigned"
}

func (c conditions) place() string {
	place := "beside"
	if c.embedded {
		place = "embedded"
	}
	if c.without != "" {
		place += ", no " + c.without
	}
	return place
}

// closed runs meetbus and another side at each number of connections, unsigned and signed.
func (b *bench) closed(ctx context.Context, other side, c conditions, connections ...int) (pairs []pair, err error) {
	for _, c.signed = range []bool{false, true} {
		for _, c.connections = range b.connections(connections...) {
			p := pair{labels: []string{c.kind(), c.place(), fmt.Sprint(c.connections)}, connections: c.connections}
			if p, err = b.pair(ctx, p, b.under(ours, c), b.under(other, c)); err != nil {
				return nil, err
			}
			pairs = append(pairs, p)
		}
	}
	return pairs, nil
}

func (b *bench) compare(other side, pairs []pair) {
	comparison{
		labels: []string{"webhooks", "NATS", "connections"}, a: ours.name, b: other.name, by: rate, pairs: pairs,
	}.table().Print(b.out)
}

func (b *bench) throughput(ctx context.Context) error {
	connections := []int{1, 16, 64, 256}
	pairs, err := b.closed(ctx, plain, conditions{}, connections...)
	if err != nil {
		return err
	}
	for _, p := range pairs {
		signed := p.labels[0] == "signed"
		b.best[signed] = max(b.best[signed], middle(p.a, rate.of))
	}
	b.draw("synced every 2 minutes", pairs)
	b.compare(plain, pairs)
	var ceiling []pair
	for _, n := range b.connections(connections...) {
		p := pair{labels: []string{answersOnly.name, fmt.Sprint(n)}}
		if p.a, err = b.alone(ctx, b.under(answersOnly, conditions{connections: n})); err != nil {
			return err
		}
		ceiling = append(ceiling, p)
	}
	fmt.Fprintln(b.out)
	single([]string{"side", "connections"}, ceiling).Print(b.out)
	return nil
}

func (b *bench) byHand(ctx context.Context) error {
	pairs, err := b.closed(ctx, handmade, conditions{}, 16, 64, 256)
	if err != nil {
		return err
	}
	b.compare(handmade, pairs)
	return nil
}

func (b *bench) always(ctx context.Context) error {
	var all []pair
	for _, embedded := range []bool{false, true} {
		c := conditions{always: true, embedded: embedded}
		pairs, err := b.closed(ctx, plain, c, 1, 16, 64, 256)
		if err != nil {
			return err
		}
		b.draw("synced always, NATS "+c.place(), pairs)
		all = append(all, pairs...)
	}
	b.compare(plain, all)
	return nil
}

func (b *bench) slowSync(ctx context.Context) error {
	c := conditions{always: true, slowed: true}
	pairs, err := b.closed(ctx, plain, c, 64, 256)
	if err != nil {
		return err
	}
	c.without = "outbox"
	c.settings = func(config map[string]any) string {
		config["outbox"] = map[string]any{"enabled": false}
		return path
	}
	alone, err := b.closed(ctx, plain, c, 64, 256)
	if err != nil {
		return err
	}
	b.compare(plain, append(pairs, alone...))
	return nil
}

func (b *bench) memory(ctx context.Context) error {
	c := conditions{}
	var rows []pair
	for _, c.connections = range b.connections(1000) {
		calm, frozen := c, c
		frozen.meanwhile = func(r *running, _ time.Time) aftermath {
			r.freeze(b.during / 2)
			return aftermath{}
		}
		p, err := b.pair(ctx, pair{}, b.under(ours, calm), b.under(ours, frozen))
		if err != nil {
			return err
		}
		n := fmt.Sprint(c.connections)
		rows = append(rows, pair{labels: []string{n, "at full load"}, a: p.a}, pair{labels: []string{n, "NATS frozen for half of it"}, a: p.b})
	}
	single([]string{"connections", "situation"}, rows).Print(b.out)
	return nil
}
