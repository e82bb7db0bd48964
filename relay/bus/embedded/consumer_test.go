package embedded

import (
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/meetbus/meetbus/relay/bus"
)

func TestGuestsMakeDurableConsumers(t *testing.T) { eachKind(t, guestsMakeDurableConsumers) }

func guestsMakeDurableConsumers(t *testing.T, k kind) {
	s := k.start(t)
	b := connect(t, s)
	publish(t, b, "MEETBUS", "meeting.started", "1")
	publish(t, b, "MEETBUS", "meeting.ended", "2")
	o := bus.ConsumerOptions{
		Server: k.reader(t, s), Stream: "MEETBUS", Name: "greeter", Filters: []string{"meeting.started", "meeting.ended"},
		Metadata: map[string]string{"made-by": "a guest"},
	}
	for _, existed := range []bool{false, true} {
		if made, err := bus.CreateConsumer(within(t, patience), o); err != nil || made.Existed != existed || made.Waiting != 2 {
			t.Fatalf("%+v, %v", made, err)
		}
	}
	c, err := stream(t, k.guest(t, s)).Consumer(t.Context(), "greeter")
	must(t, err)
	for _, want := range []string{"meeting.started", "meeting.ended"} {
		m, err := c.Next(jetstream.FetchMaxWait(patience))
		must(t, err)
		if m.Subject() != want {
			t.Errorf("%s, want %s", m.Subject(), want)
		}
		must(t, m.DoubleAck(within(t, patience)))
	}
	if made, err := bus.CreateConsumer(within(t, patience), o); err != nil || made.Waiting+made.Unacknowledged != 0 {
		t.Errorf("after the work: %+v, %v", made, err)
	}
}
