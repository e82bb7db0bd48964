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

	"github.com/cloudevents/sdk-go/v2/binding"
	cehttp "github.com/cloudevents/sdk-go/v2/protocol/http"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

func main() {
	js := must(jetstream.New(must(nats.Connect(os.Getenv("NATS_URL"))))) // unset: nats://127.0.0.1:4222
	must(must(js.CreateOrUpdateConsumer(context.Background(), "MEETBUS", jetstream.ConsumerConfig{Durable: "sdk"})).Consume(func(m jetstream.Msg) {
		q := must(http.NewRequest("", "", bytes.NewReader(m.Data())))
		for name, values := range m.Headers() { // in binary mode they are as in HTTP, percent-encoded, and the SDK leaves them so
			value, _ := url.PathUnescape(values[0]) // what is not encoded so is no attribute
			q.Header.Set(name, value)
		}
		e := must(binding.ToEvent(context.Background(), cehttp.NewMessageFromHttpRequest(q)))
		fmt.Println(e.Type(), e.Subject(), string(e.Data())) // or e.DataAs(&yours)
		m.Ack()
	}))
	select {}
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}
