package main

import (
	"context"
	"fmt"
	"sync"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// growthConnections are as many as keep a relay busy.
const growthConnections = 64

// subjectsMax is how many subjects the rules have between them: with those of the types, a stream has room for 1,000.
const subjectsMax = 900

// growth compares meetbus with itself: the larger one, and the smallest.
func (b *bench) growth(ctx context.Context) error {
	var pairs []pair
	for _, grown := range []struct {
		what         string
		least        string
		sizes        []int
		small, large func(size int) conditions
	}{
		{"mapping rules", "1", []int{10, 1000, 10_000}, func(int) conditions { return withRules(1) }, withRules},
		{"endpoints", "1", []int{100, 1000}, func(int) conditions { return withEndpoints(1) }, withEndpoints},
		{"ids in the duplicate window", "0", []int{b.options.ids}, func(int) conditions { return conditions{} }, withIDs},
		{"messages in the stream", "0", []int{b.options.messages}, func(int) conditions { return conditions{} }, withMessages},
	} {
		for _, size := range grown.sizes {
			for _, connections := range b.connections(growthConnections) {
				small, large := grown.small(size), grown.large(size)
				small.connections, large.connections = connections, connections
				p := pair{labels: []string{grown.what, grown.least, whole(float64(size)), fmt.Sprint(connections)}}
				p, err := b.pair(ctx, p, b.under(ours, large), b.under(ours, small))
				if err != nil {
					return err
				}
				pairs = append(pairs, p)
			}
		}
	}
	comparison{labels: []string{"of", "small", "large", "connections"}, a: "large", b: "small", by: rate, pairs: pairs}.table().Print(b.out)
	return nil
}

// withRules has n mapping rules, as for n rooms of 900 customers. The last one takes the webhooks.
func withRules(n int) conditions {
	rules := make([]any, n)
	for i := range rules {
		meeting := fmt.Sprintf("room-%d", i)
		if i == n-1 {
			meeting = "7b1f0c52-*"
		}
		rules[i] = map[string]any{
			"match":   map[string]any{"type": "meeting.*", "meetingid": meeting},
			"subject": fmt.Sprintf("tenant.t%d.{meetingid}", i%subjectsMax),
		}
	}
	return conditions{settings: func(config map[string]any) string {
		config["subjects"] = map[string]any{"rules": rules}
		return path
	}}
}

// withEndpoints has n endpoints, of which the last gets the webhooks.
func withEndpoints(n int) conditions {
	return conditions{settings: func(config map[string]any) (last string) {
		endpoints := make([]any, n)
		for i := range endpoints {
			last = fmt.Sprintf("%s-%d", path, i)
			endpoints[i] = map[string]any{"provider": "dyte", "verify": "none", "name": fmt.Sprint("dyte-", i), "path": last}
		}
		config["endpoints"] = endpoints
		return last
	}}
}

// withIDs has n messages with ids in the stream.
func withIDs(n int) conditions {
	return conditions{before: func(ctx context.Context, r *running) error { return r.fill(ctx, n, true) }}
}

// withMessages has n messages without ids in the stream.
func withMessages(n int) conditions {
	return conditions{before: func(ctx context.Context, r *running) error { return r.fill(ctx, n, false) }}
}

// fillers publish at the same time, each over a connection of its own.
const fillers = 4

// fill puts tiny messages into the stream of meetbus.
func (r *running) fill(ctx context.Context, n int, ids bool) error {
	var filling sync.WaitGroup
	faults := make(chan error, fillers)
	for i := range fillers {
		filling.Go(func() { faults <- publish(ctx, r.nats, i, n, ids) })
	}
	filling.Wait()
	for range fillers {
		if err := <-faults; err != nil {
			return fmt.Errorf("fill the stream: %w", err)
		}
	}
	stored, err := storedIn(ctx, r)
	if err == nil && stored < n {
		err = fmt.Errorf("fill the stream: %d messages are stored, not %d", stored, n)
	}
	r.filled = stored // with what was there before
	return err
}

// publish publishes every so manieth of n messages, from the first on.
func publish(ctx context.Context, address string, first, n int, ids bool) error {
	nc, err := nats.Connect(address)
	if err != nil {
		return err
	}
	defer nc.Close()
	js, err := jetstream.New(nc, jetstream.WithPublishAsyncMaxPending(inFlight))
	if err != nil {
		return err
	}
	for i := first; i < n && ctx.Err() == nil; i += fillers {
		m := &nats.Msg{Subject: "meeting.ended", Data: []byte("{}")}
		if ids {
			m.Header = nats.Header{jetstream.MsgIDHeader: {fmt.Sprintf("https://dyte.io#filler-%012d", i)}}
		}
		if _, err := js.PublishMsgAsync(m, jetstream.WithStallWait(answerTimeout)); err != nil {
			return err
		}
	}
	select {
	case <-js.PublishAsyncComplete():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
