package main

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestDescribed: what of a configuration the document shows, and what it does not. The files are those that .ci/asyncapi has validated.
func TestDescribed(t *testing.T) {
	for file, want := range map[string]struct {
		hosts, streams []string
		text, secrets  []string
	}{
		"testdata/asyncapi/binary.yaml": {
			hosts: []string{"nats-1.example.org:4222", "nats-2.example.org:4222"}, streams: []string{"MEETBUS", "MEETBUS_DEADLETTER"},
			text:    []string{`"ce-signature"`, `"com.example.meeting.started"`, "urn:example:calls", "endpoint `realtimekit`"},
			secrets: []string{"s3cret", "uploader"},
		},
		"testdata/asyncapi/foreign.yaml": {
			hosts: []string{"nats.example.org:443"}, streams: []string{"ELSEWHERE", "ELSEWHERE_DEADLETTER"},
			text: []string{`"wss"`, "not the relay's to make", `"verified": true`}, secrets: []string{"3Wq9zR7tLx2VbN8mC4pK", `"original"`},
		},
		"testdata/asyncapi/rules.yaml": {
			hosts: []string{"127.0.0.1:4333"}, streams: []string{"MEETBUS"},
			text: []string{"for ever", "(2h30m)", "drops some events", "unknown.{providertype}"}, secrets: []string{"hls.statusUpdate"},
		},
		"../../config/meetbus.yaml": {hosts: []string{"127.0.0.1:4222"}, streams: []string{"MEETBUS"}, text: []string{`"verified": true`}},
		"../../config/compose.yml":  {hosts: []string{"nats:4222"}, streams: []string{"MEETBUS", "MEETBUS_DEADLETTER"}},
	} {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text := described(t, file)
			hosts, streams := whereabouts(t, text)
			if !slices.Equal(hosts, want.hosts) || !slices.Equal(streams, want.streams) {
				t.Errorf("hosts are %q, and streams %q", hosts, streams)
			}
			for _, words := range want.text {
				if !strings.Contains(text, words) {
					t.Errorf("%s is not there", words)
				}
			}
			for _, words := range want.secrets {
				if strings.Contains(text, words) {
					t.Errorf("%s is there", words)
				}
			}
		})
	}
}

func described(t *testing.T, file string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if status := run(context.Background(), []string{"asyncapi", "-c", file}, nil, &stdout, &stderr); status != statusDone || stderr.Len() > 0 {
		t.Fatalf("status %d: %s", status, &stderr)
	}
	return stdout.String()
}

// whereabouts are the servers and the streams that a document names, each once.
func whereabouts(t *testing.T, text string) (hosts, streams []string) {
	t.Helper()
	var d struct {
		Servers    map[string]struct{ Host string }
		Operations map[string]struct {
			Bindings struct {
				NATS struct {
					Stream string `json:"x-stream"`
				}
			}
		}
	}
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, o := range d.Operations {
		seen[o.Bindings.NATS.Stream] = true
	}
	for _, name := range slices.Sorted(maps.Keys(d.Servers)) {
		hosts = append(hosts, d.Servers[name].Host)
	}
	return hosts, slices.Sorted(maps.Keys(seen))
}
