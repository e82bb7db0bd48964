package bus

import (
	"context"
	"go.uber.org/zap/zaptest"
	"testing"
	"time"

	"github.com/meetbus/meetbus/relay/bus/bustest"
)

func TestSmoke(t *testing.T) {
	n := bustest.Server(t)
	b, err := Connect(Options{Server: Server{URL: n.URL()}, Streams: []Stream{{Name: "MEETBUS", Subjects: []string{"meeting.started"}, Manage: true, DuplicateWindow: time.Minute}}, Log: zaptest.NewLogger(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	for b.Ready() != nil {
		time.Sleep(time.Millisecond)
	}
	a, err := b.Publish(context.Background(), Message{Stream: "MEETBUS", Subject: "meeting.started", ID: "1", Data: []byte("{}")})
	t.Log(a, err)
	a, err = b.Publish(context.Background(), Message{Stream: "MEETBUS", Subject: "meeting.started", ID: "1", Data: []byte("{}")})
	t.Log(a, err)
	n.Stop()
	began := time.Now()
	a, err = b.Publish(context.Background(), Message{Stream: "MEETBUS", Subject: "meeting.started", ID: "1", Data: []byte("{}")})
	t.Log(a, err, time.Since(began))
	time.Sleep(500 * time.Millisecond)
	n.Restart()
	for b.Ready() != nil {
		time.Sleep(time.Millisecond)
	}
	a, err = b.Publish(context.Background(), Message{Stream: "MEETBUS", Subject: "meeting.started", ID: "1", Data: []byte("{}")})
	t.Log(a, err)
}
