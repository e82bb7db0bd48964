package embedded

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/meetbus/meetbus/relay/bus"
)

const patience = 20 * time.Second

var (
	subjects = []string{"meeting.started", "meeting.ended", "meetbus.unmapped.dyte.*"}
	events   = bus.Stream{
		Name: "MEETBUS", Subjects: subjects, Replicas: 1, DuplicateWindow: time.Hour, MaxBytes: 1 << 20, Manage: true,
	}
	letters = bus.Stream{
		Name: "MEETBUS_DEADLETTER", Subjects: []string{"meetbus.deadletter.*"}, Replicas: 1, DuplicateWindow: time.Hour,
		MaxBytes: 1 << 20, Manage: true,
	}
)

func options(dir string) Options {
	return Options{Listen: "127.0.0.1:0", Dir: dir, Stream: events.Name, Replays: "MEETBUS_REPLAY", Subjects: subjects, Log: zap.NewNop()}
}

func mustStart(t *testing.T, o Options) *Server {
	t.Helper()
	s, err := Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

// connect returns the relay's bus.
func connect(t *testing.T, s *Server) *bus.Bus {
	t.Helper()
	b, err := bus.Connect(bus.Options{Name: "relay", Server: s.Relay(), Streams: []bus.Stream{events, letters}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	for began := time.Now(); b.Ready() != nil; time.Sleep(time.Millisecond) {
		if time.Since(began) > patience {
			t.Fatal(b.Ready())
		}
	}
	return b
}

func publish(t *testing.T, b *bus.Bus, stream, subject, id string) bus.Ack {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	ack, err := b.Publish(ctx, bus.Message{Stream: stream, Subject: subject, ID: id, Data: []byte(`{"specversion":"1.0"}`)})
	if err != nil {
		t.Fatal(err)
	}
	return ack
}

func TestRestartKeepsWhatWasAcknowledged(t *testing.T) {
	dir := t.TempDir()
	first := mustStart(t, options(dir))
	b := connect(t, first)
	publish(t, b, "MEETBUS", "meeting.started", "1")
	b.Close()
	first.Stop()
	second := mustStart(t, options(dir))
	b = connect(t, second)
	if ack := publish(t, b, "MEETBUS", "meeting.started", "1"); !ack.Duplicate || ack.Sequence != 1 {
		t.Errorf("after a restart: %+v, want the duplicate of sequence 1", ack)
	}
	if ack := publish(t, b, "MEETBUS", "meeting.ended", "2"); ack.Sequence != 2 {
		t.Errorf("after a restart: %+v, want sequence 2", ack)
	}
}

func TestSync(t *testing.T) {
	always := mustStart(t, options(t.TempDir()))
	if c := always.server.JetStreamConfig(); !c.SyncAlways {
		t.Errorf("without an interval: %+v", c)
	}
	o := options(t.TempDir())
	o.SyncInterval = time.Minute
	if c := mustStart(t, o).server.JetStreamConfig(); c.SyncAlways || c.SyncInterval != time.Minute {
		t.Errorf("with an interval: %+v", c)
	}
}

func TestMaxPayload(t *testing.T) {
	for given, want := range map[int32]int64{0: 1 << 20, 2 << 20: 2 << 20} {
		o := options(t.TempDir())
		o.MaxPayload = given
		if got := anybody.guest(t, mustStart(t, o)).MaxPayload(); got != want {
			t.Errorf("max payload %d gives %d, want %d", given, got, want)
		}
	}
}

func TestPortInUse(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	o := options(t.TempDir())
	o.Listen = listener.Addr().String()
	s, err := Start(o)
	if !errors.Is(err, syscall.EADDRINUSE) || s != nil {
		t.Errorf("%v, want address in use", err)
	}
	listener.Close()
	mustStart(t, o)
}

func TestWhatCannotStart(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	noPassword, noStore := filepath.Join(dir, "no-password"), filepath.Join(dir, "no-store")
	for _, folder := range []string{noPassword, noStore} {
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, empty := range []string{file, filepath.Join(noPassword, "password"), filepath.Join(noStore, "jetstream")} {
		if err := os.WriteFile(empty, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct{ listen, dir string }{
		"folder is a file":       {"127.0.0.1:0", file},
		"password is empty":      {"127.0.0.1:0", noPassword},
		"store cannot be made":   {"127.0.0.1:0", noStore},
		"address without port":   {"127.0.0.1", dir},
		"port is a word":         {"127.0.0.1:nats", dir},
		"port out of range":      {"127.0.0.1:65536", dir},
		"address is not of here": {"192.0.2.1:4222", dir},
	} {
		t.Run(name, func(t *testing.T) {
			o := options(c.dir)
			o.Listen = c.listen
			s, err := Start(o)
			if err == nil {
				s.Stop()
				t.Fatal("no error")
			}
			if !strings.HasPrefix(err.Error(), "start the embedded NATS server: ") {
				t.Error(err)
			}
		})
	}
}

// A stream that cannot be read again must not be replaced by an empty one.
func TestUnreadableStreamIsAnError(t *testing.T) {
	dir := t.TempDir()
	first := mustStart(t, options(dir))
	b := connect(t, first)
	publish(t, b, "MEETBUS", "meeting.started", "1")
	b.Close()
	first.Stop()
	files, err := filepath.Glob(filepath.Join(dir, "jetstream", "RELAY", "streams", "MEETBUS", "meta.inf"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%v, %v", files, err)
	}
	if err := os.WriteFile(files[0], []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Start(options(dir))
	if err == nil {
		s.Stop()
		t.Fatal("no error")
	}
	if !strings.Contains(err.Error(), "only 1 of the 2 streams") {
		t.Error(err)
	}
}

func TestPasswordIsKept(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "password")
	first := mustStart(t, options(dir))
	state, err := os.Stat(file)
	if err != nil || state.Mode() != 0o600 {
		t.Fatalf("%v, %v", state, err)
	}
	password := first.Relay().Password
	first.Stop()
	second := mustStart(t, options(dir))
	if second.Relay().Password != password || len(password) < 20 {
		t.Errorf("password was not kept, or is short: %d characters", len(password))
	}
	// Later commands come over TCP with it.
	nc, err := nats.Connect(second.URL(), nats.UserInfo("relay", password))
	if err != nil {
		t.Fatal(err)
	}
	nc.Close()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("folder holds %v, %v, want jetstream and password", entries, err)
	}
}

func TestWrongCredentialsAreRefused(t *testing.T) {
	s := mustStart(t, options(t.TempDir()))
	for name, option := range map[string]nats.Option{
		"relay, wrong":    nats.UserInfo("relay", "wrong"),
		"relay, none":     nats.UserInfo("relay", ""),
		"porter, wrong":   nats.UserInfo("porter", "wrong"),
		"porter, none":    nats.UserInfo("porter", ""),
		"unknown":         nats.UserInfo("root", "root"),
		"token":           nats.Token("relay"),
		"system's name":   nats.UserInfo("$SYS", ""),
		"nobody, a guess": nats.UserInfo("", "wrong"),
	} {
		t.Run(name, func(t *testing.T) {
			nc, err := nats.Connect(s.URL(), option)
			if err == nil {
				defer nc.Close()
				if err := nc.Publish("meeting.started", nil); err != nil {
					t.Fatal(err)
				}
				if err := nc.Flush(); err != nil {
					t.Fatal(err)
				}
				if !errors.Is(nc.LastError(), nats.ErrPermissionViolation) {
					t.Errorf("connected, and may publish: %v", nc.LastError())
				}
			}
		})
	}
}

func TestLog(t *testing.T) {
	core, logs := observer.New(zap.InfoLevel)
	o := options(t.TempDir())
	o.Log = zap.New(core)
	s := mustStart(t, o)
	connect(t, s)
	anybody.guest(t, s)
	s.Stop()
	for _, entry := range logs.All() {
		t.Errorf("a plain start says %s: %s", entry.Level, entry.Message)
	}
}

func TestFatalIsReturned(t *testing.T) {
	l := &logger{log: zap.NewNop().Sugar()}
	if err := l.fatal(); err != nil {
		t.Errorf("before: %v", err)
	}
	l.Fatalf("cannot %s", "start")
	l.Fatalf("listen: %q", syscall.EADDRINUSE)
	if err := l.fatal(); !errors.Is(err, syscall.EADDRINUSE) || !strings.Contains(err.Error(), "cannot start") {
		t.Errorf("after: %v", err)
	}
}

func TestDisk(t *testing.T) {
	dir := t.TempDir()
	half, err := HalfOfFreeDisk(dir)
	if err != nil || half <= 0 {
		t.Fatalf("half of the free disk: %d, %v", half, err)
	}
	if _, err := HalfOfFreeDisk(filepath.Join(dir, "missing")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing folder: %v", err)
	}
	limit, err := storeLimit(dir)
	if err != nil || limit < half {
		t.Errorf("limit %d, %v, is less than the half %d that a stream gets", limit, err, half)
	}
	if got := mustStart(t, options(dir)).server.JetStreamConfig().MaxStore; got != limit {
		t.Errorf("server's limit is %d, want %d", got, limit)
	}
}
