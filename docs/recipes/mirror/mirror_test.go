package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/meetbus/meetbus/docs/recipes/recipetest"
	"github.com/meetbus/meetbus/relay/bus/bustest"
)

func TestMain(m *testing.M) { os.Exit(recipetest.Main(m)) }

// pair is two servers that run with the files of this recipe, a network between them that can be cut, and a relay at the first.
type pair struct {
	main, far       *recipetest.Process
	mainURL, farURL string
	network         *bustest.Proxy
	relay           *recipetest.Relay
	sent            int
}

func start(t *testing.T) *pair {
	t.Helper()
	dir, server := t.TempDir(), recipetest.Build(t, recipetest.NATSServer)
	mainListen, leafs, farListen := recipetest.FreeAddress(t), recipetest.FreeAddress(t), recipetest.FreeAddress(t)
	p := &pair{mainURL: "nats://relay:r3lay@" + mainListen, farURL: "nats://" + farListen}
	p.main = recipetest.Start(t, recipetest.Listens(leafs), []string{
		"MAIN_LISTEN=" + mainListen, "MAIN_LEAFS=" + leafs, "MAIN_STORE=" + filepath.Join(dir, "main"),
		"RELAY_PASSWORD=r3lay", "FAR_PASSWORD=f4r",
	}, server, "-c", "main.conf")
	p.network = bustest.NewProxy(t, leafs)
	through, err := url.Parse(p.network.URL())
	if err != nil {
		t.Fatal(err)
	}
	p.far = recipetest.Start(t, recipetest.Listens(farListen), []string{
		"FAR_LISTEN=" + farListen, "FAR_STORE=" + filepath.Join(dir, "far"), "MAIN_URL=nats://far:f4r@" + through.Host,
	}, server, "-c", "far.conf")
	recipetest.Until(t, "the servers are connected", func() bool {
		return strings.Contains(p.far.Output(), "Leafnode connection created")
	})
	password := filepath.Join(dir, "password")
	if err := os.WriteFile(password, []byte("r3lay"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.relay = recipetest.StartRelay(t, fmt.Sprintf("{ url: %q, user: relay, password_file: %q }", "nats://"+mainListen, password),
		"endpoints: [ { provider: dyte, verify: none } ]")
	return p
}

// send sends so many webhooks, each another one.
func (p *pair) send(t *testing.T, count int) {
	t.Helper()
	for range count {
		p.sent++
		p.relay.Send(t, "dyte", fmt.Sprintf(`{"event":"meeting.participantJoined","meeting":{"id":"m"},"participant":{"peerId":"p-%d","joinedAt":%q}}`,
			p.sent, time.Unix(int64(p.sent), 0).UTC().Format(time.RFC3339)))
	}
}

// has says whether a stream has everything that was sent.
func (p *pair) has(t *testing.T, js jetstream.JetStream) func() bool {
	return func() bool {
		s, err := js.Stream(t.Context(), "MEETBUS")
		return err == nil && s.CachedInfo().State.LastSeq >= uint64(p.sent)
	}
}

// A network that is cut, and each of the servers killed: nothing is lost, and nothing is there twice.
func TestMirror(t *testing.T) {
	p := start(t)
	here, there := recipetest.Connect(t, p.mainURL), recipetest.Connect(t, p.farURL)
	shown := recipetest.Program(t, func(ctx context.Context, w io.Writer) error { return run(ctx, p.farURL, "main", w) })
	took := func(what string, do func()) {
		t.Helper()
		do()
		began := time.Now()
		recipetest.Until(t, "the copy is whole after "+what, p.has(t, there))
		t.Logf("whole %s after %s", time.Since(began).Round(100*time.Millisecond), what)
	}
	took("it was made", func() { p.send(t, 100) })
	took("a cut", func() {
		p.network.Part()
		p.send(t, 100)
		recipetest.Until(t, "the program notices", func() bool { return strings.Contains(last(shown), "nothing is heard") })
		p.network.Join()
	})
	took("a kill of the server with the copy", func() {
		p.far.Kill()
		p.send(t, 100)
		p.far.Again()
	})
	took("a kill of the server with the stream", func() {
		p.main.Kill()
		p.send(t, 100) // they wait in the relay's outbox
		p.main.Again()
	})
	recipetest.Until(t, "the program says so", func() bool { return last(shown) == "400 events, 0 behind" })
	same(t, here, there, p.sent)
}

func last(s *recipetest.Screen) string {
	if lines := s.Lines(); len(lines) > 0 {
		return lines[len(lines)-1]
	}
	return ""
}

// same wants both streams to have the same events under the same sequences, each of so many once.
func same(t *testing.T, here, there jetstream.JetStream, count int) {
	t.Helper()
	a, b := stream(t, here), stream(t, there)
	if x, y := a.CachedInfo().State, b.CachedInfo().State; x.Msgs != uint64(count) || y.Msgs != x.Msgs || y.LastSeq != x.LastSeq {
		t.Errorf("%d events here and %d there, to %d and %d, want %d", x.Msgs, y.Msgs, x.LastSeq, y.LastSeq, count)
	}
	ids := map[string]bool{}
	for n := range uint64(count) {
		x, y := message(t, a, n+1), message(t, b, n+1)
		if x.Subject != y.Subject || string(x.Data) != string(y.Data) || x.Header.Get("Nats-Msg-Id") != y.Header.Get("Nats-Msg-Id") {
			t.Fatalf("message %d is another one there", n+1)
		}
		ids[y.Header.Get("Nats-Msg-Id")] = true
	}
	if len(ids) != count {
		t.Errorf("%d different events, want %d", len(ids), count)
	}
}

func stream(t *testing.T, js jetstream.JetStream) jetstream.Stream {
	t.Helper()
	s, err := js.Stream(t.Context(), "MEETBUS")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func message(t *testing.T, s jetstream.Stream, n uint64) *jetstream.RawStreamMsg {
	t.Helper()
	m, err := s.GetMsg(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Who is at the server with the copy can read it, and do nothing to the stream.
func TestOneWay(t *testing.T) {
	p := start(t)
	p.send(t, 1)
	here, there := recipetest.Connect(t, p.mainURL), recipetest.Connect(t, p.farURL)
	if _, err := Mirror(t.Context(), there, "main"); err != nil {
		t.Fatal(err)
	}
	recipetest.Until(t, "the copy is whole", p.has(t, there))

	over, err := jetstream.NewWithDomain(there.Conn(), "main", jetstream.WithDefaultTimeout(2*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := over.Publish(t.Context(), "meeting.started", []byte("{}")); err == nil {
		t.Error("an event can be published from there")
	}
	if err := there.Conn().Publish("meeting.started", []byte("{}")); err != nil {
		t.Fatal(err)
	}
	if err := there.Conn().Flush(); err != nil {
		t.Fatal(err)
	}
	p.send(t, 1)
	recipetest.Until(t, "the copy is whole", p.has(t, there))
	if err := over.DeleteStream(t.Context(), "MEETBUS"); err == nil {
		t.Error("the stream can be deleted from there")
	}
	same(t, here, there, 2)
}
