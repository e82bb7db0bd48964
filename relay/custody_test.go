package relay

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2/event"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/meetbus/meetbus/normalize"
)

func cloudEvent(t *testing.T, data []byte) cloudevents.Event {
	t.Helper()
	var e cloudevents.Event
	if err := e.UnmarshalJSON(data); err != nil {
		t.Fatalf("not a CloudEvent: %v: %s", err, data)
	}
	if err := e.Validate(); err != nil {
		t.Fatalf("not a valid CloudEvent: %v: %s", err, data)
	}
	return e
}

// TestStored: what a subscriber gets is the event of the answer, with the body as it was signed.
func TestStored(t *testing.T) {
	r := newRig(t, func(r *rig) []Endpoint { return []Endpoint{signedBy(normalize.Dyte, r.ring("dyte", r.dyte))} })
	body := joinedBody(ours)
	got := r.send(hook{path: "/webhooks/dyte", body: body,
		header: headers("dyte-signature", r.dyte.Sign([]byte(body)), "dyte-uuid", "d-1", "dyte-webhook-id", "w-1")})
	if got.status != 200 {
		t.Fatal(got.text)
	}
	m := r.last(events)
	if m.Subject != "meeting.participantJoined" || m.Header["Nats-Msg-Id"][0] != "https://dyte.io#"+got.fields["id"].(string) {
		t.Errorf("stored at %s as %v", m.Subject, m.Header)
	}
	if ct := m.Header["content-type"]; len(ct) != 1 || ct[0] != "application/cloudevents+json" {
		t.Errorf("content-type is %v", ct)
	}
	e := cloudEvent(t, m.Data)
	var data struct{ Original string }
	if err := e.DataAs(&data); err != nil {
		t.Fatal(err)
	}
	if data.Original != body {
		t.Errorf("original is %q", data.Original)
	}
	for name, want := range map[string]any{
		"provider": "dyte", "endpoint": "dyte", "verified": true, "deliveryid": "d-1", "webhookid": "w-1", "participantid": "7b9e4d10-1111-4222-8333-9a0b1c2d3e4f",
	} {
		if got := e.Extensions()[name]; got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
}

// TestBusAway: without the bus the answer is 503, within the deadline, and nothing is sent later.
func TestBusAway(t *testing.T) {
	r := newRig(t, func(*rig) []Endpoint { return []Endpoint{open(normalize.Dyte)} })
	r.nats.Stop()
	began := time.Now()
	for i := range 20 {
		got := r.send(hook{path: "/open/dyte", body: joinedBody(fmt.Sprintf("org-%d", i))})
		if got.status != http.StatusServiceUnavailable {
			t.Fatalf("status %d without a bus: %s", got.status, got.text)
		}
		checkProblem(t, got)
	}
	if took := time.Since(began); took > 2500*time.Millisecond {
		t.Errorf("20 refusals took %v", took)
	}
	r.nats.Restart()
	r.awaitBus()
	if n := r.stored(events); n != 0 {
		t.Errorf("%d refused events are stored", n)
	}
	if got := r.send(hook{path: "/open/dyte", body: joinedBody(ours)}); got.status != http.StatusOK || got.fields["sequence"] != 1.0 {
		t.Errorf("after the restart: %s", got.text)
	}
}

// TestSlowSender: a body that does not come costs the sender its answer, not us the deadline. The answer is there before the
// server itself would give up reading.
func TestSlowSender(t *testing.T) {
	r := newRig(t, func(*rig) []Endpoint { return []Endpoint{open(normalize.Dyte)} }, func(o *Options) { o.Deadline = 300 * time.Millisecond })
	const head = " HTTP/1.1\r\nHost: localhost\r\n"
	for _, c := range []struct {
		name, sent string
		status     int
	}{
		{"nothing of the body", "POST /open/dyte" + head + "Content-Length: 100\r\n\r\n", 503},
		{"half of the body", "POST /open/dyte" + head + "Content-Length: 100\r\n\r\n" + strings.Repeat("x", 50), 503},
		{"a chunk, and no more", "POST /open/dyte" + head + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", 503},
		{"nowhere", "POST /nowhere" + head + "Content-Length: 100\r\n\r\n", 404},
		{"nowhere, in chunks", "POST /nowhere" + head + "Transfer-Encoding: chunked\r\n\r\n", 404},
		{"another method", "PUT /open/dyte" + head + "Content-Length: 100\r\n\r\n", 405},
		{"a browser's question", "OPTIONS /open/dyte" + head + "Content-Length: 100\r\n\r\n", 405},
		{"an encoding", "POST /open/dyte" + head + "Content-Encoding: gzip\r\nContent-Length: 100\r\n\r\n", 415},
		{"too much", "POST /open/dyte" + head + "Content-Length: 100000000\r\n\r\n", 413},
		{"from elsewhere", "POST /open/dyte" + head + "Origin: null\r\nContent-Length: 100\r\n\r\n", 401},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn, err := net.Dial("tcp", strings.TrimPrefix(r.url, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if err := conn.SetDeadline(time.Now().Add(2 * time.Second)); err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(conn, c.sent); err != nil {
				t.Fatal(err)
			}
			got, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer got.Body.Close()
			if text, _ := io.ReadAll(got.Body); got.StatusCode != c.status {
				t.Errorf("status %d, want %d: %s", got.StatusCode, c.status, text)
			}
		})
	}
}

// TestPanic: a fault of our own is a 503, so that the webhook is sent again, and the log has where it was.
func TestPanic(t *testing.T) {
	r := newRig(t, func(*rig) []Endpoint { return []Endpoint{open(normalize.Dyte)} })
	r.relay.bus = nil
	got := r.send(hook{path: "/open/dyte", body: joinedBody(ours)})
	if got.status != http.StatusServiceUnavailable || got.fields["type"] != "urn:meetbus:problem:internal" {
		t.Errorf("%d %s", got.status, got.text)
	}
	checkProblem(t, got)
	if panics := r.log.FilterMessage("a request has panicked").All(); len(panics) != 1 ||
		!strings.Contains(fmt.Sprint(panics[0].ContextMap()["stack"]), "publish.go") {
		t.Errorf("logged: %v", panics)
	}
}

// TestOverload: what there is no room for is refused before it is read, and what is under way is not disturbed.
func TestOverload(t *testing.T) {
	r := newRig(t, func(*rig) []Endpoint { return []Endpoint{open(normalize.Dyte)} })
	for r.relay.work.take(workEach, r.relay.work.most) {
	}
	got := r.send(hook{path: "/open/dyte", body: joinedBody(ours)})
	if got.status != http.StatusServiceUnavailable || got.fields["type"] != "urn:meetbus:problem:overloaded" {
		t.Errorf("without room: %d %s", got.status, got.text)
	}
	checkProblem(t, got)
	before := r.relay.work.used.Load()
	r.relay.work.give(1 << 20)
	for range 100 {
		if got := r.send(hook{path: "/open/dyte", body: joinedBody(ours)}); got.status != http.StatusOK {
			t.Fatalf("with room: %d %s", got.status, got.text)
		}
	}
	if after := r.relay.work.used.Load(); after != before-1<<20 {
		t.Errorf("100 webhooks have kept %d bytes of room", after-before+1<<20)
	}
}

// TestNothingSecretIsShown: no log line, answer or metric holds a signature, a path, a query or a part of a body.
func TestNothingSecretIsShown(t *testing.T) {
	const path = "/webhooks/videosdk/dG9wLXNlY3JldC1wYXRo"
	r := newRig(t, func(r *rig) []Endpoint {
		e := signedBy(normalize.VideoSDK, r.ring("videosdk", r.videosdk))
		e.Path = path
		o := open(normalize.Dyte)
		return []Endpoint{e, o}
	})
	const marked = `{"webhookType":"participant-joined","data":{"meetingId":"secret-meeting","participantName":"secret-name"}}`
	signature := r.videosdk.Sign([]byte(marked))
	var shown strings.Builder
	for _, h := range []hook{
		{path: path + "?token=secret-query", body: marked, header: headers("videosdk-signature", signature)},
		{path: path, body: marked + "secret-tail", header: headers("videosdk-signature", r.videosdk.Sign([]byte(marked+"secret-tail")))},
		{path: path, body: marked, header: headers("videosdk-signature", signature[:40]+"AAAA"+signature[44:], "Authorization", "secret-token")},
		{path: path, body: marked},
		{path: path + "x", body: marked},
		{path: "/open/dyte", body: `{"secret-key":`},
		{path: "/open/dyte", body: marked, host: "secret-host.example.com"},
	} {
		shown.WriteString(r.send(h).text)
	}
	for _, entry := range r.log.All() {
		fmt.Fprintln(&shown, entry.Message, entry.ContextMap())
	}
	metrics := httptest.NewRecorder()
	Admin(AdminOptions{Metrics: r.registry, Log: r.relay.log}).ServeHTTP(metrics, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	shown.WriteString(metrics.Body.String())
	for _, secret := range []string{"secret-", "dG9wLXNlY3JldC1wYXRo", signature[:40]} {
		if at := strings.Index(shown.String(), secret); at >= 0 {
			t.Errorf("%q is shown: …%s…", secret, shown.String()[max(0, at-100):at+40])
		}
	}
	if n := r.log.FilterMessage("webhook").Len(); n != 7 {
		t.Errorf("%d log lines for 7 webhooks", n)
	}
}

// TestMetrics: each outcome is counted under the endpoint's name, and nothing that a sender chooses makes a label.
func TestMetrics(t *testing.T) {
	r := newRig(t, func(r *rig) []Endpoint {
		return []Endpoint{open(normalize.Dyte), signedBy(normalize.Dyte, r.ring("dyte", r.dyte))}
	})
	for _, body := range []string{joinedBody(ours), joinedBody(ours), waved, "hello"} {
		r.send(hook{path: "/open/dyte", body: body})
	}
	r.send(hook{path: "/webhooks/dyte", body: "hello", header: headers("dyte-signature", r.dyte.Sign([]byte("hello")))})
	r.send(hook{path: "/nobody-" + ours})
	// The first is refused with 401; a minute later the next would be, and until then it is 503, and counts as refused all the same.
	for range 3 {
		r.send(hook{path: "/webhooks/dyte", body: "hello", header: headers("dyte-signature", r.videosdk.Sign([]byte("hello")))})
	}
	want := map[string]uint64{
		"open-dyte published": 1, "open-dyte duplicate": 1, "open-dyte unmapped": 1, "open-dyte rejected": 1,
		"dyte dead_lettered": 1, "dyte rejected": 3, " rejected": 1,
	}
	families, err := r.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]uint64{}
	for _, f := range families {
		if f.GetName() != "meetbus_webhook_duration_seconds" {
			continue
		}
		for _, m := range f.GetMetric() {
			if n := m.GetHistogram().GetSampleCount(); n > 0 {
				got[m.GetLabel()[0].GetValue()+" "+m.GetLabel()[1].GetValue()] = n
			}
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("counted %v, want %v", got, want)
	}
	for name, want := range map[string]float64{
		"duplicates": testutil.ToFloat64(r.relay.metrics.duplicates), "unidentified": testutil.ToFloat64(r.relay.metrics.unidentified),
		"not_json": testutil.ToFloat64(r.relay.metrics.deadLetters.WithLabelValues("not_json")),
	} {
		if want != 1 {
			t.Errorf("%s counted %v times, want once", name, want)
		}
	}
}
