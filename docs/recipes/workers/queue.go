package main

import (
	"context"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/meetbus/meetbus/schemas"
)

// Queue returns the consumer of a stream that holds work and nothing else. It takes the events from the relay's stream, and keeps
// each until it is done, for however long that is. It does what Shared does, for Work.
func Queue(ctx context.Context, js jetstream.JetStream, patience time.Duration) (jetstream.Consumer, error) {
	stream, err := js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name:       "RECORDINGS",
		Sources:    []*jetstream.StreamSource{{Name: "MEETBUS", FilterSubject: schemas.TypeRecordingUpdate}},
		Retention:  jetstream.WorkQueuePolicy,
		Storage:    jetstream.FileStorage,
		Duplicates: 24 * time.Hour, // on a stream with sources there is no window unless one is set
	})
	if err != nil {
		return nil, err
	}
	return stream.CreateOrUpdateConsumer(ctx, jetstream.ConsumerConfig{
		Durable:   "recordings",
		AckPolicy: jetstream.AckExplicitPolicy, // a work queue has no other
		AckWait:   patience,
	})
}
