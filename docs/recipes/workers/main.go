package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/meetbus/meetbus/schemas"
)

func main() {
	url := flag.String("nats", "nats://127.0.0.1:4222", "where the events are")
	queue := flag.Bool("queue", false, "work from a stream of its own; the server inside meetbus lets nobody make one")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *url, *queue, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// run works until ctx ends, and says on w which recordings are ready.
func run(ctx context.Context, url string, queue bool, w io.Writer) error {
	nc, err := nats.Connect(url, nats.MaxReconnects(-1))
	if err != nil {
		return fmt.Errorf("connect to NATS at %s: %w", url, err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return err
	}
	of := Shared
	if queue {
		of = Queue
	}
	consumer, err := of(ctx, js, 30*time.Second)
	if err != nil {
		return fmt.Errorf("make the consumer: %w", err)
	}
	Work(ctx, consumer, func(_ context.Context, e schemas.Event) error {
		d, is := e.Data.(*schemas.RecordingUpdate)
		if !is || d.Recording == nil || d.Recording.Status != "UPLOADED" {
			return nil
		}
		// Where to download it is in d.Recording.DownloadURL: a secret, since whoever has the URL can read the recording.
		_, err := fmt.Fprintf(w, "recording %q of meeting %q is ready\n", d.Recording.ID, e.MeetingID)
		return err
	})
	return nil
}
