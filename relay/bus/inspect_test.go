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

// everything is the configuration and state of all streams, in text.
func everything(t *testing.T, js jetstream.JetStream) string {
	t.Helper()
	var all []string
	list := js.ListStreams(t.Context())
	for i := range list.Info() {
		all = append(all, fmt.Sprintf("%+v %s %+v", i.Config, i.Created, i.State))
	}
	if list.Err() != nil {
		t.Fatal(list.Err())
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}

func TestInspectChangesNothing(t *testing.T) {
	n := bustest.Server(t)
	js := admin(t, n)
	existing(t, js, func(c *jetstream.StreamConfig) {
		c.Subjects, c.MaxAge, c.Discard = []string{"meeting.started", "recording.ready"}, 3*time.Hour, jetstream.DiscardOld
	})
	before := everything(t, js)
	want := events
	want.Subjects = []string{"meeting.started", "meeting.ended", "recording.*"}
	letters := bus.Stream{Name: "MEETBUS_DEADLETTER", Subjects: []string{"meetbus.deadletter.*"}, Manage: true}
	r := inspect(t, n, want, letters)
	if after := everything(t, js); after != before {
		t.Errorf("before %s\nafter  %s", before, after)
	}
	if !r.Ready() || len(r.Streams) != 2 || r.Server == "" {
		t.Fatalf("report: %+v", r)
	}
	first, second := r.Streams[0], r.Streams[1]
	if first.Name != "MEETBUS" || !first.Exists || first.Create || !slices.Equal(first.Add, []string{"meeting.ended", "recording.*"}) ||
		!slices.Equal(first.Drop, []string{"recording.ready"}) || len(first.Widen) != 0 ||
		settings(first.Warnings) != "max_age is 3h and not 168h, discard is old, it has one replica" {
		t.Errorf("main stream: %+v", first)
	}
	if second.Name != "MEETBUS_DEADLETTER" || second.Exists || !second.Create || !slices.Equal(second.Add, letters.Subjects) ||
		settings(second.Warnings) != "" {
		t.Errorf("dead letters: %+v", second)
	}
}

// The plan is what a bus then does.
func TestInspectForetells(t *testing.T) {
	n := bustest.Server(t)
	js := admin(t, n)
	existing(t, js, func(c *jetstream.StreamConfig) {
		c.Subjects, c.MaxAge = []string{"meeting.started"}, 3*time.Hour
		c.AllowAtomicPublish, c.AllowBatchPublish = true, true
	})
	o := bus.Options{Server: bus.Server{InProcess: n.InProcess()}, Streams: []bus.Stream{events}}
	r, err := bus.Inspect(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if s := r.Streams[0]; !slices.Equal(s.Add, []string{"meeting.ended"}) || len(s.Widen) != 1 ||
		s.Widen[0].Setting != "max_age" || s.Widen[0].From != "3h" || s.Widen[0].To != "168h" || len(s.Warnings) != 0 {
		t.Errorf("before: %+v", s)
	}
	ready(t, o.Server, events)
	if r, err = bus.Inspect(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if s := r.Streams[0]; len(s.Add) != 0 || len(s.Widen) != 0 || len(s.Warnings) != 0 || !r.Ready() {
		t.Errorf("after: %+v", s)
	}
}

func TestInspectFindsAllFaults(t *testing.T) {
	n := bustest.Server(t)
	js := admin(t, n)
	existing(t, js, func(c *jetstream.StreamConfig) {
		c.Subjects, c.Storage, c.MaxMsgSize = []string{"meeting.*.x"}, jetstream.MemoryStorage, 100
	})
	for _, c := range []jetstream.StreamConfig{
		{Name: "THEIRS", Subjects: []string{"meeting.ended"}}, {Name: "OTHERS", Subjects: []string{"recording.>"}},
	} {
		if _, err := js.CreateStream(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	before := everything(t, js)
	want := events
	want.Subjects = []string{"meeting.ended", "meeting.y.*", "recording.a", "recording.b"}
	missing := bus.Stream{Name: "MISSING", Subjects: []string{"recording.c"}}
	r := inspect(t, n, want, missing)
	if after := everything(t, js); after != before || r.Ready() {
		t.Errorf("ready: %t; before %s\nafter  %s", r.Ready(), before, after)
	}
	for i, wants := range [][]string{{
		"storage is memory", "max_msg_size is 100", `"recording.a" is already held by stream OTHERS (as "recording.>"), and so are 1 more`,
		`"meeting.ended" is already held by stream THEIRS (as "meeting.ended")`, `holds "meeting.*.x", which crosses the new "meeting.y.*"`,
	}, {`"recording.c" is already held by stream OTHERS (as "recording.>")`, "is not there"}} {
		if got := r.Streams[i]; got.Create || settings(got.Faults) != strings.Join(wants, ", ") {
			t.Errorf("stream %d: %s", i, settings(got.Faults))
		}
	}
	b := connect(t, bus.Options{Server: bus.Server{URL: n.URL()}, Streams: []bus.Stream{want, missing}, MinPayload: needed})
	said := awaitFault(t, b).Error()
	for _, f := range append(r.Streams[0].Faults, r.Streams[1].Faults...) {
		if !strings.Contains(f.Setting, "already held") {
			mustSay(t, said, f.String())
		}
	}
}

func TestInspectOfServersThatWillNotDo(t *testing.T) {
	small := bustest.Server(t, func(o *server.Options) { o.MaxPayload = 1000 })
	if r := inspect(t, small, events); r.Ready() || len(r.Faults) != 1 || !strings.Contains(r.Faults[0], "max_payload: 8192") ||
		len(r.Streams) != 1 {
		t.Errorf("small max_payload: %+v", r)
	}
	none := bustest.Server(t, func(o *server.Options) { o.JetStream = false })
	if r := inspect(t, none, events, events); r.Ready() || len(r.Faults) != 1 || !strings.Contains(r.Faults[0], "no JetStream") {
		t.Errorf("no JetStream: %+v", r)
	}
	denied := bustest.Server(t, func(o *server.Options) {
		o.Users = []*server.User{{Username: "relay", Password: hidden, Permissions: &server.Permissions{
			Publish: &server.SubjectPermission{Deny: []string{"$JS.API.STREAM.INFO.MEETBUS"}},
		}}}
	})
	letters := bus.Stream{Name: "LETTERS", Subjects: []string{"letters"}, Manage: true}
	r, err := bus.Inspect(t.Context(), bus.Options{
		Server: bus.Server{URL: denied.URL(), User: "relay", Password: hidden}, Streams: []bus.Stream{events, letters},
	})
	if err != nil || r.Ready() || len(r.Faults) != 1 || len(r.Streams) != 1 || !r.Streams[0].Create {
		t.Fatalf("without permission: %+v, %v", r, err)
	}
	mustSay(t, r.Faults[0], "stream MEETBUS: permission is missing", "$JS.API.STREAM.INFO.MEETBUS")
}

func TestInspectFails(t *testing.T) {
	n := bustest.Server(t)
	if _, err := bus.Inspect(t.Context(), bus.Options{Server: bus.Server{URL: "http://127.0.0.1"}}); err == nil {
		t.Error("bad URL: no error")
	}
	frozen := bustest.NewProxy(t, n.Addr())
	frozen.Freeze()
	ctx, cancel := contextFor(t, 100*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, err := bus.Inspect(ctx, bus.Options{Server: bus.Server{URL: frozen.URL()}, Streams: []bus.Stream{events}})
	if took := time.Since(began); err == nil || took > time.Second {
		t.Errorf("frozen: %v after %s", err, took)
	}
	n.Stop()
	if _, err = bus.Inspect(t.Context(), bus.Options{Server: bus.Server{URL: n.URL()}, Streams: []bus.Stream{events}}); err == nil ||
		errors.Is(err, bus.ErrRefused) {
		t.Errorf("away: %v", err)
	}
	mustEnd(t, "nats%2ego.(*Conn)")
}
