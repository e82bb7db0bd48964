// Command cloudevents prints a line an event, read by the CloudEvents SDK.
package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
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
	for messages := must(must(js.CreateOrUpdateConsumer(context.Background(), "MEETBUS", jetstream.ConsumerConfig{Durable: "sdk"})).Messages()); ; {
		m, header := must(messages.Next()), http.Header{}
		for name, values := range m.Headers() { // in binary mode they are as in HTTP, percent-encoded, and the SDK leaves them so
			value, _ := url.PathUnescape(values[0]) // what is not encoded so is no attribute
			header.Set(name, value)
		}
		e := must(binding.ToEvent(context.Background(), cehttp.NewMessage(header, io.NopCloser(bytes.NewReader(m.Data())))))
		fmt.Println(e.Type(), e.Subject(), string(e.Data())) // or e.DataAs(&yours)
		m.Ack()
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}
