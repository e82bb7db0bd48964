package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/meetbus/meetbus/config"
	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/relay/bus"
	"github.com/meetbus/meetbus/schemas"
)

// TestRoundTrip: for random valid configurations, every sample of trigger --all is stored, by a real relay on a real server, on a
// subject that types printed for its event; and what is not stored is what types says may be dropped.
func TestRoundTrip(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	const configurations = 20
	for made := 0; made < configurations; {
		d := draw(t, random)
		c, err := config.Load(d.file, os.LookupEnv)
		if err != nil || len(c.Subjects.Rules) < 2 {
			continue // many are not valid, and the fuzz target of config is about those
		}
		made++
		t.Run(fmt.Sprint(made), func(t *testing.T) { d.check(t) })
	}
}

// drawn is a random configuration of a relay on addresses of its own.
type drawn struct{ file, text, http, nats, stream string }

func draw(t *testing.T, random *rand.Rand) drawn {
	t.Helper()
	one := func(words ...string) string { return words[random.IntN(len(words))] }
	some := func(words ...string) []string {
		random.Shuffle(len(words), func(i, j int) { words[i], words[j] = words[j], words[i] })
		return words[:1+random.IntN(len(words))]
	}
	template := func() string {
		tokens := []string{one("{type}", "{type}", "a", "rooms", "c")}
		for range random.IntN(4) {
			tokens = append(tokens, one("{meetingid}", "{type}", "{status}", "{provider}", "{participantid}", "{providertype}", "x", "y"))
		}
		return strings.Join(tokens, ".")
	}
	var rules []map[string]any
	for range random.IntN(7) {
		match := map[string]any{}
		for _, key := range some("type", "provider", "status", "endpoint", "verified", "meetingid")[:random.IntN(3)%2+random.IntN(2)] {
			match[key] = map[string][]string{
				"type":     some("meeting.*", "recording.statusUpdate", "*.statusUpdate", "hls.*", "call.*", "agent.statusUpdate", "resource.acquired"),
				"provider": some("dyte", "realtimekit", "videosdk"), "status": some("UPLOADED", "*", "STARTED"),
				"endpoint": some("dyte", "v*"), "verified": {one("true", "false")}, "meetingid": {"*"},
			}[key]
		}
		rule := map[string]any{"match": match}
		if when := one("", "", "EXISTS meetingid", "LENGTH(sessionid) > 24", "provider = 'dyte' OR EXISTS status"); when != "" {
			rule["when"] = when
		}
		if random.IntN(5) == 0 {
			rule["drop"] = true
		} else {
			rule["subject"] = template()
		}
		rules = append(rules, rule)
	}
	d := drawn{stream: one("MEETBUS", "EVENTS")}
	addresses := make([]string, 3)
	for i := range addresses {
		var err error
		if addresses[i], err = freeAddress(); err != nil {
			t.Fatal(err)
		}
	}
	d.http, d.nats = addresses[0], addresses[2]
	dir := t.TempDir()
	var endpoints []map[string]any
	for _, e := range config.DefaultEndpoints(config.VerifyNone) {
		endpoints = append(endpoints, map[string]any{"provider": e.Provider, "verify": "none", "original": one("full", "none"), "dedupe": one("auto", "none")})
	}
	text, err := json.Marshal(map[string]any{
		"data_dir": filepath.Join(dir, "data"),
		"http":     map[string]any{"listen": addresses[0]}, "admin": map[string]any{"listen": addresses[1]},
		"nats":        map[string]any{"embedded": map[string]any{"listen": addresses[2], "sync": "2m"}},
		"stream":      map[string]any{"name": d.stream},
		"cloudevents": map[string]any{"mode": one("structured", "binary"), "type_prefix": one("", "com.example.")},
		"endpoints":   endpoints,
		"subjects":    map[string]any{"prefix": one("", "", "acme", "acme.prod"), "default": one("{type}", "{type}", template()), "rules": rules},
	})
	if err != nil {
		t.Fatal(err)
	}
	d.file, d.text = filepath.Join(dir, "meetbus.yaml"), string(text)
	if err := os.WriteFile(d.file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d drawn) check(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan string, 1)
	var log bytes.Buffer
	go func() { run(ctx, []string{"serve", "-c", d.file}, nil, io.Discard, &log); ended <- log.String() }()
	defer func() {
		cancel()
		if said := <-ended; t.Failed() {
			t.Logf("configuration: %s\nlog: %s", d.text, said)
		}
	}()
	d.await(t)
	var rows []typeRow
	if err := json.Unmarshal([]byte(d.does(t, "types", "-c", d.file, "-o", "json")), &rows); err != nil {
		t.Fatal(err)
	}
	d.does(t, "trigger", "--all", "--url", "http://"+d.http)
	stored := 0
	for _, m := range d.stored(t) {
		stored++
		provider, event := d.named(t, m)
		row := rowOf(t, rows, provider, event)
		if !slices.ContainsFunc(row.Subjects, func(pattern string) bool { return stands(pattern, m.Subject) }) {
			t.Errorf("%s %s is stored on %s, and types printed %q", provider, event, m.Subject, row.Subjects)
		}
	}
	mayDrop := 0
	for _, s := range normalize.Samples() {
		if row := rowOf(t, rows, s.Provider.Name, s.Event); row.Dropped {
			mayDrop++
		} else if len(row.Subjects) == 0 {
			t.Errorf("types has no subject for %s %s", s.Provider.Name, s.Event)
		}
	}
	if all := len(normalize.Samples()); stored > all || stored < all-mayDrop {
		t.Errorf("%d of %d samples are stored, and %d may be dropped", stored, all, mayDrop)
	}
}

// await waits for the relay to take webhooks.
func (d drawn) await(t *testing.T) {
	t.Helper()
	for end := time.Now().Add(scriptPatience); ; time.Sleep(20 * time.Millisecond) {
		var out bytes.Buffer
		if run(t.Context(), []string{"healthcheck", "-c", d.file}, nil, &out, &out) == statusDone {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("the relay is not ready: %s", &out)
		}
	}
}

// does runs a command that must succeed, and returns what it says.
func (d drawn) does(t *testing.T, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if status := run(t.Context(), args, nil, &stdout, &stderr); status != statusDone {
		t.Fatalf("%q exits with %d: %s%s", args, status, &stdout, &stderr)
	}
	return stdout.String()
}

func (d drawn) stored(t *testing.T) []bus.Stored {
	t.Helper()
	var all []bus.Stored
	err := bus.Read(t.Context(), bus.ReadOptions{
		Server: bus.Server{URL: "nats://" + d.nats}, Stream: d.stream, Start: bus.Start{All: true}, Log: zap.NewNop(),
	}, func(m bus.Stored) error { all = append(all, m); return nil })
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// named reads the provider and its name of an event.
func (d drawn) named(t *testing.T, m bus.Stored) (provider, event string) {
	t.Helper()
	text, err := schemas.Structured(m.Header, m.Data)
	if err != nil {
		t.Fatal(err)
	}
	var e struct{ Provider, ProviderType string }
	if err := json.Unmarshal(text, &e); err != nil {
		t.Fatal(err)
	}
	return e.Provider, e.ProviderType
}

func rowOf(t *testing.T, rows []typeRow, provider, event string) typeRow {
	t.Helper()
	at := slices.IndexFunc(rows, func(r typeRow) bool { return r.Provider == provider && r.Event == event })
	if at < 0 {
		t.Fatalf("types does not list %s %s", provider, event)
	}
	return rows[at]
}

// stands says whether a pattern with * for a token stands for subject.
func stands(pattern, subject string) bool {
	p, s := strings.Split(pattern, "."), strings.Split(subject, ".")
	if len(p) != len(s) {
		return false
	}
	for i := range p {
		if p[i] != "*" && p[i] != s[i] {
			return false
		}
	}
	return true
}
