package recipetest

import (
	"context"
	"maps"
	"net/http"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/schemas"
)

// Event is what a relay would make of a webhook of a provider that arrives at some time.
func Event(t Failer, provider, body string, arrived time.Time) schemas.Event {
	t.Helper()
	p, known := normalize.Lookup(provider)
	if !known {
		t.Fatalf("no provider is called %s", provider)
	}
	w := normalize.Webhook{Provider: p, Endpoint: p.Name, Verified: true, Header: http.Header{}, Body: []byte(body), Received: arrived}
	e, err := normalize.Normalize(&w)
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return Read(t, Message(t, e.Event))
}

// Message is the message that a relay would publish for an event.
func Message(t Failer, e schemas.Event) *nats.Msg {
	t.Helper()
	header, data, err := schemas.Envelope{}.Seal(&e)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return &nats.Msg{Subject: e.Type, Header: maps.Clone(header), Data: data} // others may have the same header
}

// Read is the event that a subscriber gets of a message.
func Read(t Failer, m *nats.Msg) schemas.Event {
	t.Helper()
	e, err := schemas.Decode(m.Header, m.Data)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return e
}

// Failer is a test, or one run of a property.
type Failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// Connect returns JetStream at a URL.
func Connect(t testing.TB, url string) jetstream.JetStream {
	t.Helper()
	js, err := Dial(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(js.Conn().Close)
	return js
}

// Dial is Connect for a process that is no test.
func Dial(url string) (jetstream.JetStream, error) {
	nc, err := nats.Connect(url, nats.MaxReconnects(-1), nats.RetryOnFailedConnect(true), nats.ReconnectWait(50*time.Millisecond))
	if err != nil {
		return nil, err
	}
	return jetstream.New(nc)
}

// Window is how long Stream knows what it has.
const Window = 100 * time.Millisecond

// Stream makes the stream of a relay, for events that no relay publishes.
func Stream(t testing.TB, js jetstream.JetStream) jetstream.Stream {
	t.Helper()
	s, err := js.CreateStream(context.Background(), jetstream.StreamConfig{
		Name: "MEETBUS", Subjects: []string{"meeting.*", "recording.*"}, Duplicates: Window,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Publish stores events, each as a message of its own: like a retry that comes after the duplicate window, one may come twice.
func Publish(t testing.TB, js jetstream.JetStream, events ...schemas.Event) {
	t.Helper()
	for _, e := range events {
		if _, err := js.PublishMsg(context.Background(), Message(t, e)); err != nil {
			t.Fatal(err)
		}
	}
}
