// Command workers reports recordings that are ready. Start it as often as there shall be workers: each event is done by one of
// them, and if that one dies, by another.
//
//	workers.go  the recipe: workers that share a consumer
//	attempt.go  one event: done, given back, or given up
//	queue.go    the other recipe: a stream of its own for the work
//	main.go     the program around them
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/meetbus/meetbus/schemas"
)

// Shared returns the consumer that the workers share. Who is silent for longer than patience is dead.
func Shared(ctx context.Context, js jetstream.JetStream, patience time.Duration) (jetstream.Consumer, error) {
	return js.CreateOrUpdateConsumer(ctx, "MEETBUS", jetstream.ConsumerConfig{
		Durable:        "recordings",
		FilterSubjects: []string{schemas.TypeRecordingUpdate},
		AckPolicy:      jetstream.AckExplicitPolicy,
		AckWait:        patience,
	})
}

// Work does one event after another until ctx ends. It asks for one when it has none, so what waits is free for others.
func Work(ctx context.Context, c jetstream.Consumer, do func(context.Context, schemas.Event) error) {
	for ctx.Err() == nil {
		m, err := next(ctx, c)
		if err != nil {
			err = fmt.Errorf("ask for an event: %w", err)
			time.Sleep(time.Second) // the server is away, or the consumer
		} else if m != nil {
			err = attempt(ctx, m, c.CachedInfo().Config.AckWait/3, do)
		}
		if err != nil {
			log.Print(err) // it goes on
		}
	}
}

// next waits for a message, half a minute at most. There may be none.
func next(ctx context.Context, c jetstream.Consumer) (jetstream.Msg, error) {
	ctx, stop := context.WithTimeout(ctx, 30*time.Second)
	defer stop()
	m, err := c.Next(jetstream.FetchContext(ctx))
	if ctx.Err() != nil || errors.Is(err, nats.ErrTimeout) || errors.Is(err, jetstream.ErrNoMessages) {
		return m, nil
	}
	return m, err
}
