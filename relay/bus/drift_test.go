package bus_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/meetbus/meetbus/relay/bus"
	"github.com/meetbus/meetbus/relay/bus/bustest"
)

// drifted streams: what is other than in the configuration, the warning, and the edit that it proposes.
var drifted = map[string]struct {
	changed          func(*jetstream.StreamConfig)
	wanted           func(*bus.Stream)
	setting, command string
	mended           func(*jetstream.StreamConfig)
}{
	"discard": {
		changed: func(c *jetstream.StreamConfig) { c.Discard = jetstream.DiscardOld }, setting: "discard is old",
		command: "--discard new", mended: func(c *jetstream.StreamConfig) { c.Discard = jetstream.DiscardNew },
	},
	"window": {
		changed: func(c *jetstream.StreamConfig) { c.Duplicates = time.Minute }, setting: "duplicate_window is 1m and not 2h",
		command: "--dupe-window 2h", mended: func(c *jetstream.StreamConfig) { c.Duplicates = 2 * time.Hour },
	},
	"window beyond the age": {
		changed: func(c *jetstream.StreamConfig) { c.Duplicates, c.MaxAge = time.Minute, time.Hour },
		setting: "duplicate_window is 1m and not 2h", command: "--dupe-window 2h --max-age 168h",
		mended: func(c *jetstream.StreamConfig) { c.Duplicates, c.MaxAge = 2*time.Hour, 168*time.Hour },
	},
	"shorter age": {
		changed: func(c *jetstream.StreamConfig) { c.MaxAge = 3 * time.Hour }, setting: "max_age is 3h and not 168h",
		command: "--max-age 168h", mended: func(c *jetstream.StreamConfig) { c.MaxAge = 168 * time.Hour },
	},
	"longer age": {
		changed: func(c *jetstream.StreamConfig) { c.MaxAge = 0 }, setting: "max_age is unlimited and not 168h",
		command: "--max-age 168h", mended: func(c *jetstream.StreamConfig) { c.MaxAge = 168 * time.Hour },
	},
	"age below the window": {
		changed: func(c *jetstream.StreamConfig) { c.Duplicates = 24 * time.Hour },
		wanted:  func(s *bus.Stream) { s.MaxAge = 12 * time.Hour },
		setting: "max_age is 168h and not 12h", command: "--max-age 12h --dupe-window 2h",
		mended: func(c *jetstream.StreamConfig) { c.MaxAge, c.Duplicates = 12*time.Hour, 2*time.Hour },
	},
	"no age": {
		changed: func(*jetstream.StreamConfig) {}, wanted: func(s *bus.Stream) { s.MaxAge = 0 },
		setting: "max_age is 168h and not unlimited", command: "--max-age 0s",
		mended: func(c *jetstream.StreamConfig) { c.MaxAge = 0 },
	},
	"fewer bytes": {
		changed: func(c *jetstream.StreamConfig) { c.MaxBytes = 1000 }, setting: "max_bytes is 1000 and not unlimited",
		command: "--max-bytes=-1", mended: func(c *jetstream.StreamConfig) { c.MaxBytes = -1 },
	},
	"more bytes": {
		changed: func(c *jetstream.StreamConfig) { c.MaxBytes = 2000 }, wanted: func(s *bus.Stream) { s.MaxBytes = 1000 },
		setting: "max_bytes is 2000 and not 1000", command: "--max-bytes=1000",
		mended: func(c *jetstream.StreamConfig) { c.MaxBytes = 1000 },
	},
	"messages": {
		changed: func(c *jetstream.StreamConfig) { c.MaxMsgs = 7 }, setting: "max_msgs is 7",
		command: "--max-msgs=-1", mended: func(c *jetstream.StreamConfig) { c.MaxMsgs = -1 },
	},
	"messages per subject": {
		changed: func(c *jetstream.StreamConfig) { c.MaxMsgsPerSubject = 5 }, setting: "max_msgs_per_subject is 5",
		command: "--max-msgs-per-subject=-1", mended: func(c *jetstream.StreamConfig) { c.MaxMsgsPerSubject = -1 },
	},
	"rollups": {
		changed: func(c *jetstream.StreamConfig) { c.AllowRollup = true }, setting: "allow_rollup_hdrs is set",
		command: "--no-allow-rollup", mended: func(c *jetstream.StreamConfig) { c.AllowRollup = false },
	},
	"markers": {
		changed: func(c *jetstream.StreamConfig) { c.SubjectDeleteMarkerTTL = time.Minute },
		setting: "subject_delete_marker_ttl is 1m", command: "--subject-del-markers-ttl 0s",
		mended: func(c *jetstream.StreamConfig) { c.SubjectDeleteMarkerTTL = 0 },
	},
	"rollups for markers": {
		changed: func(c *jetstream.StreamConfig) { c.SubjectDeleteMarkerTTL = time.Minute },
		setting: "allow_rollup_hdrs is set", command: "--subject-del-markers-ttl 0s --no-allow-rollup",
		mended: func(c *jetstream.StreamConfig) { c.SubjectDeleteMarkerTTL, c.AllowRollup = 0, false },
	},
	"sources": {
		changed: func(c *jetstream.StreamConfig) { c.Sources = []*jetstream.StreamSource{{Name: "ORIGIN"}} },
		setting: "it has sources", command: "--interactive", mended: func(c *jetstream.StreamConfig) { c.Sources = nil },
	},
}

func TestDriftedStreams(t *testing.T) {
	for name, c := range drifted {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := bustest.Server(t)
			js := admin(t, n)
			existing(t, js, c.changed)
			want := events
			if c.wanted != nil {
				c.wanted(&want)
			}
			core, logs := observer.New(zap.WarnLevel)
			b := connect(t, bus.Options{Server: bus.Server{URL: n.URL()}, Streams: []bus.Stream{want}, Log: zap.New(core)})
			waitReady(t, b)
			if said := logs.FilterField(zap.String("setting", c.setting)).All(); len(said) != 1 {
				t.Fatalf("%q was said %d times, want once; all: %v", c.setting, len(said), logs.All())
			} else {
				mustSay(t, said[0].ContextMap()["mend"].(string), "`nats stream edit MEETBUS "+c.command+"`")
			}
			update(t, js, c.mended)
			for _, f := range inspect(t, n, want).Streams[0].Warnings {
				if f.Setting == c.setting {
					t.Errorf("still said after the edit: %s", f)
				}
			}
		})
	}
}

func inspect(t *testing.T, n *bustest.Node, streams ...bus.Stream) bus.Report {
	t.Helper()
	r, err := bus.Inspect(t.Context(), bus.Options{Server: bus.Server{URL: n.URL()}, Streams: streams, MinPayload: needed})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func settings(findings []bus.Finding) string {
	var all []string
	for _, f := range findings {
		all = append(all, f.Setting)
	}
	return strings.Join(all, ", ")
}

func TestWhatPromisesMoreIsNoDrift(t *testing.T) {
	n := bustest.Server(t)
	js := admin(t, n)
	existing(t, js, func(c *jetstream.StreamConfig) { c.Duplicates, c.MaxBytes = 24*time.Hour, 5000 })
	want := events
	want.MaxBytes, want.OwnMaxBytes = 1000, true
	if got := settings(inspect(t, n, want).Streams[0].Warnings); got != "it has one replica" {
		t.Errorf("warnings: %s", got)
	}
}

func TestFewReplicas(t *testing.T) {
	n := bustest.Server(t)
	existing(t, admin(t, n), func(*jetstream.StreamConfig) {})
	want := events
	want.Replicas = 3
	warnings := inspect(t, n, want).Streams[0].Warnings
	if settings(warnings) != "num_replicas is 1 and not 3" {
		t.Fatalf("warnings: %v", warnings)
	}
	mustSay(t, warnings[0].Mend, "`nats stream edit MEETBUS --replicas 3`")
}

// Schedules rule out discard new, and cannot be switched off: no edit mends that.
func TestSchedulesKeepDiscardOld(t *testing.T) {
	n := bustest.Server(t)
	js := admin(t, n)
	existing(t, js, func(c *jetstream.StreamConfig) { c.AllowMsgSchedules, c.Discard = true, jetstream.DiscardOld })
	mustRefuse(t, js, func(c *jetstream.StreamConfig) { c.Discard = jetstream.DiscardNew })
	mustRefuse(t, js, func(c *jetstream.StreamConfig) { c.Discard, c.AllowMsgSchedules = jetstream.DiscardNew, false })
	warnings := inspect(t, n, events).Streams[0].Warnings
	if settings(warnings) != "discard is old, allow_rollup_hdrs is set, it has one replica" {
		t.Fatalf("warnings: %v", warnings)
	}
	mustSay(t, warnings[0].Mend, "`nats stream rm MEETBUS`")
	mustSay(t, warnings[1].Mend, "`nats stream rm MEETBUS`")
}

func TestWarningsAreSaidOnce(t *testing.T) {
	n := bustest.Server(t)
	existing(t, admin(t, n), func(c *jetstream.StreamConfig) { c.Discard = jetstream.DiscardOld })
	core, logs := observer.New(zap.WarnLevel)
	b := connect(t, bus.Options{Server: bus.Server{URL: n.URL()}, Streams: []bus.Stream{events}, Log: zap.New(core)})
	waitReady(t, b)
	n.Stop()
	waitLost(t, b)
	n.Restart()
	waitReady(t, b)
	var said []string
	for _, entry := range logs.FilterField(zap.String("stream", "MEETBUS")).All() {
		said = append(said, fmt.Sprint(entry.ContextMap()["setting"]))
	}
	if !slices.Equal(said, []string{"discard is old", "it has one replica"}) {
		t.Errorf("said: %q", said)
	}
}
