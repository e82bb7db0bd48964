// Command cloudevents prints a line an event, read by the CloudEvents SDK.
package main

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"os"

	cehttp "github.com/cloudevents/sdk-go/v2/protocol/http"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

func main() {
	js := must(jetstream.New(must(nats.Connect(os.Getenv("NATS_URL"))))) // unset: nats://127.0.0.1:4222
	<-must(must(js.CreateOrUpdateConsumer(context.Background(), "MEETBUS", jetstream.ConsumerConfig{Durable: "sdk"})).Consume(func(m jetstream.Msg) {
		q := must(http.NewRequest("", "", bytes.NewReader(m.Data())))
		for name, values := range m.Headers() { // in binary mode they are as in HTTP, percent-encoded, and the SDK leaves them so
			value, _ := url.PathUnescape(values[0]) // what is not encoded so is no attribute
			q.Header.Set(name, value)
		}
		if e, err := cehttp.NewEventFromHTTPRequest(q); err != nil { // it will never be readable: it must not come again
			log.Printf("%s: %v; given up: %t", m.Subject(), err, m.TermWithReason("cannot be read") == nil)
		} else if _, err := fmt.Println(e.Type(), e.Subject(), string(e.Data())); err == nil { // or e.DataAs(&yours)
			m.Ack() // after the work: what is not acknowledged comes again
		}
	})).Closed()
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}
