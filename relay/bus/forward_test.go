package bus_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/meetbus/meetbus/relay/bus"
	"github.com/meetbus/meetbus/relay/bus/bustest"
)

// meetings is how many keys the messages of these tests have.
const meetings = 3

// TestForward forwards the groups of TestGroups: what becomes of one message is not decided by another, and of those with one key
// none overtakes another.
func TestForward(t *testing.T) {
	n := groupServer(t, false)
	for i, c := range groupCases {
		switch {
		case len(c.leave)+len(c.unheard) > 0, c.foreign: // nobody leaves here, and sequences are not concluded from others
			continue
		case slices.ContainsFunc(c.failures(), passing), c.full > 0 && len(c.stored) > 0: // what passes holds up others: TestForwardHoldsBack
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.sender = forward
			c.run(t, admin(t, n), bus.Server{URL: n.URL()}, bus.Apart, fmt.Sprint("F", i), 1)
		})
	}
}

func TestForwardToReplicas(t *testing.T) {
	n := groupCluster(t)
	for i, name := range []string{"all new", "some known", "one twice and one too large", "full in the middle"} {
		c := groupCases[slices.IndexFunc(groupCases, func(c groupCase) bool { return c.name == name })]
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.sender = forward
			c.run(t, admin(t, n), bus.Server{URL: n.URL()}, bus.Apart, fmt.Sprint("F", i), 3)
		})
	}
}

// TestForwardIsOneBatch: else the other tests would prove nothing.
func TestForwardIsOneBatch(t *testing.T) {
	n := groupServer(t, false)
	c := groupCase{sender: forward}
	if got, want := c.sent(t, n, bus.Apart), (ways{single: 1, batch: groupSize}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	c.stream = noBatches
	if got, want := c.sent(t, n, bus.Apart), (ways{single: 1 + groupSize}); got != want {
		t.Errorf("to a stream that takes no batches: %+v, want %+v", got, want)
	}
}

// TestForwardHoldsBack: behind a message that the bus may still take nothing of the same key is stored.
func TestForwardHoldsBack(t *testing.T) {
	n := groupServer(t, false)
	js, b := forwarder(t, n, newStream("HELD", 1))
	ms := groupCase{change: to("nowhere", 4)}.messages("HELD")
	inMeetings(ms)
	outcomes := b.Forward(t.Context(), ms)
	for i, o := range outcomes {
		if failed := o.Err != nil; failed != (i == 4) || failed && (!errors.Is(o.Err, bus.ErrUnavailable) || !o.Answered) {
			t.Errorf("message %d: %+v", i, o)
		}
	}
	for id, sequences := range stored(t, js, "HELD") {
		var i int
		if _, err := fmt.Sscan(id, &i); err != nil || len(sequences) != 1 || i >= len(outcomes) || i > 4 && i%meetings == 4%meetings {
			t.Errorf("message %s is stored at %d, after %d outcomes", id, sequences, len(outcomes))
		}
	}
}

// TestForwardWithoutAnswer: what may be stored is told apart from what is not.
func TestForwardWithoutAnswer(t *testing.T) {
	n := groupServer(t, false)
	js := admin(t, n)
	if _, err := js.CreateStream(t.Context(), newStream("SILENT", 1)); err != nil {
		t.Fatal(err)
	}
	proxy := bustest.NewProxy(t, n.Addr())
	b := connect(t, bus.Options{Server: bus.Server{URL: proxy.URL()}, Streams: []bus.Stream{{Name: "SILENT", Subjects: []string{"SILENT"}, DuplicateWindow: time.Minute}}})
	waitReady(t, b)
	ms := groupCase{}.messages("SILENT")
	inMeetings(ms)
	proxy.Freeze()
	ctx, cancel := contextFor(t, 100*time.Millisecond)
	defer cancel()
	outcomes := b.Forward(ctx, ms)
	if len(outcomes) != len(ms) {
		t.Fatalf("%d outcomes for a batch of %d", len(outcomes), len(ms))
	}
	for i, o := range outcomes {
		if !errors.Is(o.Err, bus.ErrUnavailable) || o.Answered {
			t.Errorf("message %d: %+v", i, o)
		}
	}
	proxy.Thaw()
	waitReady(t, b)
	for rest := ms; len(rest) > 0; {
		outcomes := b.Forward(t.Context(), rest)
		if len(outcomes) == 0 || outcomes[0].Err != nil {
			t.Fatalf("again: %+v", outcomes)
		}
		rest = rest[len(outcomes):]
	}
	if ids := stored(t, js, "SILENT"); len(ids) != len(ms) {
		t.Errorf("%d of %d are stored", len(ids), len(ms))
	}
	for id, sequences := range stored(t, js, "SILENT") {
		if len(sequences) != 1 {
			t.Errorf("%s is stored at %d", id, sequences)
		}
	}
}

// TestForwardTriesLess: what is not answered holds up itself, also as the last of a batch, which has the only answer.
func TestForwardTriesLess(t *testing.T) {
	n := groupServer(t, false)
	js, b := forwarder(t, n, newStream("LESS", 1))
	rest := groupCase{change: denied(groupSize - 1)}.messages("LESS")
	last := rest[groupSize-1].ID
	for tries := 0; len(rest) > 1; tries++ {
		if tries == 10 {
			t.Fatalf("%d messages are left after %d tries", len(rest), tries)
		}
		ctx, cancel := contextFor(t, 200*time.Millisecond)
		outcomes := b.Forward(ctx, rest)
		cancel()
		var again []bus.Message
		for i, o := range outcomes {
			if o.Err != nil {
				again = append(again, rest[i])
			}
		}
		rest = append(again, rest[len(outcomes):]...)
		waitReady(t, b)
	}
	if len(rest) != 1 || rest[0].ID != last {
		t.Errorf("left: %+v", rest)
	}
	if ids := stored(t, js, "LESS"); len(ids) != groupSize-1 {
		t.Errorf("stored: %v", ids)
	}
}

// TestForwardWithLittleTime: where a batch is refused late, the other ways are for the next call, and the connection stays.
func TestForwardWithLittleTime(t *testing.T) {
	n := groupServer(t, false)
	config := newStream("LATE", 1)
	small(&config)
	_, b := forwarder(t, n, config)
	ms := groupCase{}.messages("LATE")
	grow(ms, groupSize-1) // which is not the fault of the first
	ctx, cancel := contextFor(t, 400*time.Millisecond)
	defer cancel()
	if outcomes := b.Forward(ctx, ms); len(outcomes) != 1 || kindsOf(outcomes[0].Err) != 1 || !errors.Is(outcomes[0].Err, bus.ErrUnavailable) || !outcomes[0].Answered {
		t.Errorf("with little time: %+v", outcomes)
	}
	if outcomes := b.Forward(t.Context(), ms); len(outcomes) == 0 || outcomes[0].Err != nil {
		t.Errorf("with time: %+v", outcomes)
	}
}

// TestForwardAmongOthers: one message for another stream leaves alone, and all others in batches.
func TestForwardAmongOthers(t *testing.T) {
	n := groupServer(t, false)
	c := groupCase{sender: forward, change: other(1)}
	if got, want := c.sent(t, n, bus.Apart), (ways{single: 2, batch: groupSize - 2}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// TestForwardToAFullServer: a server whose disk may hold no more stores a part of a batch, and answers nothing.
func TestForwardToAFullServer(t *testing.T) {
	const size, room = 10 << 10, 100 << 10
	n := groupServer(t, false, func(o *server.Options) { o.JetStreamMaxStore = room })
	js, b := forwarder(t, n, newStream("ROOM", 1))
	rest := groupCase{change: func(ms []bus.Message) {
		for i := range ms {
			ms[i].Data = make([]byte, size)
		}
		inMeetings(ms)
	}}.messages("ROOM")
	var err error
	for tries := 0; !errors.Is(err, bus.ErrFull); tries++ {
		if tries == 10 {
			t.Fatalf("not full after %d tries: %v", tries, err)
		}
		ctx, cancel := contextFor(t, 2*time.Second)
		outcomes := b.Forward(ctx, rest)
		cancel()
		for len(outcomes) > 0 && outcomes[0].Err == nil {
			rest, outcomes = rest[1:], outcomes[1:]
		}
		if len(outcomes) > 0 {
			err = outcomes[0].Err
		}
		waitReady(t, b)
	}
	ids := stored(t, js, "ROOM")
	if left := groupSize - len(ids); left == 0 || left != len(rest) {
		t.Errorf("%d are stored, and %d are left", len(ids), len(rest))
	}
	for id, sequences := range ids {
		if len(sequences) != 1 || fmt.Sprint(sequences[0]-1) != id {
			t.Errorf("message %s is stored at %d", id, sequences)
		}
	}
}

// forwarder is a bus with one new stream.
func forwarder(t *testing.T, n *bustest.Node, config jetstream.StreamConfig) (jetstream.JetStream, *bus.Bus) {
	t.Helper()
	js := admin(t, n)
	if _, err := js.CreateStream(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	b := connect(t, bus.Options{Server: bus.Server{URL: n.URL()}, Streams: []bus.Stream{
		{Name: config.Name, Subjects: config.Subjects, DuplicateWindow: time.Minute},
	}})
	waitReady(t, b)
	return js, b
}

// failures are the kinds of error that messages of a case have.
func (c groupCase) failures() (kinds []error) {
	for _, err := range c.fail {
		kinds = append(kinds, err)
	}
	return kinds
}

// passing says whether the bus may still take what has failed so.
func passing(err error) bool { return errors.Is(err, bus.ErrUnavailable) }

func inMeetings(ms []bus.Message) {
	for i := range ms {
		ms[i].Key = fmt.Sprint("meeting-", i%meetings)
	}
}

// forward forwards a group, and what is left of it, until there is nothing left or no room.
func forward(c groupCase, t *testing.T, js jetstream.JetStream, b *bus.Bus, config jetstream.StreamConfig, ms []bus.Message) ([]bus.Ack, []error) {
	inMeetings(ms)
	publish(t, b, bus.Message{Stream: config.Name, Subject: config.Name, ID: "gather"}) // as send does
	if c.edit != nil {
		c.edit(&config)
		if _, err := js.UpdateStream(t.Context(), config); err != nil {
			t.Error(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	acks, errs := make([]bus.Ack, len(ms)), make([]error, len(ms))
	for at := 0; at < len(ms); {
		outcomes := b.Forward(ctx, ms[at:])
		if len(outcomes) == 0 {
			t.Fatalf("none of %d messages has an outcome", len(ms)-at)
		}
		for _, o := range outcomes {
			acks[at], errs[at] = o.Ack, o.Err
			at++
		}
		if full := outcomes[len(outcomes)-1].Err; errors.Is(full, bus.ErrFull) {
			for ; at < len(ms); at++ {
				errs[at] = full
			}
		}
	}
	last := map[string]uint64{}
	for i, m := range ms {
		if errs[i] != nil || acks[i].Duplicate {
			continue
		}
		key := m.Stream + m.Key
		if acks[i].Sequence < last[key] {
			t.Errorf("message %d is stored at %d, and one of its key that was before it at %d", i, acks[i].Sequence, last[key])
		}
		last[key] = acks[i].Sequence
	}
	return acks, errs
}
