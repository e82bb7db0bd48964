package bus_test

import (
	"strings"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/meetbus/meetbus/relay/bus"
	"github.com/meetbus/meetbus/relay/bus/bustest"
)

// needed is the max_msg_size that the streams of these tests must have.
const needed = 8192

// unsuitable streams: what makes them so, what the fault says, and the edit that it proposes. Where mended is nil the server
// refuses undone.
var unsuitable = map[string]struct {
	changed       func(*jetstream.StreamConfig)
	setting       string
	command       string
	mended, tried func(*jetstream.StreamConfig)
}{
	"memory": {
		changed: func(c *jetstream.StreamConfig) { c.Storage = jetstream.MemoryStorage },
		setting: "storage is memory", tried: func(c *jetstream.StreamConfig) { c.Storage = jetstream.FileStorage },
	},
	"no ack": {
		changed: func(c *jetstream.StreamConfig) { c.NoAck = true }, setting: "no_ack is set", command: "--ack",
		mended: func(c *jetstream.StreamConfig) { c.NoAck = false },
	},
	"async": {
		changed: func(c *jetstream.StreamConfig) { c.PersistMode = jetstream.AsyncPersistMode },
		setting: "persist_mode is async", tried: func(c *jetstream.StreamConfig) { c.PersistMode = jetstream.DefaultPersistMode },
	},
	"interest": {
		changed: func(c *jetstream.StreamConfig) { c.Retention = jetstream.InterestPolicy },
		setting: "retention is interest", command: "--retention limits",
		mended: func(c *jetstream.StreamConfig) { c.Retention = jetstream.LimitsPolicy },
	},
	"workqueue": {
		changed: func(c *jetstream.StreamConfig) { c.Retention = jetstream.WorkQueuePolicy },
		setting: "retention is workqueue", tried: func(c *jetstream.StreamConfig) { c.Retention = jetstream.LimitsPolicy },
	},
	"sealed": {
		changed: func(c *jetstream.StreamConfig) { c.Sealed = true }, setting: "sealed",
		tried: func(c *jetstream.StreamConfig) { c.Sealed = false },
	},
	"mirror": {
		changed: func(c *jetstream.StreamConfig) { c.Subjects, c.Mirror = nil, &jetstream.StreamSource{Name: "ORIGIN"} },
		setting: "it is a mirror", command: "--no-mirror", mended: func(c *jetstream.StreamConfig) { c.Mirror = nil },
	},
	"counter": {
		changed: func(c *jetstream.StreamConfig) {
			c.AllowMsgCounter, c.AllowDirect, c.Discard = true, true, jetstream.DiscardOld
		},
		setting: "allow_msg_counter is set", tried: func(c *jetstream.StreamConfig) { c.AllowMsgCounter = false },
	},
	"transform": {
		changed: func(c *jetstream.StreamConfig) {
			c.SubjectTransform = &jetstream.SubjectTransformConfig{Source: "meeting.*", Destination: "moved.{{wildcard(1)}}"}
		},
		setting: "subject_transform is set", command: "--no-transform",
		mended: func(c *jetstream.StreamConfig) { c.SubjectTransform = nil },
	},
	"transform of all": {
		changed: func(c *jetstream.StreamConfig) {
			c.SubjectTransform = &jetstream.SubjectTransformConfig{Destination: "moved.>"}
		},
		setting: "subject_transform is set", command: "--no-transform",
		mended: func(c *jetstream.StreamConfig) { c.SubjectTransform = nil },
	},
	"small messages": {
		changed: func(c *jetstream.StreamConfig) { c.MaxMsgSize = needed - 1 },
		setting: "max_msg_size is 8191", command: "--max-msg-size=-1",
		mended: func(c *jetstream.StreamConfig) { c.MaxMsgSize = -1 },
	},
	"per subject": {
		changed: func(c *jetstream.StreamConfig) { c.DiscardNewPerSubject, c.MaxMsgsPerSubject = true, 5 },
		setting: "discard_new_per_subject is set", command: "--no-discard-per-subject --max-msgs-per-subject=-1",
		mended: func(c *jetstream.StreamConfig) { c.DiscardNewPerSubject, c.MaxMsgsPerSubject = false, -1 },
	},
}

func TestUnsuitableStreams(t *testing.T) {
	for name, c := range unsuitable {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := bustest.Server(t)
			js := admin(t, n)
			existing(t, js, c.changed)
			b := connect(t, bus.Options{Server: bus.Server{URL: n.URL()}, Streams: []bus.Stream{events}, MinPayload: needed})
			fault := awaitFault(t, b).Error()
			if c.mended != nil {
				mustSay(t, fault, "stream MEETBUS: ", c.setting, "`nats stream edit MEETBUS "+c.command+"`")
				update(t, js, c.mended)
			} else {
				mustSay(t, fault, "stream MEETBUS: ", c.setting, "stream.name", "`nats stream rm MEETBUS`")
				mustRefuse(t, js, c.tried)
				if err := js.DeleteStream(t.Context(), "MEETBUS"); err != nil {
					t.Fatal(err)
				}
			}
			waitReady(t, b)
			publish(t, b, message(1))
		})
	}
}

// existing makes a stream that is as it should be but for what is changed. Some settings can only be made later.
func existing(t *testing.T, js jetstream.JetStream, changed func(*jetstream.StreamConfig)) {
	t.Helper()
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "ORIGIN", Subjects: []string{"origin"}}); err != nil {
		t.Fatal(err)
	}
	config := jetstream.StreamConfig{
		Name: "MEETBUS", Subjects: events.Subjects, MaxAge: events.MaxAge, Duplicates: events.DuplicateWindow, Discard: jetstream.DiscardNew,
	}
	changed(&config)
	sealed := config.Sealed
	config.Sealed = false
	if _, err := js.CreateStream(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	if sealed {
		update(t, js, changed)
	}
}

func update(t *testing.T, js jetstream.JetStream, change func(*jetstream.StreamConfig)) {
	t.Helper()
	config := info(t, js, "MEETBUS").Config
	change(&config)
	if _, err := js.UpdateStream(t.Context(), config); err != nil {
		t.Fatal(err)
	}
}

func mustRefuse(t *testing.T, js jetstream.JetStream, change func(*jetstream.StreamConfig)) {
	t.Helper()
	config := info(t, js, "MEETBUS").Config
	change(&config)
	if _, err := js.UpdateStream(t.Context(), config); err == nil {
		t.Error("the server lets that be changed")
	}
}

func mustSay(t *testing.T, text string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("%q does not say %q", text, want)
		}
	}
}

func TestAllFaultsAreSaidAtOnce(t *testing.T) {
	n := bustest.Server(t)
	js := admin(t, n)
	for _, c := range []jetstream.StreamConfig{
		{Name: "MEETBUS", Subjects: events.Subjects, NoAck: true, Retention: jetstream.InterestPolicy},
		{Name: "MEETBUS_DEADLETTER", Subjects: []string{"meetbus.deadletter.*"}, Storage: jetstream.MemoryStorage},
	} {
		if _, err := js.CreateStream(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	letters := bus.Stream{Name: "MEETBUS_DEADLETTER", Subjects: []string{"meetbus.deadletter.*"}, Manage: true}
	b := connect(t, bus.Options{Server: bus.Server{URL: n.URL()}, Streams: []bus.Stream{events, letters}})
	mustSay(t, awaitFault(t, b).Error(), "stream MEETBUS: no_ack is set", "`nats stream edit MEETBUS --ack`",
		"; and stream MEETBUS: retention is interest", "; and stream MEETBUS_DEADLETTER: storage is memory",
		"`nats stream rm MEETBUS_DEADLETTER`")
}

// What does not touch our subjects, or concerns others only, is no fault.
func TestSuitableStreams(t *testing.T) {
	n := bustest.Server(t)
	config := jetstream.StreamConfig{
		Name: "MEETBUS", Subjects: append([]string{"own.>"}, events.Subjects...), MaxMsgSize: needed, MaxConsumers: 3,
		SubjectTransform: &jetstream.SubjectTransformConfig{Source: "own.>", Destination: "moved.>"},
		RePublish:        &jetstream.RePublish{Source: ">", Destination: "copies.>"}, Compression: jetstream.S2Compression,
		AllowAtomicPublish: true, AllowBatchPublish: true, AllowMsgTTL: true, DenyDelete: true, DenyPurge: true,
	}
	if _, err := admin(t, n).CreateStream(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	b := connect(t, bus.Options{Server: bus.Server{URL: n.URL()}, Streams: []bus.Stream{events}, MinPayload: needed})
	waitReady(t, b)
	publish(t, b, message(1))
}
