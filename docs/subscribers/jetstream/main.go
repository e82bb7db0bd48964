// Command jetstream prints a line an event: all that there is, then what comes, and after a restart what has come since.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/meetbus/meetbus/schemas"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

func main() {
	js := must(jetstream.New(must(nats.Connect(os.Getenv("NATS_URL"))))) // unset: nats://127.0.0.1:4222
	consumer := must(js.CreateOrUpdateConsumer(context.Background(), "MEETBUS", jetstream.ConsumerConfig{Durable: "printer"}))
	must(consumer.Consume(func(m jetstream.Msg) { // one after the other; it goes on when NATS has been away
		e, err := schemas.Decode(m.Headers(), m.Data())
		if err != nil { // in neither content mode, and it never will be: it must not come again and hold up the others
			log.Printf("%s: %v; given up: %t", m.Subject(), err, m.TermWithReason("cannot be read") == nil)
			return
		}
		detail := e.Status
		if d, ok := e.Data.(*schemas.ParticipantJoined); ok && d.Participant != nil {
			detail = d.Participant.Name
		}
		fmt.Println(e.Type, e.Subject, detail)
		m.Ack() // after the work: what is not acknowledged comes again
	}))
	select {}
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}
