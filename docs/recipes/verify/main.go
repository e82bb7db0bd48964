package main

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/meetbus/meetbus/schemas"
)

func main() {
	url := flag.String("nats", "nats://127.0.0.1:4222", "where the events are")
	file := flag.String("key", "keys/public.pem", "the provider's public key")
	provider := flag.String("provider", "dyte", "whose key it is")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *url, *file, *provider, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// run says on w of every event of a provider, from the first on, what it is worth, until ctx ends.
func run(ctx context.Context, url, file, provider string, w io.Writer) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	key, err := KeyOf(text)
	if err != nil {
		return err
	}
	nc, err := nats.Connect(url, nats.MaxReconnects(-1))
	if err != nil {
		return fmt.Errorf("connect to NATS at %s: %w", url, err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return err
	}
	consumer, err := js.OrderedConsumer(ctx, "MEETBUS", jetstream.OrderedConsumerConfig{})
	if err != nil {
		return fmt.Errorf("make the consumer: %w", err)
	}
	messages, err := consumer.Messages()
	if err != nil {
		return err
	}
	defer messages.Stop()
	for {
		m, err := messages.Next(jetstream.NextContext(ctx))
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, jetstream.ErrMsgIteratorClosed):
			return err
		case err != nil:
			log.Print(err) // it goes on
			continue
		}
		if line := judge(m, key, provider); line != "" {
			if _, err := fmt.Fprintln(w, line); err != nil {
				return err
			}
		}
	}
}

// judge says what a message is worth. Whose it is, it says itself: one that lies there is checked with the wrong key, and fails.
func judge(m jetstream.Msg, key *rsa.PublicKey, provider string) string {
	e, err := schemas.Decode(m.Headers(), m.Data())
	if err == nil && e.Provider != provider {
		return ""
	}
	var body []byte
	if err == nil {
		body, err = Signed(e, key)
	}
	if err != nil {
		return fmt.Sprintf("REFUSED  %q: %v", m.Subject(), err)
	}
	var said struct {
		Event       string `json:"event"`
		WebhookType string `json:"webhookType"`
	}
	if err := json.Unmarshal(body, &said); err != nil {
		return fmt.Sprintf("REFUSED  %q: %v", m.Subject(), err)
	}
	return fmt.Sprintf("signed   %q", said.Event+said.WebhookType)
}
