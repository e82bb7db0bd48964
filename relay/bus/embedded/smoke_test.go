package embedded

import (
	"context"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap/zaptest"

	"github.com/meetbus/meetbus/relay/bus"
)

func TestSmoke(t *testing.T) {
	s, err := Start(Options{Listen: "127.0.0.1:0", Dir: t.TempDir(), Stream: "MEETBUS", Subjects: []string{"meeting.started", "meeting.ended"}, Log: zaptest.NewLogger(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	_, err = Start(Options{Listen: s.addr, Dir: t.TempDir(), Stream: "MEETBUS", Subjects: []string{"meeting.started", "meeting.ended"}, Log: zaptest.NewLogger(t)})
	t.Log(err)
	b, err := bus.Connect(bus.Options{Server: s.Relay(), Streams: []bus.Stream{{Name: "MEETBUS", Subjects: []string{"meeting.started", "meeting.ended"}, Manage: true, DuplicateWindow: time.Minute}}, Log: zaptest.NewLogger(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	for b.Ready() != nil {
		time.Sleep(time.Millisecond)
	}
	g, err := nats.Connect(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	sub, _ := g.SubscribeSync("meeting.>")
	g.Flush()
	a, err := b.Publish(context.Background(), bus.Message{Stream: "MEETBUS", Subject: "meeting.started", ID: "1", Data: []byte("{}")})
	t.Log(a, err)
	m, err := sub.NextMsg(time.Second)
	t.Log(m, err)
	js, _ := jetstream.New(g)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	c, err := js.OrderedConsumer(ctx, "MEETBUS", jetstream.OrderedConsumerConfig{})
	t.Log(err)
	mm, err := c.Next()
	t.Log(mm, err)
	old, _ := g.JetStream()
	ss, err := old.SubscribeSync("meeting.>", nats.OrderedConsumer())
	t.Log(err)
	m, err = ss.NextMsg(time.Second)
	t.Log(m, err)
}
