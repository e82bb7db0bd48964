package embedded

import (
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/meetbus/meetbus/relay/bus"
)

// TestShare: a durable consumer reads what new rules make of events, and a new core subscription hears what does not overlap what
// was shared before, once.
func TestShare(t *testing.T) {
	s := mustStart(t, options(t.TempDir()))
	b := connect(t, s)
	guest, err := nats.Connect(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(guest.Close)
	js, err := jetstream.New(guest)
	if err != nil {
		t.Fatal(err)
	}
	durable, err := js.CreateOrUpdateConsumer(t.Context(), events.Name, jetstream.ConsumerConfig{Durable: "d", AckPolicy: jetstream.AckExplicitPolicy})
	if err != nil {
		t.Fatal(err)
	}
	wanted := events
	wanted.Subjects = []string{"meeting.started", "meeting.*", "meetbus.unmapped.dyte.*", "room.opened.*"}
	for range 2 { // the same again changes nothing
		held := wanted
		held.Subjects = wanted.Subjects[1:]
		if err := b.Hold(t.Context(), []bus.Stream{held, letters}); err != nil {
			t.Fatal(err)
		}
		later, err := s.Share(wanted.Subjects)
		if err != nil || !slices.Equal(later, []string{"meeting.*"}) {
			t.Fatalf("later are %q (%v)", later, err)
		}
	}
	all, err := guest.SubscribeSync(">")
	if err != nil {
		t.Fatal(err)
	}
	_ = guest.Flush()
	sent := []string{"meeting.started", "room.opened.a", "meeting.paused", "meeting.ended"}
	for _, subject := range sent {
		publish(t, b, events.Name, subject, subject)
	}
	publish(t, b, letters.Name, "meetbus.deadletter.dyte", "dead")
	var heard []string
	for m, err := all.NextMsg(time.Second); err == nil; m, err = all.NextMsg(time.Second) {
		heard = append(heard, m.Subject)
	}
	if want := []string{"meeting.started", "room.opened.a", "meeting.ended"}; !slices.Equal(heard, want) {
		t.Errorf("a core subscription heard %q, want %q", heard, want)
	}
	batch, err := durable.Fetch(len(sent), jetstream.FetchMaxWait(patience))
	if err != nil {
		t.Fatal(err)
	}
	var read []string
	for m := range batch.Messages() {
		read = append(read, m.Subject())
	}
	if !slices.Equal(read, sent) {
		t.Errorf("a durable consumer read %q, want %q", read, sent)
	}
}
