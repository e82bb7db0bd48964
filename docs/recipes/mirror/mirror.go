// Command mirror makes the copy of a relay's stream on another NATS server, and says how far behind it is.
//
//	main.conf  the server that the relay publishes to
//	far.conf   the server that has the copy, a leaf node of the other one
//	mirror.go  the recipe: the stream that is a copy
//	main.go    the program around it
package main

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Mirror makes the copy on the server of js, or leaves it as it is. It has the same name, so that subscribers are the same on both
// sides; and the same sequences, since a mirror stores every message of the other stream, once, in its order.
func Mirror(ctx context.Context, js jetstream.JetStream, domain string) (jetstream.Stream, error) {
	s, err := js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name:    "MEETBUS",
		Mirror:  &jetstream.StreamSource{Name: "MEETBUS", Domain: domain},
		Storage: jetstream.FileStorage,
		MaxAge:  7 * 24 * time.Hour, // its own: a copy may keep events for longer
	})
	if err != nil {
		return nil, fmt.Errorf("make the mirror of MEETBUS in domain %s: %w", domain, err)
	}
	return s, nil
}
