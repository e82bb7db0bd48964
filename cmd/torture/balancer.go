package main

import (
	"context"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"time"
)

// relayHeader tells in an answer which relay gave it.
const relayHeader = "X-Relay"

// balancer is one address for several relays, in turn. One that cannot be reached is passed over, as load balancers do.
type balancer struct {
	server *http.Server
	addr   string
	relays []string
	next   atomic.Uint64
}

func newBalancer(relays []string) (*balancer, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	b := &balancer{relays: relays, addr: l.Addr().String()}
	b.server = &http.Server{Handler: &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: "relay"})
			r.Out.Host = "localhost" // an endpoint that does not verify takes nothing from elsewhere
		},
		Transport: &http.Transport{
			// The pool does not know which relay a connection leads to, and each request is to go to the next one.
			DisableKeepAlives: true,
			DialContext:       b.dial,
		},
		ModifyResponse: func(r *http.Response) error {
			if taken, ok := r.Request.Context().Value(chosen{}).(*atomic.Value); ok {
				r.Header.Set(relayHeader, taken.Load().(string))
			}
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { panic(http.ErrAbortHandler) },
	}}
	handler := b.server.Handler
	b.server.Handler = http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		taken := new(atomic.Value)
		taken.Store("")
		handler.ServeHTTP(w, q.WithContext(context.WithValue(q.Context(), chosen{}, taken)))
	})
	go func() { _ = b.server.Serve(l) }()
	return b, nil
}

// chosen is the key of the relay that a request went to.
type chosen struct{}

func (b *balancer) dial(ctx context.Context, network, _ string) (c net.Conn, err error) {
	for range b.relays {
		relay := b.relays[b.next.Add(1)%uint64(len(b.relays))]
		dialer := net.Dialer{Timeout: time.Second}
		if c, err = dialer.DialContext(ctx, network, relay); err == nil {
			if taken, ok := ctx.Value(chosen{}).(*atomic.Value); ok {
				taken.Store(relay)
			}
			return c, nil
		}
	}
	return nil, err
}

func (b *balancer) url() string { return "http://" + b.addr }

func (b *balancer) close() { _ = b.server.Close() }
