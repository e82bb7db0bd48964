package bus_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"pgregory.net/rapid"

	"github.com/meetbus/meetbus/relay/bus"
	"github.com/meetbus/meetbus/relay/bus/bustest"
)

// The newest are exact and in their order, whatever was removed; what is removed is gone, and can be removed once.
func TestNewest(t *testing.T) {
	n := bustest.Server(t)
	b := ready(t, bus.Server{URL: n.URL()}, events)
	js := admin(t, n)
	run := 0
	rapid.Check(t, func(t *rapid.T) {
		run++
		stream := fmt.Sprint("S", run)
		all := rapid.IntRange(0, 20).Draw(t, "all")
		subjects := make([]string, all)
		for i := range subjects {
			subjects[i] = fmt.Sprint(i + 1)
		}
		if err := fill(js, stream, subjects); err != nil {
			t.Fatal(err)
		}
		defer js.DeleteStream(context.Background(), stream)
		var want []uint64
		below, limit := rapid.Uint64Range(0, 25).Draw(t, "below"), rapid.IntRange(0, 25).Draw(t, "limit")
		for i := uint64(all); i > 0; i-- {
			if rapid.Bool().Draw(t, "gone") {
				if err := b.Remove(context.Background(), stream, i); err != nil {
					t.Fatal(err)
				}
				if err := b.Remove(context.Background(), stream, i); !errors.Is(err, bus.ErrNoMessage) {
					t.Fatalf("removed %d twice: %v", i, err)
				}
				if _, err := b.Get(context.Background(), stream, i); !errors.Is(err, bus.ErrNoMessage) {
					t.Fatalf("removed %d, and got it: %v", i, err)
				}
			} else if len(want) < limit && (below == 0 || i < below) {
				want = append(want, i)
			}
		}
		newest, err := b.Newest(context.Background(), stream, below, limit)
		if err != nil {
			t.Fatal(err)
		}
		var got []uint64
		for _, m := range newest {
			if got = append(got, m.Sequence); string(m.Data) != fmt.Sprint(m.Sequence) || m.Subject != stream+"."+string(m.Data) ||
				m.Stream != stream || time.Since(m.Time) > time.Minute {
				t.Fatalf("message %d is %+v", m.Sequence, m)
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("the newest %d below %d of %d are %v, want %v", limit, below, all, got, want)
		}
	})
}

// What cannot be done says why at once, or within the time of one request.
func TestPickFails(t *testing.T) {
	n := bustest.Server(t, func(o *server.Options) {
		o.Users = []*server.User{{Username: "reader", Password: "secret", Permissions: &server.Permissions{
			Publish: &server.SubjectPermission{Deny: []string{"$JS.API.STREAM.MSG.DELETE.>"}},
		}}}
	})
	b := ready(t, bus.Server{URL: n.URL(), User: "reader", Password: "secret"}, events)
	if _, err := b.Publish(t.Context(), message(1)); err != nil {
		t.Fatal(err)
	}
	if m, err := b.Get(t.Context(), "MEETBUS", 1); err != nil || m.Sequence != 1 || m.Header["content-type"] == nil {
		t.Errorf("message 1 is %+v, %v", m, err)
	}
	if err := b.Remove(t.Context(), "MEETBUS", 1); !errors.Is(err, bus.ErrUnavailable) || !strings.Contains(err.Error(), "MSG.DELETE") {
		t.Errorf("removed without permission: %v", err)
	}
	if _, err := b.Get(t.Context(), "OTHER", 1); !errors.Is(err, bus.ErrUnavailable) || !strings.Contains(err.Error(), "OTHER") {
		t.Errorf("read a stream that is not there: %v", err)
	}
}

// Open gives a bus that can be used, or says what is wrong with it at once.
func TestOpen(t *testing.T) {
	n := bustest.Server(t)
	b, err := bus.Open(t.Context(), bus.Options{Server: bus.Server{URL: n.URL()}, Streams: []bus.Stream{events}})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if _, err := b.Publish(t.Context(), message(1)); err != nil {
		t.Error(err)
	}
	unmanaged := events
	unmanaged.Name, unmanaged.Manage = "OTHER", false
	if _, err := bus.Open(t.Context(), bus.Options{Server: bus.Server{URL: n.URL()}, Streams: []bus.Stream{unmanaged}}); !bus.IsFault(err) {
		t.Errorf("opened without its stream: %v", err)
	}
	n.Stop()
	began := time.Now()
	if _, err := bus.Open(t.Context(), bus.Options{Server: bus.Server{URL: n.URL()}, Streams: []bus.Stream{events}}); err == nil {
		t.Error("opened without a server")
	}
	if took := time.Since(began); took > patience/2 {
		t.Errorf("it took %s to say so", took)
	}
}
