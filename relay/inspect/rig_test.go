package inspect_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/relay"
	"github.com/meetbus/meetbus/relay/bus"
	"github.com/meetbus/meetbus/relay/bus/bustest"
	"github.com/meetbus/meetbus/relay/deadletter"
	"github.com/meetbus/meetbus/relay/inspect"
	"github.com/meetbus/meetbus/relay/keys"
	"github.com/meetbus/meetbus/relay/keys/keystest"
	"github.com/meetbus/meetbus/relay/route"
)

const (
	events  = "MEETBUS"
	letters = "MEETBUS_DEADLETTER"
)

// rig is a whole relay before a real NATS server, with both front ends on real sockets.
type rig struct {
	t         *testing.T
	recent    *inspect.Recent
	inspector *inspect.Inspector
	signer    *keystest.Server
	// front is where providers send to, admin where operators look.
	front, admin string
	client       *http.Client
	// token, if it is not empty, is wanted; deadline is the servers'.
	token atomic.Pointer[string]
}

const deadline = 600 * time.Millisecond

func newRig(t *testing.T, token string, change ...func(*inspect.Options)) *rig {
	t.Helper()
	r := &rig{t: t, recent: inspect.NewRecent(), signer: keystest.New(t), client: &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	r.token.Store(&token)
	table, faults := route.Compile(route.Mapping{Default: route.DefaultTemplate, Providers: []string{"dyte", "realtimekit", "videosdk"},
		Rules: []route.Rule{
			{Match: map[string][]string{"type": {"recording.statusUpdate"}}, Subject: "recording.{meetingid}"},
			{Match: map[string][]string{"type": {"hls.*"}}, Drop: true},
		}})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	b := r.bus(table)
	var endpoints []relay.Endpoint
	for _, p := range normalize.Providers() {
		endpoints = append(endpoints, relay.Endpoint{Name: p.Name, Path: "/" + p.Name, Signers: []relay.Signer{{Provider: p}}})
	}
	ring, err := keys.New(keys.Source{Provider: "dyte", URL: r.signer.URL}, keys.Options{Dir: t.TempDir(), Log: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { ring.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
	endpoints = append(endpoints, relay.Endpoint{
		Name: "signed", Path: "/signed", Verify: true, SignatureHeaders: normalize.Dyte.Headers.Signature,
		Signers: []relay.Signer{{Provider: normalize.Dyte, Keys: []*keys.Ring{ring}}},
	})
	ours := endpoints[len(endpoints)-1]
	ours.Name, ours.Path, ours.Organizations, ours.WebhookIDs = "ours", "/ours", []string{"alpha-org"}, []string{"hook-alpha"}
	endpoints = append(endpoints, ours)
	registry := prometheus.NewRegistry()
	whole := relay.New(relay.Options{
		Endpoints: endpoints, Bus: b, Stream: events, DeadLetters: letters, Table: table, MaxBody: 256 << 10,
		Deadline: 5 * time.Second, Log: zap.NewNop(), Metrics: relay.NewMetrics(registry), Recent: r.recent,
	})
	o := inspect.Options{
		Recent: r.recent, Events: b, Ready: b.Ready, Log: zap.NewNop(), Providers: []string{"dyte"}, Types: []string{"meeting.ended"},
		Letters: deadletter.New(deadletter.Options{Bus: b, Stream: events, Letters: letters, Again: whole.Retake}),
	}
	if token != "" {
		o.Token = func() string { return *r.token.Load() }
	}
	for _, f := range change {
		f(&o)
	}
	r.inspector = inspect.New(o)
	r.front = r.serve(whole.Front(), 5*time.Second, func() {})
	r.admin = r.serve(relay.Admin(relay.AdminOptions{
		Ready: b.Ready, Keys: whole.KeyStates, Token: o.Token, CheckHost: true, Metrics: registry, Log: zap.NewNop(), Inspector: r.inspector,
	}), deadline, r.inspector.Close)
	return r
}

func (r *rig) bus(table *route.Table) *bus.Bus {
	r.t.Helper()
	b, err := bus.Connect(bus.Options{Name: "rig", Server: bus.Server{URL: bustest.Server(r.t).URL()}, Streams: []bus.Stream{
		{Name: events, Subjects: table.Subjects(), Replicas: 1, Manage: true, DuplicateWindow: time.Hour},
		{Name: letters, Subjects: table.DeadLetterSubjects(), Replicas: 1, Manage: true, DuplicateWindow: time.Hour},
	}})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(b.Close)
	ctx, cancel := context.WithTimeout(r.t.Context(), 20*time.Second)
	defer cancel()
	if err := b.WaitReady(ctx); err != nil {
		r.t.Fatal(err)
	}
	return b
}

// serve starts a server as the command does, and stops it so: before is called first, and nothing may hold it up.
func (r *rig) serve(h http.Handler, deadline time.Duration, before func()) string {
	r.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		r.t.Fatal(err)
	}
	s := relay.Serve(relay.ServerOptions{Listener: l, Handler: h, Deadline: deadline, Log: zap.NewNop(), Broken: make(chan error, 1)})
	r.t.Cleanup(func() {
		before()
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			r.t.Error(err)
		}
	})
	return "http://" + l.Addr().String()
}

// send sends a webhook, signed where that is wanted, and returns the answer's status.
func (r *rig) send(endpoint, body string, header map[string]string) int {
	r.t.Helper()
	q := r.request(http.MethodPost, r.front+"/"+endpoint, strings.NewReader(body), header)
	if (endpoint == "signed" || endpoint == "ours") && q.Header.Get("dyte-signature") == "" {
		q.Header.Set("dyte-signature", r.signer.Sign([]byte(body)))
	}
	status, _, _ := r.do(q)
	return status
}

func (r *rig) request(method, address string, body io.Reader, header map[string]string) *http.Request {
	r.t.Helper()
	q, err := http.NewRequest(method, address, body)
	if err != nil {
		r.t.Fatal(err)
	}
	for name, value := range header {
		if name == "Host" {
			q.Host = value
		}
		q.Header.Set(name, value)
	}
	return q
}

func (r *rig) do(q *http.Request) (status int, header http.Header, text string) {
	r.t.Helper()
	answer, err := r.client.Do(q)
	if err != nil {
		r.t.Fatal(err)
	}
	defer answer.Body.Close()
	all, err := io.ReadAll(answer.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return answer.StatusCode, answer.Header, string(all)
}

// get asks the operators' front end.
func (r *rig) get(path string, header map[string]string) (status int, text string) {
	r.t.Helper()
	status, _, text = r.do(r.request(http.MethodGet, r.admin+path, nil, header))
	return status, text
}

// post sends a form there, as a page of it would.
func (r *rig) post(path string, form url.Values, header map[string]string) (status int, got http.Header, text string) {
	r.t.Helper()
	q := r.request(http.MethodPost, r.admin+path, strings.NewReader(form.Encode()), header)
	q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r.do(q)
}

func joined(meeting, name string) string {
	return fmt.Sprintf(`{"event":"meeting.participantJoined","meeting":{"id":%q,"sessionId":"s"},`+
		`"participant":{"peerId":"p","userDisplayName":%q,"joinedAt":"2026-05-04T09:30:00.000Z"}}`, meeting, name)
}
