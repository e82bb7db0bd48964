package relay

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/meetbus/meetbus/normalize"
)

// TestHTTP2: over TLS, webhooks come by HTTP/2 as by HTTP/1, and a body that does not come is answered in time, too.
func TestHTTP2(t *testing.T) {
	r := newRig(t, func(*rig) []Endpoint { return []Endpoint{open(normalize.Dyte)} }, func(o *Options) { o.Deadline = 500 * time.Millisecond })
	known := httptest.NewTLSServer(http.NotFoundHandler()) // for its certificate, and a client that trusts it
	defer known.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := Serve(ServerOptions{
		Listener: l, Handler: r.relay.Front(), TLS: &tls.Config{Certificates: known.TLS.Certificates}, Deadline: 500 * time.Millisecond,
		Log: zap.NewNop(), Broken: make(chan error, 1),
	})
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Error(err)
		}
	})
	transport := known.Client().Transport.(*http.Transport)
	transport.ForceAttemptHTTP2 = true
	defer transport.CloseIdleConnections()
	never, hold := io.Pipe()
	defer hold.Close()
	for name, c := range map[string]struct {
		body   io.Reader
		length int64
		status int
	}{
		"a webhook":                 {strings.NewReader(`{"event":"meeting.started","meeting":{"id":"m-1"}}`), -1, 200},
		"one of no known length":    {struct{ io.Reader }{strings.NewReader(`{"event":"meeting.ended"}`)}, -1, 200},
		"too much":                  {strings.NewReader(strings.Repeat("x", 300<<10)), -1, 413},
		"too much, of no length":    {struct{ io.Reader }{strings.NewReader(strings.Repeat("x", 300<<10))}, -1, 413},
		"a body that does not come": {never, 100, 503},
	} {
		t.Run(name, func(t *testing.T) {
			q, err := http.NewRequest(http.MethodPost, "https://"+l.Addr().String()+"/open/dyte", c.body)
			if err != nil {
				t.Fatal(err)
			}
			q.Host = "localhost"
			if c.length >= 0 {
				q.ContentLength = c.length
			}
			began := time.Now()
			got, err := transport.RoundTrip(q)
			if err != nil {
				t.Fatal(err)
			}
			defer got.Body.Close()
			if got.ProtoMajor != 2 || got.StatusCode != c.status {
				text, _ := io.ReadAll(got.Body)
				t.Errorf("HTTP/%d, status %d, want 2 and %d: %s", got.ProtoMajor, got.StatusCode, c.status, text)
			}
			if took := time.Since(began); took > 2*time.Second {
				t.Errorf("the answer took %s", took)
			}
		})
	}
}
