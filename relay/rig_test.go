package relay

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/relay/bus"
	"github.com/meetbus/meetbus/relay/bus/bustest"
	"github.com/meetbus/meetbus/relay/keys"
	"github.com/meetbus/meetbus/relay/keys/keystest"
	"github.com/meetbus/meetbus/relay/route"
)

const (
	events  = "MEETBUS"
	letters = "MEETBUS_DEADLETTER"
)

// rig is a whole relay: a real NATS server, a real bus, real key servers, and the front end on a real socket.
type rig struct {
	t        testing.TB
	nats     *bustest.Node
	bus      *bus.Bus
	relay    *Relay
	url      string
	sender   *http.Transport
	log      *observer.ObservedLogs
	registry *prometheus.Registry
	// dyte and realtimekit play the providers' key servers.
	dyte, realtimekit, videosdk *keystest.Server
}

// newRig starts a relay with the endpoints that make returns, and whatever else change wants.
func newRig(t testing.TB, make func(r *rig) []Endpoint, change ...func(*Options)) *rig {
	t.Helper()
	core, log := observer.New(zapcore.DebugLevel)
	r := &rig{
		t: t, nats: bustest.Server(t), log: log, registry: prometheus.NewRegistry(),
		sender: &http.Transport{MaxIdleConnsPerHost: 64},
		dyte:   keystest.New(t), realtimekit: keystest.New(t), videosdk: keystest.New(t),
	}
	o := Options{
		Endpoints: make(r), Table: tableOf(t), Stream: events, DeadLetters: letters, MaxBody: 256 << 10,
		Deadline: usualDeadline, Hosts: []string{"hooks.example.org"}, Log: zap.New(core), Metrics: NewMetrics(r.registry),
	}
	for _, f := range change {
		f(&o)
	}
	r.connect(o)
	o.Bus = r.bus
	r.relay = New(o)
	r.registry.MustRegister(r.relay)
	r.url = serve(t, r.relay.Front(), o.Deadline)
	t.Cleanup(r.sender.CloseIdleConnections)
	return r
}

// connect connects the bus, with the streams that the relay's table wants.
func (r *rig) connect(o Options) {
	r.t.Helper()
	b, err := bus.Connect(bus.Options{
		Name: "rig", Server: bus.Server{URL: r.nats.URL()}, Log: o.Log, MinPayload: 1 << 19,
		Streams: []bus.Stream{
			{Name: events, Subjects: o.Table.Subjects(), Replicas: 1, Manage: true, DuplicateWindow: time.Hour},
			{Name: letters, Subjects: o.Table.DeadLetterSubjects(), Replicas: 1, Manage: true, DuplicateWindow: time.Hour},
		},
	})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(b.Close)
	r.bus = b
	r.awaitBus()
}

// tableOf returns the table of rules.
func tableOf(t testing.TB, rules ...route.Rule) *route.Table {
	t.Helper()
	table, faults := route.Compile(route.Mapping{
		Default: route.DefaultTemplate, Rules: rules, Providers: []string{"dyte", "realtimekit", "videosdk"},
	})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return table
}

const usualDeadline = 2500 * time.Millisecond

// serve starts a Server for a handler, and returns its URL.
func serve(t testing.TB, h http.Handler, deadline time.Duration) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	broken := make(chan error, 1)
	s := Serve(ServerOptions{Listener: l, Handler: h, Deadline: deadline, Log: zap.NewNop(), Broken: broken})
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		if len(broken) > 0 {
			t.Error(<-broken)
		}
	})
	return "http://" + l.Addr().String()
}

func (r *rig) awaitBus() {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := r.bus.WaitReady(ctx); err != nil {
		r.t.Fatal(err)
	}
}

// ring returns the running keys of a key server.
func (r *rig) ring(provider string, from *keystest.Server) []*keys.Ring {
	return r.ringOf(keys.Source{Provider: provider, URL: from.URL})
}

func (r *rig) ringOf(s keys.Source) []*keys.Ring {
	r.t.Helper()
	ring, err := keys.New(s, keys.Options{Dir: r.t.TempDir(), Log: zap.NewNop()})
	if err != nil {
		r.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { ring.Run(ctx) })
	r.t.Cleanup(func() { cancel(); running.Wait() })
	return []*keys.Ring{ring}
}

// hook is one request to the front end.
type hook struct {
	method, path, host, body string
	header                   http.Header
}

// answer is what the front end says to it.
type answer struct {
	status int
	header http.Header
	text   string
	fields map[string]any
}

func (r *rig) send(h hook) answer {
	r.t.Helper()
	if h.method == "" {
		h.method = http.MethodPost
	}
	got, text := r.exchange(h)
	a := answer{status: got.StatusCode, header: got.Header, text: text}
	if err := json.Unmarshal([]byte(text), &a.fields); err != nil {
		r.t.Fatalf("answer %d is not JSON: %q", a.status, text)
	}
	return a
}

// ask is send for answers that need not be JSON.
func (r *rig) ask(h hook) (status int, text string) {
	r.t.Helper()
	got, text := r.exchange(h)
	return got.StatusCode, text
}

func (r *rig) exchange(h hook) (got *http.Response, text string) {
	r.t.Helper()
	q, err := http.NewRequest(h.method, r.url+h.path, strings.NewReader(h.body))
	if err != nil {
		r.t.Fatal(err)
	}
	for name, values := range h.header {
		q.Header[http.CanonicalHeaderKey(name)] = values
	}
	if h.host != "" {
		q.Host = h.host
	}
	if got, err = r.sender.RoundTrip(q); err != nil {
		r.t.Fatal(err)
	}
	defer got.Body.Close()
	all, err := io.ReadAll(got.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return got, string(all)
}

// stored returns how many messages a stream holds.
func (r *rig) stored(stream string) int {
	r.t.Helper()
	n := 0
	err := bus.Read(context.Background(), bus.ReadOptions{
		Server: bus.Server{URL: r.nats.URL()}, Stream: stream, Start: bus.Start{All: true}, Log: zap.NewNop(),
	}, func(bus.Stored) error { n++; return nil })
	if err != nil {
		r.t.Fatal(err)
	}
	return n
}

// last returns the last message of a stream.
func (r *rig) last(stream string) bus.Stored {
	r.t.Helper()
	var last bus.Stored
	err := bus.Read(context.Background(), bus.ReadOptions{
		Server: bus.Server{URL: r.nats.URL()}, Stream: stream, Start: bus.Start{Last: 1}, Log: zap.NewNop(),
	}, func(m bus.Stored) error { last = m; return nil })
	if err != nil {
		r.t.Fatal(err)
	}
	return last
}

// headers makes a header of names and values in turn.
func headers(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Add(pairs[i], pairs[i+1])
	}
	return h
}

// signedBy returns an endpoint of one provider at /webhooks/<provider>.
func signedBy(p normalize.Provider, rings []*keys.Ring) Endpoint {
	return Endpoint{
		Name: p.Name, Path: "/webhooks/" + p.Name, Verify: true,
		Signers: []Signer{{Provider: p, Keys: rings}}, SignatureHeaders: p.Headers.Signature,
	}
}

// open returns the same without verification.
func open(p normalize.Provider) Endpoint {
	e := signedBy(p, nil)
	e.Name, e.Path, e.Verify = "open-"+p.Name, "/open/"+p.Name, false
	return e
}
