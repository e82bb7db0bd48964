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
	b := mustFail(t, n, want, "stream MEETBUS: is not there", "stream.manage",
		"`nats stream add MEETBUS --subjects 'meeting.started,meeting.ended' --storage file --retention limits --discard new "+
			"--max-age 168h --dupe-window 2h --replicas 1 --defaults`")
	b.Close()
	config := jetstream.StreamConfig{Name: "MEETBUS", Subjects: []string{"own.*", "meeting.started"}}
	if _, err := js.CreateStream(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	b = mustFail(t, n, want, "stream MEETBUS: does not hold meeting.ended", "stream.manage",
		"`nats stream edit MEETBUS --subjects 'own.*,meeting.started,meeting.ended'`")
	config.Subjects = []string{"own.*", "meeting.started", "meeting.ended"}
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

// A command with half of the subjects would take the others away.
func TestTooManySubjectsForACommand(t *testing.T) {
	n := bustest.Server(t)
	want := events
	want.Manage, want.Subjects = false, numbered("a.%d", 101)
	b := mustFail(t, n, want, "is not there: create it with the subjects a.0, a.1, a.2, a.3, a.4 and 96 more", "stream.manage")
	existing(t, admin(t, n), func(*jetstream.StreamConfig) {})
	for began := time.Now(); !strings.Contains(b.Ready().Error(), "does not hold a.0"); time.Sleep(10 * time.Millisecond) {
		if time.Since(began) > patience {
			t.Fatal(b.Ready())
		}
	}
	if strings.Contains(b.Ready().Error(), "--subjects") {
		t.Error(b.Ready())
	}
}

func numbered(format string, n int) []string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf(format, i))
	}
	return all
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

// crossingStream holds a.*.c, which crosses a.b.*.
func crossingStream(t *testing.T, js jetstream.JetStream) bus.Stream {
	t.Helper()
	existing(t, js, func(c *jetstream.StreamConfig) { c.Subjects = []string{"own.>", "a.*.c"} })
	want := events
	want.Subjects = []string{"a.b.*", "a.x.c"}
	return want
}

func TestCrossingSubjectIsNamed(t *testing.T) {
	n := bustest.Server(t)
	js := admin(t, n)
	want := crossingStream(t, js)
	mustRefuse(t, js, func(c *jetstream.StreamConfig) { c.Subjects = append(c.Subjects, "a.b.*") })
	for _, managed := range []bool{true, false} {
		want.Manage = managed
		b := mustFail(t, n, want, "stream MEETBUS: ", `"a.*.c"`, `"a.b.*"`, "`nats stream edit MEETBUS --subjects 'own.>,a.b.*,a.x.c'`")
		b.Close()
	}
	want.Manage = true
	b := mustFail(t, n, want)
	update(t, js, func(c *jetstream.StreamConfig) { c.Subjects = []string{"own.>", "a.b.*", "a.x.c"} })
	waitReady(t, b)
}

func TestOverlapWhereStreamsCannotBeListed(t *testing.T) {
	n := bustest.Server(t, func(o *server.Options) {
		o.Users = []*server.User{{Username: "admin", Password: hidden}, {Username: "relay", Password: hidden, Permissions: &server.Permissions{
			Publish: &server.SubjectPermission{Deny: []string{"$JS.API.STREAM.LIST"}},
		}}}
	})
	ready(t, bus.Server{URL: n.URL(), User: "admin", Password: hidden},
		bus.Stream{Name: "THEIRS", Subjects: []string{"meeting.>"}, Manage: true})
	relay := bus.Server{URL: n.URL(), User: "relay", Password: hidden}
	b := connect(t, bus.Options{Server: relay, Streams: []bus.Stream{events}})
	mustSay(t, awaitFault(t, b).Error(), "stream MEETBUS", "overlap", "$JS.API.STREAM.LIST")
	r, err := bus.Inspect(t.Context(), bus.Options{Server: relay, Streams: []bus.Stream{events}})
	if err != nil || len(r.Warnings) != 1 || len(r.Streams) != 1 || !r.Ready() {
		t.Fatalf("%+v, %v", r, err)
	}
	mustSay(t, r.Warnings[0], "$JS.API.STREAM.LIST")
}

func TestReplicasOnASingleServer(t *testing.T) {
	n := bustest.Server(t)
	three := events
	three.Replicas = 3
	b := connect(t, bus.Options{Server: bus.Server{URL: n.URL()}, Streams: []bus.Stream{three}})
	if err := awaitFault(t, b); !strings.Contains(err.Error(), "set stream.replicas: 1 here") {
		t.Errorf("the fault is %v, want it to say what to set", err)
	}
	r := inspect(t, n, three)
	if r.Ready() || r.Streams[0].Create || settings(r.Streams[0].Faults) != "would have 3 replicas" {
		t.Fatalf("foreseen: %+v", r)
	}
	mustSay(t, r.Streams[0].Faults[0].String(), "set stream.replicas: 1 here")
}
