package bus_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/meetbus/meetbus/relay/bus"
	"github.com/meetbus/meetbus/relay/bus/bustest"
)

// apiLevel is what the server notes of what a stream needs.
const apiLevel = "_nats.req.level"

// On the embedded server nobody but the relay can change a stream.
func TestEmbeddedStreamIsWidened(t *testing.T) {
	n := bustest.Server(t)
	js := admin(t, n)
	existing(t, js, func(c *jetstream.StreamConfig) {
		c.Subjects, c.MaxAge, c.Duplicates, c.MaxBytes = []string{"meeting.started"}, time.Hour, time.Minute, 1<<20
		c.Metadata, c.Compression = map[string]string{"team": "media"}, jetstream.S2Compression
	})
	before := info(t, js, "MEETBUS").Config
	want := events
	want.MaxBytes = 2 << 20
	core, logs := observer.New(zap.InfoLevel)
	b := connect(t, bus.Options{Server: bus.Server{InProcess: n.InProcess()}, Streams: []bus.Stream{want}, Log: zap.New(core)})
	waitReady(t, b)
	after := info(t, js, "MEETBUS").Config
	before.Subjects, before.MaxAge, before.Duplicates, before.MaxBytes = want.Subjects, want.MaxAge, want.DuplicateWindow, want.MaxBytes
	before.AllowAtomicPublish, before.AllowBatchPublish = true, true
	delete(before.Metadata, apiLevel)
	delete(after.Metadata, apiLevel)
	if fmt.Sprintf("%+v", after) != fmt.Sprintf("%+v", before) {
		t.Errorf("want %+v\ngot  %+v", before, after)
	}
	if said := logs.FilterMessage("stream was widened"); said.Len() != 5 || logs.FilterLevelExact(zap.WarnLevel).Len() != 0 {
		t.Errorf("said: %v", logs.All())
	}
	publish(t, b, message(1))
}

func TestEmbeddedStreamIsNotNarrowed(t *testing.T) {
	n := bustest.Server(t)
	js := admin(t, n)
	existing(t, js, func(c *jetstream.StreamConfig) {
		c.Duplicates, c.MaxBytes = 24*time.Hour, 2<<20
		c.AllowAtomicPublish, c.AllowBatchPublish = true, true
	})
	before := fmt.Sprintf("%+v", info(t, js, "MEETBUS").Config)
	want := events
	want.MaxAge, want.MaxBytes = 12*time.Hour, 1<<20
	core, logs := observer.New(zap.InfoLevel)
	b := connect(t, bus.Options{Server: bus.Server{InProcess: n.InProcess()}, Streams: []bus.Stream{want}, Log: zap.New(core)})
	waitReady(t, b)
	if after := fmt.Sprintf("%+v", info(t, js, "MEETBUS").Config); after != before {
		t.Errorf("before %s\nafter  %s", before, after)
	}
	warned := logs.FilterLevelExact(zap.WarnLevel).All()
	if len(warned) != 2 {
		t.Fatalf("warnings: %v", warned)
	}
	mustSay(t, fmt.Sprint(warned[0].ContextMap()), "max_age is 168h and not 12h", "--max-age 12h --dupe-window 2h")
	mustSay(t, fmt.Sprint(warned[1].ContextMap()), "max_bytes is 2097152 and not 1048576", "--max-bytes=1048576")
}

func TestWhatTheRelayDoesNotWiden(t *testing.T) {
	for name, c := range map[string]struct {
		own, outside, unmanaged bool
	}{"own size": {own: true}, "external": {outside: true}, "not managed": {unmanaged: true}} {
		t.Run(name, func(t *testing.T) {
			n := bustest.Server(t)
			js := admin(t, n)
			existing(t, js, func(c *jetstream.StreamConfig) { c.MaxBytes = 1 << 20 })
			want := events
			want.MaxBytes, want.OwnMaxBytes, want.Manage = 2<<20, c.own, !c.unmanaged
			s := bus.Server{InProcess: n.InProcess()}
			if c.outside {
				s = bus.Server{URL: n.URL()}
			}
			ready(t, s, want)
			if got := info(t, js, "MEETBUS").Config.MaxBytes; got != 1<<20 {
				t.Errorf("max_bytes: %d", got)
			}
		})
	}
}

func TestWideningThatDoesNotFit(t *testing.T) {
	n := bustest.Server(t, func(o *server.Options) { o.JetStreamMaxStore = 1 << 20 })
	existing(t, admin(t, n), func(c *jetstream.StreamConfig) { c.MaxBytes = 1 << 19 })
	want := events
	want.MaxBytes = 1 << 30
	b := connect(t, bus.Options{Server: bus.Server{InProcess: n.InProcess()}, Streams: []bus.Stream{want}})
	mustSay(t, awaitFault(t, b).Error(), "make max_bytes 1073741824", "insufficient storage", "lower stream.max_bytes")
}

// The cures of the embedded server are typed as the relay, with the password that is in data_dir.
func TestCuresOnTheEmbeddedServer(t *testing.T) {
	n := bustest.Server(t, func(o *server.Options) { o.Users = []*server.User{{Username: "relay", Password: hidden}} })
	s := bus.Server{InProcess: n.InProcess(), User: "relay", Password: hidden}
	ready(t, s, events).Close()
	want := events
	want.MaxAge = 12 * time.Hour
	r, err := bus.Inspect(t.Context(), bus.Options{Server: s, Streams: []bus.Stream{want}})
	if err != nil || len(r.Streams[0].Warnings) != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	mustSay(t, r.Streams[0].Warnings[0].Mend,
		"`nats --user relay --password \"$(cat data_dir/password)\" stream edit MEETBUS --max-age 12h`")
}
