package keys

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meetbus/meetbus/relay/keys/keystest"
)

// wire is a network without sockets, on which the clock of a synctest bubble advances while everybody waits.
type wire struct {
	calls  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (w *wire) Accept() (net.Conn, error) {
	select {
	case conn := <-w.calls:
		return conn, nil
	case <-w.closed:
		return nil, net.ErrClosed
	}
}

func (w *wire) Close() error {
	w.once.Do(func() { close(w.closed) })
	return nil
}

func (w *wire) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }

func (w *wire) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case w.calls <- there:
		return here, nil
	case <-w.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// wired returns a ring in a bubble, whose document a real HTTP server in the same bubble serves by handler.
func wired(t *testing.T, handler http.Handler, o Options) *Ring {
	t.Helper()
	w := &wire{calls: make(chan net.Conn), closed: make(chan struct{})}
	server := &http.Server{Handler: handler}
	var serving sync.WaitGroup
	serving.Go(func() { server.Serve(w) })
	t.Cleanup(func() {
		server.Shutdown(context.Background()) // waits for the handlers, whose clients have gone by now
		serving.Wait()
	})
	r := newRing(t, Source{URL: "http://127.0.0.1/keys.json"}, o)
	r.client.Transport.(*http.Transport).DialContext = w.dial
	return r
}

// gate answers as its server does, once it is open.
type gate struct {
	*keystest.Server
	shut atomic.Pointer[chan struct{}]
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if shut := g.shut.Load(); shut != nil {
		select {
		case <-*shut:
		case <-r.Context().Done():
		}
	}
	g.Server.ServeHTTP(w, r)
}

func (g *gate) close() (open func()) {
	shut := make(chan struct{})
	g.shut.Store(&shut)
	return func() { close(shut) }
}

func TestSchedule(t *testing.T) {
	server := keystest.New(t)
	synctest.Test(t, func(t *testing.T) {
		var results []error
		log := &diary{}
		r := wired(t, server, Options{Log: log.logger(), Refreshed: func(_ string, err error) { results = append(results, err) }})
		run(t, r)
		first := server.Sign(body)
		steps := []struct {
			what            string
			pass            time.Duration
			fail            bool // from then on
			rotate          bool
			fetches, failed int
			stale           bool
		}{
			{what: "fetched at once", fetches: 1},
			{what: "not before an hour has passed", pass: time.Hour - time.Second, fetches: 1},
			{what: "after an hour", pass: time.Second, fetches: 2, fail: true},
			{what: "after another, in vain", pass: time.Hour, fetches: 3, failed: 1},
			{what: "not again before a minute has passed", pass: time.Minute - time.Second, fetches: 3, failed: 1},
			{what: "again after a minute", pass: time.Second, fetches: 4, failed: 2, stale: true},
			{what: "and each minute, for hours", pass: 3 * time.Hour, fetches: 184, failed: 182, stale: true, rotate: true},
			{what: "until it succeeds", pass: time.Minute, fetches: 185, failed: 182},
			{what: "and then after an hour", pass: time.Hour - time.Second, fetches: 185, failed: 182},
		}
		for _, step := range steps {
			time.Sleep(step.pass)
			synctest.Wait()
			wantFetches(t, server, step.fetches)
			failed := 0
			for _, err := range results {
				if err != nil {
					failed++
				}
			}
			if len(results) != step.fetches || failed != step.failed {
				t.Errorf("%s: Refreshed was called %d times, %d of them with an error", step.what, len(results), failed)
			}
			wantErr(t, step.what, verify(r, first, time.Now()), nil)
			if got := strings.Contains(log.String(), "stale ones stay in use"); step.stale && !got {
				t.Errorf("%s: no warning of stale keys", step.what)
			}
			if step.fail {
				server.Fail(true)
			}
			if step.rotate {
				server.Fail(false)
				server.Rotate()
			}
		}
		time.Sleep(2 * time.Second)
		wantErr(t, "an hour after its replacement", verify(r, first, time.Now().Add(-time.Hour)), ErrSignature)
	})
}

func TestFailureOnDemandIsRepeatedAfterAMinute(t *testing.T) {
	server, forger := keystest.New(t), keystest.New(t)
	synctest.Test(t, func(t *testing.T) {
		r := wired(t, server, Options{})
		run(t, r)
		time.Sleep(10 * time.Minute)
		server.Fail(true)
		wantErr(t, "forged", verify(r, forger.Sign(body), time.Now()), ErrUnavailable)
		server.Fail(false)
		time.Sleep(time.Minute - time.Nanosecond)
		synctest.Wait()
		wantFetches(t, server, 2)
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		wantFetches(t, server, 3)
		time.Sleep(time.Hour - time.Nanosecond)
		synctest.Wait()
		wantFetches(t, server, 3)
	})
}

func TestHundredCallersShareOneFetch(t *testing.T) {
	for name, genuine := range map[string]bool{"rotated": true, "forged": false} {
		t.Run(name, func(t *testing.T) {
			server, forger := &gate{Server: keystest.New(t)}, keystest.New(t)
			synctest.Test(t, func(t *testing.T) {
				r := wired(t, server, Options{})
				run(t, r)
				synctest.Wait()
				time.Sleep(time.Minute)
				server.Rotate()
				signature, want := forger.Sign(body), ErrSignature
				if genuine {
					signature, want = server.Sign(body), nil
				}

				open := server.close()
				var callers sync.WaitGroup
				arrived := time.Now()
				time.Sleep(time.Nanosecond)
				for range 100 {
					callers.Go(func() { wantErr(t, "early caller", verify(r, signature, arrived), want) })
				}
				synctest.Wait()
				time.Sleep(time.Second)
				wantLate := want
				if !genuine {
					wantLate = ErrUnavailable // the flight began before these arrived
				}
				arrivedLate := time.Now()
				for range 10 {
					callers.Go(func() { wantErr(t, "late caller", verify(r, signature, arrivedLate), wantLate) })
				}
				synctest.Wait()
				wantFetches(t, server.Server, 1) // the second is held at the gate
				time.Sleep(time.Second)
				open()
				callers.Wait()
				wantFetches(t, server.Server, 2)
			})
		})
	}
}

func TestFetchOutlivesItsCaller(t *testing.T) {
	server := &gate{Server: keystest.New(t)}
	synctest.Test(t, func(t *testing.T) {
		r := wired(t, server, Options{})
		open := server.close()
		run(t, r)
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		err := verifyWith(ctx, r, server.Sign(body), began)
		wantErr(t, "slow server", err, ErrUnavailable)
		wantErr(t, "slow server", err, context.DeadlineExceeded)
		if waited := time.Since(began); waited != 2*time.Second {
			t.Errorf("waited %v, want 2s", waited)
		}
		open()
		synctest.Wait()
		wantErr(t, "when it has answered", verify(r, server.Sign(body), began), nil)
		wantFetches(t, server.Server, 1)
	})
}

func TestFetchEndsAfterFiveSeconds(t *testing.T) {
	handlers := map[string]http.HandlerFunc{
		"no answer": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"trickle": func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				w.Write([]byte(" "))
				http.NewResponseController(w).Flush()
				time.Sleep(900 * time.Millisecond)
			}
		},
		"redirects": func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(1900 * time.Millisecond)
			http.Redirect(w, r, "/keys.json", http.StatusFound)
		},
	}
	server := keystest.New(t)
	for name, handler := range handlers {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := wired(t, handler, Options{})
				stop := run(t, r)
				began := time.Now()
				wantErr(t, name, verify(r, server.Sign(body), began), ErrUnavailable)
				if took := time.Since(began); took != fetchTimeout {
					t.Errorf("took %v, want %v", took, fetchTimeout)
				}
				stop()
			})
		})
	}
}

func TestVerifyWithoutRun(t *testing.T) {
	server := keystest.New(t)
	synctest.Test(t, func(t *testing.T) {
		r := wired(t, server, Options{})
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		wantErr(t, "not run yet", verifyWith(ctx, r, server.Sign(body), began), ErrUnavailable)
		if waited := time.Since(began); waited != 3*time.Second {
			t.Errorf("waited %v, want 3s", waited)
		}
		wantFetches(t, server, 0)

		var caller sync.WaitGroup
		caller.Go(func() { wantErr(t, "run while waiting", verify(r, server.Sign(body), began), nil) })
		synctest.Wait()
		run(t, r)
		caller.Wait()
		wantFetches(t, server, 1)
	})
}

func TestEndOfRunEndsTheWaiting(t *testing.T) {
	server := &gate{Server: keystest.New(t)}
	synctest.Test(t, func(t *testing.T) {
		refreshed := 0
		log := &diary{}
		r := wired(t, server, Options{Log: log.logger(), Refreshed: func(string, error) { refreshed++ }})
		wait := func(what string) (released func() time.Duration) {
			var caller sync.WaitGroup
			began := time.Now()
			caller.Go(func() { wantErr(t, what, verify(r, server.Sign(body), began), ErrUnavailable) })
			synctest.Wait()
			return func() time.Duration {
				caller.Wait()
				return time.Since(began)
			}
		}

		open := server.close()
		defer open()
		released := wait("asked, never begun")
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		r.Run(ended)
		if took := released(); took != 0 {
			t.Errorf("asked, never begun: released after %v", took)
		}

		stop := run(t, r)
		released = wait("under way")
		stop()
		if took := released(); took != 0 {
			t.Errorf("under way: released after %v", took)
		}
		if refreshed != 0 || log.String() != "" {
			t.Errorf("a fetch cut short was reported %d times, and logged:\n%s", refreshed, log)
		}
	})
}

func TestSecondRunFetchesNothing(t *testing.T) {
	server := &gate{Server: keystest.New(t)}
	synctest.Test(t, func(t *testing.T) {
		r := wired(t, server, Options{})
		open := server.close()
		run(t, r)
		synctest.Wait()
		stop := run(t, r)
		synctest.Wait()
		stop()
		open()
		wantErr(t, "genuine", verify(r, server.Sign(body), time.Now()), nil)
		wantFetches(t, server.Server, 1)
	})
}

func TestReasonOfUnavailability(t *testing.T) {
	server, forger, clock := keystest.New(t), keystest.New(t), newClock()
	r, stop := running(t, Source{URL: server.URL}, Options{Now: clock.now})
	err := verify(r, forger.Sign(body), clock.now())
	if !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "less than a minute ago") {
		t.Errorf("held back: %v", err)
	}
	clock.move(time.Minute)
	server.Fail(true)
	if err := verify(r, forger.Sign(body), clock.now()); err == nil || !strings.Contains(err.Error(), "status 500") {
		t.Errorf("failed: %v", err)
	}
	stop()
}
