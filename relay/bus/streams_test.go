package bus_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/meetbus/meetbus/relay/bus"
	"github.com/meetbus/meetbus/relay/bus/bustest"
)

func TestCreatedStream(t *testing.T) {
	n := bustest.Server(t)
	letters := bus.Stream{Name: "MEETBUS_DEADLETTER", Subjects: []string{"meetbus.deadletter.*"}, MaxBytes: 1 << 30, Manage: true,
		DuplicateWindow: time.Hour}
	ready(t, bus.Server{URL: n.URL()}, events, letters)
	js := admin(t, n)
	have := info(t, js, "MEETBUS").Config
	if have.Storage != jetstream.FileStorage || have.Retention != jetstream.LimitsPolicy || have.Discard != jetstream.DiscardNew ||
		have.NoAck || have.PersistMode != jetstream.DefaultPersistMode || have.Replicas != 1 ||
		have.MaxAge != events.MaxAge || have.Duplicates != events.DuplicateWindow ||
		have.MaxBytes != -1 || have.MaxMsgs != -1 || have.MaxMsgsPerSubject != -1 || !slices.Equal(have.Subjects, events.Subjects) {
		t.Errorf("main stream: %+v", have)
	}
	have = info(t, js, "MEETBUS_DEADLETTER").Config
	if have.MaxAge != 0 || have.MaxBytes != 1<<30 || have.Discard != jetstream.DiscardNew || have.Duplicates != time.Hour {
		t.Errorf("dead letters: %+v", have)
	}
}

func TestUnsuitableStreams(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*jetstream.StreamConfig)
		want   string
	}{
		"memory":    {func(c *jetstream.StreamConfig) { c.Storage = jetstream.MemoryStorage }, "storage is memory"},
		"no ack":    {func(c *jetstream.StreamConfig) { c.NoAck = true }, "no_ack"},
		"async":     {func(c *jetstream.StreamConfig) { c.PersistMode = jetstream.AsyncPersistMode }, "persist_mode is async"},
		"interest":  {func(c *jetstream.StreamConfig) { c.Retention = jetstream.InterestPolicy }, "retention is interest"},
		"workqueue": {func(c *jetstream.StreamConfig) { c.Retention = jetstream.WorkQueuePolicy }, "retention is workqueue"},
		"counter":   {func(c *jetstream.StreamConfig) { c.AllowMsgCounter = true; c.AllowDirect = true }, "allow_msg_counter"},
		"mirror": {func(c *jetstream.StreamConfig) {
			c.Subjects, c.Mirror = nil, &jetstream.StreamSource{Name: "ORIGIN"}
		}, "mirror"},
	} {
		t.Run(name, func(t *testing.T) {
			n := bustest.Server(t)
			js := admin(t, n)
			config := jetstream.StreamConfig{Name: "MEETBUS", Subjects: events.Subjects}
			c.change(&config)
			for _, one := range []jetstream.StreamConfig{{Name: "ORIGIN", Subjects: []string{"origin"}}, config} {
				if _, err := js.CreateStream(t.Context(), one); err != nil {
					t.Fatal(err)
				}
			}
			mustFail(t, n, events, "stream MEETBUS", c.want, "stream.name")
		})
	}
}

func TestSealedStream(t *testing.T) {
	n := bustest.Server(t)
	js := admin(t, n)
	config := jetstream.StreamConfig{Name: "MEETBUS", Subjects: events.Subjects}
	if _, err := js.CreateStream(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	config.Sealed = true
	if _, err := js.UpdateStream(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	mustFail(t, n, events, "stream MEETBUS", "sealed")
}

// mustFail expects a fault that says all of wants, and that nothing can be published.
func mustFail(t *testing.T, n *bustest.Node, stream bus.Stream, wants ...string) *bus.Bus {
	t.Helper()
	b := connect(t, bus.Options{Server: bus.Server{URL: n.URL()}, Streams: []bus.Stream{stream}})
	err := awaitFault(t, b)
	_, failed := b.Publish(t.Context(), message(1))
	for _, want := range wants {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("fault %q does not say %q", err, want)
		}
		if !errors.Is(failed, bus.ErrUnavailable) || !strings.Contains(failed.Error(), want) {
			t.Errorf("publish: %v, want unavailable with %q", failed, want)
		}
	}
	return b
}

func TestSubjectsAreAddedAndNothingElseChanges(t *testing.T) {
	n := bustest.Server(t)
	js := admin(t, n)
	before := jetstream.StreamConfig{
		Name: "MEETBUS", Description: "ours", Subjects: []string{"own.>", "meeting.started", "recording.statusUpdate"},
		MaxAge: time.Hour, MaxMsgs: 1000, MaxBytes: 1 << 20, MaxMsgSize: 4096, MaxConsumers: 9, Discard: jetstream.DiscardOld,
		Duplicates: time.Minute, AllowDirect: true, AllowRollup: true, DenyDelete: true, AllowMsgTTL: true,
		Compression: jetstream.S2Compression, Metadata: map[string]string{"team": "media"},
	}
	if _, err := js.CreateStream(t.Context(), before); err != nil {
		t.Fatal(err)
	}
	before = info(t, js, "MEETBUS").Config
	want := events
	want.Subjects = []string{"meeting.started", "meeting.ended", "own.thing", "recording.*"}
	ready(t, bus.Server{URL: n.URL()}, want)
	after := info(t, js, "MEETBUS").Config
	if !slices.Equal(after.Subjects, []string{"own.>", "meeting.started", "meeting.ended", "recording.*"}) {
		t.Errorf("subjects: %v", after.Subjects)
	}
	after.Subjects = before.Subjects
	if fmt.Sprintf("%+v", after) != fmt.Sprintf("%+v", before) {
		t.Errorf("before %+v\nafter  %+v", before, after)
	}
}

func TestWideSubjectsCountAsHeld(t *testing.T) {
	n := bustest.Server(t)
	js := admin(t, n)
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "MEETBUS", Subjects: []string{"meeting.*"}}); err != nil {
		t.Fatal(err)
	}
	created := info(t, js, "MEETBUS").Created
	want := events
	want.Manage = false
	b := ready(t, bus.Server{URL: n.URL()}, want)
	publish(t, b, message(1))
	if after := info(t, js, "MEETBUS"); !slices.Equal(after.Config.Subjects, []string{"meeting.*"}) || after.Created != created {
		t.Errorf("stream was changed: %+v", after.Config)
	}
}

func TestWithoutManage(t *testing.T) {
	n := bustest.Server(t)
	js := admin(t, n)
	want := events
	want.Manage = false
	b := mustFail(t, n, want, "stream MEETBUS", "not there", "meeting.started", "stream.manage")
	b.Close()
	config := jetstream.StreamConfig{Name: "MEETBUS", Subjects: []string{"meeting.started"}}
	if _, err := js.CreateStream(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	b = mustFail(t, n, want, "stream MEETBUS", "does not hold meeting.ended", "stream.manage")
	config.Subjects = events.Subjects
	if _, err := js.UpdateStream(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	waitReady(t, b)
	select {
	case err, open := <-b.Faults():
		t.Errorf("fault that was mended is still told: %v (open: %t)", err, open)
	default:
	}
}

func TestOverlapIsNamed(t *testing.T) {
	for name, held := range map[string]string{"same": "meeting.ended", "wide": "meeting.>"} {
		t.Run(name, func(t *testing.T) {
			n := bustest.Server(t)
			js := admin(t, n)
			for _, c := range []jetstream.StreamConfig{
				{Name: "UNRELATED", Subjects: []string{"unrelated.>"}}, {Name: "THEIRS", Subjects: []string{"a", held}},
			} {
				if _, err := js.CreateStream(t.Context(), c); err != nil {
					t.Fatal(err)
				}
			}
			b := mustFail(t, n, events, "stream MEETBUS", "stream THEIRS", held)
			if err := js.DeleteStream(t.Context(), "THEIRS"); err != nil {
				t.Fatal(err)
			}
			waitReady(t, b)
		})
	}
}

func TestOverlapOfAnAddedSubjectIsNamed(t *testing.T) {
	n := bustest.Server(t)
	js := admin(t, n)
	for _, c := range []jetstream.StreamConfig{
		{Name: "MEETBUS", Subjects: []string{"meeting.started"}}, {Name: "THEIRS", Subjects: []string{"meeting.ended"}},
	} {
		if _, err := js.CreateStream(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	mustFail(t, n, events, "stream MEETBUS", "stream THEIRS", "meeting.ended")
}

func TestServersThatWillNotDo(t *testing.T) {
	none := bustest.Server(t, func(o *server.Options) { o.JetStream = false })
	mustFail(t, none, events, "no JetStream", "enable it")
	small := bustest.Server(t, func(o *server.Options) { o.MaxPayload = 1000 })
	b := connect(t, bus.Options{Server: bus.Server{URL: small.URL()}, MinPayload: 2000})
	if err := awaitFault(t, b); !strings.Contains(err.Error(), "1000 bytes") || !strings.Contains(err.Error(), "max_payload: 2000") {
		t.Errorf("small max_payload: %v", err)
	}
	account := server.NewAccount("PLAIN")
	without := bustest.Server(t, func(o *server.Options) {
		o.Accounts, o.Users = []*server.Account{account}, []*server.User{{Username: "relay", Password: hidden, Account: account}}
	})
	b = connect(t, bus.Options{
		Server: bus.Server{URL: without.URL(), User: "relay", Password: hidden}, Streams: []bus.Stream{events},
	})
	if err := awaitFault(t, b); !strings.Contains(err.Error(), "account") {
		t.Errorf("account without JetStream: %v", err)
	}
	big := events
	big.MaxBytes = 2000
	full := bustest.Server(t, func(o *server.Options) { o.JetStreamMaxStore = 1000 })
	mustFail(t, full, big, "stream MEETBUS", "insufficient storage", "max_bytes", "max_file_store")
	three := events
	three.Replicas = 3
	mustFail(t, bustest.Server(t), three, "stream MEETBUS", "replicas")
}

func TestMissingPermissions(t *testing.T) {
	for name, c := range map[string]struct {
		permissions server.Permissions
		want        string
	}{
		"API": {server.Permissions{Publish: &server.SubjectPermission{Deny: []string{"$JS.API.>"}}}, "$JS.API.STREAM.INFO.MEETBUS"},
		"create": {server.Permissions{Publish: &server.SubjectPermission{Deny: []string{"$JS.API.STREAM.CREATE.>"}}},
			"$JS.API.STREAM.CREATE.MEETBUS"},
		"inbox": {server.Permissions{Subscribe: &server.SubjectPermission{Deny: []string{"_INBOX.>"}}}, "_INBOX."},
	} {
		t.Run(name, func(t *testing.T) {
			n := bustest.Server(t, func(o *server.Options) {
				o.Users = []*server.User{{Username: "relay", Password: hidden, Permissions: &c.permissions}}
			})
			b := connect(t, bus.Options{
				Server: bus.Server{URL: n.URL(), User: "relay", Password: hidden}, Streams: []bus.Stream{events},
			})
			err := awaitFault(t, b)
			if !strings.Contains(strings.ToLower(err.Error()), "permission") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want a missing permission for %s", err, c.want)
			}
		})
	}
}

func TestPublishWithoutPermissionSaysSo(t *testing.T) {
	n := bustest.Server(t, func(o *server.Options) {
		o.Users = []*server.User{{Username: "relay", Password: hidden, Permissions: &server.Permissions{
			Publish: &server.SubjectPermission{Deny: []string{"meeting.>"}},
		}}}
	})
	b := ready(t, bus.Server{URL: n.URL(), User: "relay", Password: hidden}, events)
	ctx, cancel := contextFor(t, 200*time.Millisecond)
	defer cancel()
	_, err := b.Publish(ctx, message(1))
	if !errors.Is(err, bus.ErrUnavailable) || !strings.Contains(strings.ToLower(err.Error()), "permission") {
		t.Errorf("%v, want unavailable for a missing permission", err)
	}
}

func TestStreamThatVanishesIsMadeAgain(t *testing.T) {
	n := bustest.Server(t)
	js := admin(t, n)
	b := ready(t, bus.Server{URL: n.URL()}, events)
	publish(t, b, message(1))
	if err := js.DeleteStream(t.Context(), "MEETBUS"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Publish(t.Context(), message(2)); !errors.Is(err, bus.ErrUnavailable) {
		t.Errorf("publish without a stream: %v, want unavailable", err)
	}
	waitReady(t, b)
	publish(t, b, message(3))
}

func TestWarnings(t *testing.T) {
	n := bustest.Server(t)
	config := jetstream.StreamConfig{
		Name: "MEETBUS", Subjects: events.Subjects, Duplicates: time.Minute, Discard: jetstream.DiscardOld, MaxMsgsPerSubject: 5,
	}
	if _, err := admin(t, n).CreateStream(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	core, logs := observer.New(zap.WarnLevel)
	b := connect(t, bus.Options{Server: bus.Server{URL: n.URL()}, Streams: []bus.Stream{events}, Log: zap.New(core)})
	waitReady(t, b)
	n.Stop()
	waitLost(t, b)
	n.Restart()
	waitReady(t, b)
	said := map[string]int{}
	for _, entry := range logs.FilterField(zap.String("stream", "MEETBUS")).All() {
		said[entry.ContextMap()["setting"].(string)]++
	}
	for _, want := range []string{
		"discard is old", "duplicate_window is 1m0s and not 2h0m0s", "max_msgs_per_subject is 5", "it has one replica",
	} {
		if said[want] != 1 {
			t.Errorf("%q was said %d times, want once; all: %v", want, said[want], said)
		}
	}
}
