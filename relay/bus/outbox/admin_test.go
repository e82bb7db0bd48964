package outbox

import (
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/meetbus/meetbus/relay/bus/bustest"
)

// admin returns the JetStream of a server, for what a relay never does.
func admin(t *testing.T, n *bustest.Node) jetstream.JetStream {
	t.Helper()
	nc, err := nats.Connect(n.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	return js
}

// memory makes a stream that no relay should use.
func memory(t *testing.T, n *bustest.Node) {
	t.Helper()
	_, err := admin(t, n).CreateStream(t.Context(), jetstream.StreamConfig{Name: "MEETBUS", Subjects: []string{"meeting.*"}, Storage: jetstream.MemoryStorage})
	if err != nil {
		t.Fatal(err)
	}
}
