package bus_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"github.com/meetbus/meetbus/relay/bus"
	"github.com/meetbus/meetbus/relay/bus/bustest"
)

const (
	crowd     = 200   // senders
	crowdSize = 20000 // messages of all of them
)

// sending is what a sender was told of one message, which he sent until the bus took it or refused it for good.
type sending struct {
	m        bus.Message
	ack      bus.Ack
	err      error
	attempts int
}

// TestCrowd has many senders publish through a network that hangs and breaks, some of them the same, some what is refused, and some when
// their time is up already. What was acknowledged is stored once, where they were told, and what was refused is not.
func TestCrowd(t *testing.T) {
	n := bustest.Server(t)
	js := admin(t, n)
	config := newStream("CROWD", 1)
	config.MaxMsgSize = 1000
	if _, err := js.CreateStream(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	p := bustest.NewProxy(t, n.Addr())
	b := connect(t, bus.Options{Server: bus.Server{URL: p.URL()}, Log: zap.NewNop(), Streams: []bus.Stream{
		{Name: "CROWD", Subjects: config.Subjects, DuplicateWindow: time.Minute},
	}})
	waitReady(t, b)
	calm := disturb(p)
	sent := make([]sending, crowdSize)
	var senders sync.WaitGroup
	for first := range crowd {
		senders.Go(func() {
			for i := first; i < crowdSize; i += crowd {
				sent[i] = sendUntilTaken(t.Context(), b, crowdMessage(i))
			}
		})
	}
	senders.Wait()
	calm()
	publishAfter(t, b, bus.Message{Stream: "CROWD", Subject: "CROWD", ID: "after"})
	checkCrowd(t, sent, all(t, js, "CROWD"))
}

// crowdMessage is the nth of the crowd's: of a hundred one is too large, one comes late, and ten are also sent by the next sender.
func crowdMessage(n int) bus.Message {
	m := bus.Message{Stream: "CROWD", Subject: "CROWD", ID: fmt.Sprint(n), Data: make([]byte, 100)}
	switch kind := n / crowd % 100; {
	case kind == 3:
		m.Data = make([]byte, 2000)
	case kind == 5:
		m.By = time.Unix(1, 0)
	case kind >= 10 && kind < 20:
		m.ID = fmt.Sprint(n / 2 * 2)
	}
	return m
}

// disturb has a network hang for moments, some of them longer than senders wait, and break, for as long as the crowd has about to send.
func disturb(p *bustest.Proxy) (calm func()) {
	over := atomic.Bool{}
	var running sync.WaitGroup
	running.Go(func() {
		for i := 0; i < 5 && !over.Load(); i++ {
			time.Sleep(50*time.Millisecond + rand.N(50*time.Millisecond))
			p.Freeze()
			time.Sleep(rand.N(150 * time.Millisecond))
			if i%2 == 1 {
				p.Cut()
			}
			p.Thaw()
		}
	})
	return func() {
		over.Store(true)
		running.Wait()
	}
}

func sendUntilTaken(ctx context.Context, b *bus.Bus, m bus.Message) (s sending) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	late := !m.By.IsZero()
	for s.m = m; ; time.Sleep(time.Millisecond + rand.N(5*time.Millisecond)) {
		if !late {
			m.By = time.Now().Add(100 * time.Millisecond)
		}
		s.attempts++
		s.ack, s.err = b.Publish(ctx, m)
		if late || !errors.Is(s.err, bus.ErrUnavailable) || ctx.Err() != nil {
			return s
		}
	}
}

// all are the sequences of a stream's messages by their ids.
func all(t *testing.T, js jetstream.JetStream, stream string) map[string][]uint64 {
	t.Helper()
	c, err := js.OrderedConsumer(t.Context(), stream, jetstream.OrderedConsumerConfig{HeadersOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	messages, err := c.Messages()
	if err != nil {
		t.Fatal(err)
	}
	defer messages.Stop()
	ids := map[string][]uint64{}
	for {
		m, err := messages.Next()
		if err != nil {
			t.Fatal(err)
		}
		meta, err := m.Metadata()
		if err != nil {
			t.Fatal(err)
		}
		id := m.Headers().Get(nats.MsgIdHdr)
		ids[id] = append(ids[id], meta.Sequence.Stream)
		if meta.NumPending == 0 {
			return ids
		}
	}
}

func checkCrowd(t *testing.T, sent []sending, stored map[string][]uint64) {
	t.Helper()
	for id, sequences := range stored {
		if len(sequences) > 1 {
			t.Errorf("id %s is stored at %v", id, sequences)
		}
	}
	acked, isNew, again := 0, map[string]int{}, map[string]bool{}
	for _, s := range sent {
		sequences := stored[s.m.ID]
		late := !s.m.By.IsZero()
		switch {
		case late || len(s.m.Data) > 1000:
			if want := map[bool]error{true: bus.ErrUnavailable, false: bus.ErrTooLarge}[late]; !errors.Is(s.err, want) || len(sequences) > 0 {
				t.Errorf("id %s: %v, want %v; stored at %v", s.m.ID, s.err, want, sequences)
			}
		case s.err != nil:
			t.Errorf("id %s: %v after %d attempts", s.m.ID, s.err, s.attempts)
		case len(sequences) != 1 || sequences[0] != s.ack.Sequence:
			t.Errorf("id %s: %+v, stored at %v", s.m.ID, s.ack, sequences)
		default:
			acked++
			isNew[s.m.ID] += map[bool]int{false: 1}[s.ack.Duplicate]
			again[s.m.ID] = again[s.m.ID] || s.attempts > 1
		}
	}
	for id, n := range isNew { // what was sent again may have been stored before its sender left
		if n > 1 || n == 0 && !again[id] {
			t.Errorf("id %s was new for %d", id, n)
		}
	}
	t.Logf("%d acknowledged, %d stored", acked, len(stored))
}

// TestWhoLeavesUnwrittenIsNeverSent: senders leave at all moments between the handing over and the writing of a group.
func TestWhoLeavesUnwrittenIsNeverSent(t *testing.T) {
	n := groupServer(t, false)
	js := admin(t, n)
	for w, stream := range map[bus.Way]string{bus.Apart: "FLOWS", bus.Together: "BATCHES"} {
		config := newStream(stream, 1)
		if _, err := js.CreateStream(t.Context(), config); err != nil {
			t.Fatal(err)
		}
		b := connect(t, bus.Options{Server: bus.Server{URL: n.URL()}, Log: zap.NewNop(), Streams: []bus.Stream{
			{Name: stream, Subjects: config.Subjects, DuplicateWindow: time.Minute},
		}})
		waitReady(t, b)
		b.Force(w)
		publish(t, b, bus.Message{Stream: stream, Subject: stream, ID: "before"})
		var mu sync.Mutex
		unwritten := map[string]bool{}
		var senders sync.WaitGroup
		for sender := range 30 {
			senders.Go(func() {
				for i := range 100 {
					m := bus.Message{Stream: stream, Subject: stream, ID: fmt.Sprint(sender, "-", i)}
					if sender%2 == 0 {
						publishAfter(t, b, m)
					} else if b.Abandon(m, rand.N(300*time.Microsecond)) {
						mu.Lock()
						unwritten[m.ID] = true
						mu.Unlock()
					}
				}
			})
		}
		senders.Wait()
		publishAfter(t, b, bus.Message{Stream: stream, Subject: stream, ID: "after"})
		for id := range all(t, js, stream) {
			if unwritten[id] {
				t.Errorf("id %s of %s was sent when its sender had left", id, stream)
			}
		}
		t.Logf("%d of %s left unwritten", len(unwritten), stream)
	}
}
