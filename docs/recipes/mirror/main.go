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
)

func main() {
	url := flag.String("nats", "nats://127.0.0.1:4222", "the server that shall have the copy")
	domain := flag.String("domain", "main", "the JetStream domain of the server that has the stream")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *url, *domain, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// run makes the mirror, and says on w how far behind it is whenever that changes, until ctx ends. It need not run on: the servers
// do the work.
func run(ctx context.Context, url, domain string, w io.Writer) error {
	nc, err := nats.Connect(url, nats.MaxReconnects(-1))
	if err != nil {
		return fmt.Errorf("connect to NATS at %s: %w", url, err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return err
	}
	stream, err := Mirror(ctx, js, domain)
	if err != nil {
		return err
	}
	said := ""
	for every := time.Tick(time.Second); ; {
		if line, err := state(ctx, stream); err != nil && ctx.Err() == nil {
			log.Print(err) // it goes on
		} else if err == nil && line != said {
			said = line
			if _, err := fmt.Fprintln(w, line); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-every:
		}
	}
}

// state says how the copy is. What the server says of the other side is as old as Active says.
func state(ctx context.Context, stream jetstream.Stream) (string, error) {
	info, err := stream.Info(ctx)
	if err != nil {
		return "", err
	}
	if m := info.Mirror; m == nil || m.Active < 0 || m.Active > 5*time.Second { // a heartbeat comes every second
		return fmt.Sprintf("%d events, and nothing is heard of the other server", info.State.Msgs), nil
	}
	return fmt.Sprintf("%d events, %d behind", info.State.Msgs, info.Mirror.Lag), nil
}
