package embedded

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/meetbus/meetbus/relay/bus"
)

var replayed = bus.Stream{Name: "MEETBUS_REPLAY", Subjects: []string{"again.>"}, Manage: true, MaxAge: 24 * time.Hour, DuplicateWindow: time.Hour}

// Another process with the folder is the relay: it reads dead letters, which no guest hears on their way, removes them, and makes the
// stream of replays, which guests can read and do nothing else with.
func TestOwn(t *testing.T) { eachKind(t, own) }

func own(t *testing.T, k kind) {
	dir := t.TempDir()
	if _, err := Own(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an empty folder has a relay: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "password")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("asking has made a password: %v", err)
	}
	o := k.options(t)
	o.Dir = dir
	s := mustStart(t, o)
	publish(t, connect(t, s), letters.Name, "meetbus.deadletter.dyte", "letter")

	guest := k.guest(t, s)
	heard, err := guest.SubscribeSync(">")
	must(t, err)
	must(t, guest.Flush())
	server, err := Own(dir)
	must(t, err)
	server.URL, server.TLS = s.URL(), k.reader(t, s).TLS
	b, err := bus.Open(t.Context(), bus.Options{Server: server, Streams: []bus.Stream{replayed}})
	must(t, err)
	defer b.Close()
	if newest, err := b.Newest(t.Context(), letters.Name, 0, 10); err != nil || len(newest) != 1 || newest[0].Header["Nats-Msg-Id"][0] != "letter" {
		t.Errorf("the dead letters are %v, %v", newest, err)
	}
	must(t, b.Remove(t.Context(), letters.Name, 1))
	publish(t, b, replayed.Name, "again.meeting.ended", "replay")

	js, err := jetstream.New(guest)
	must(t, err)
	c, err := js.OrderedConsumer(t.Context(), replayed.Name, jetstream.OrderedConsumerConfig{})
	must(t, err)
	m, err := c.Next(jetstream.FetchMaxWait(patience))
	if err != nil || m.Subject() != "again.meeting.ended" {
		t.Fatalf("a guest reads %v, %v", m, err)
	}
	for _, subject := range []string{"STREAM.PURGE.", "STREAM.DELETE.", "STREAM.MSG.DELETE."} {
		if m, err := guest.Request("$JS.API."+subject+replayed.Name, []byte(`{"seq":1}`), settle); err == nil {
			t.Errorf("a guest's %s is answered: %s", subject, m.Data)
		}
	}
	_ = guest.Publish("again.meeting.ended", []byte("forged"))
	must(t, guest.Flush())
	if state, err := b.State(t.Context(), replayed.Name); err != nil || state.Messages != 1 {
		t.Errorf("the replays are %+v, %v", state, err)
	}
	for {
		m, err := heard.NextMsg(settle)
		if errors.Is(err, nats.ErrTimeout) {
			break
		}
		must(t, err)
		if strings.Contains(m.Subject+string(m.Data), "deadletter") || slices.Contains(m.Header["Nats-Msg-Id"], "letter") {
			t.Errorf("a guest heard %s: %s", m.Subject, m.Data)
		}
	}
}
