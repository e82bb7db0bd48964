package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"unicode"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/meetbus/meetbus/schemas"
)

func main() {
	url := flag.String("nats", "nats://127.0.0.1:4222", "where the events are")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *url, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// run shows presence on w until ctx ends. It writes nothing until it has read what the stream has, and then every change.
func run(ctx context.Context, url string, w io.Writer) error {
	nc, err := nats.Connect(url, nats.MaxReconnects(-1))
	if err != nil {
		return fmt.Errorf("connect to NATS at %s: %w", url, err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return err
	}
	// It has no state at the server, and makes itself anew after a fault, where it was: nothing is missed.
	consumer, err := js.OrderedConsumer(ctx, "MEETBUS", jetstream.OrderedConsumerConfig{FilterSubjects: []string{
		schemas.TypeParticipantJoined, schemas.TypeParticipantLeft, schemas.TypeMeetingEnded,
	}})
	if err != nil {
		return fmt.Errorf("make the consumer: %w", err)
	}
	messages, err := consumer.Messages()
	if err != nil {
		return err
	}
	defer messages.Stop()
	s := show{presence: New(), shown: map[string]string{}, changed: map[string]bool{}}
	for {
		m, err := messages.Next(jetstream.NextContext(ctx))
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, jetstream.ErrMsgIteratorClosed):
			return err
		case err != nil:
			log.Print(err) // it goes on
		default:
			if err := s.take(m, w); err != nil {
				return err
			}
		}
	}
}

// show is what was shown last of each meeting, and which of them may have changed since.
type show struct {
	presence *Presence
	shown    map[string]string
	changed  map[string]bool
}

// take takes a message in, and shows what is other than before if it was the last one for now.
func (s *show) take(m jetstream.Msg, w io.Writer) error {
	e, err := schemas.Decode(m.Headers(), m.Data())
	if err != nil {
		log.Printf("read a message on %s: %v", m.Subject(), err)
	} else {
		s.presence.Apply(e)
		s.changed[e.MeetingID] = true
	}
	if about, err := m.Metadata(); err != nil || about.NumPending > 0 {
		return err
	}
	for _, meeting := range slices.Sorted(maps.Keys(s.changed)) {
		if now := people(s.presence.In(meeting)); now != s.shown[meeting] {
			s.shown[meeting] = now
			if _, err := fmt.Fprintf(w, "%s: %s\n", meeting, cmp.Or(now, "nobody")); err != nil {
				return err
			}
		}
	}
	clear(s.changed)
	return nil
}

// people names those who have joined, each once: somebody with two devices has two connections. The application's own key of a
// person is customId.
func people(joins []schemas.Event) string {
	var names []string
	known := map[string]bool{}
	for _, e := range joins {
		p := e.Data.(*schemas.ParticipantJoined).Participant
		if person := cmp.Or(p.CustomID, idOf(p)); !known[person] {
			known[person] = true
			names = append(names, strings.Map(printable, cmp.Or(p.Name, person)))
		}
	}
	return strings.Join(names, ", ")
}

// printable keeps what people have put into their names from steering the terminal.
func printable(r rune) rune {
	if unicode.IsPrint(r) {
		return r
	}
	return '?'
}
