package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/meetbus/meetbus/relay/bus"
)

var update = flag.Bool("update", false, "write what is got as what is wanted")

// TestPretty shows the message of each file in testdata/pretty: data is what the bus holds, want what a person reads.
func TestPretty(t *testing.T) {
	files, err := filepath.Glob("testdata/pretty/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			part := map[string]string{}
			for _, f := range archive.Files {
				part[f.Name] = string(f.Data)
			}
			m := bus.Stored{
				Stream: "MEETBUS", Subject: strings.TrimSpace(part["subject"]), Sequence: 12, Data: []byte(part["data"]),
				Time: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC),
			}
			var got bytes.Buffer
			if err := (pretty{zone: time.UTC}).write(&got, m); err != nil {
				t.Fatal(err)
			}
			if *update {
				rewrite(t, file, archive, got.Bytes())
				return
			}
			if got.String() != part["want"] {
				t.Errorf("got\n%s\nwant\n%s", &got, part["want"])
			}
		})
	}
}

func rewrite(t *testing.T, file string, archive *txtar.Archive, want []byte) {
	t.Helper()
	for i := range archive.Files {
		if archive.Files[i].Name == "want" {
			archive.Files[i].Data = want
		}
	}
	if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
		t.Fatal(err)
	}
}

// FuzzPretty wants no byte of a message to steer a terminal, whatever is on the bus, and no stream key to be shown.
func FuzzPretty(f *testing.F) {
	files, err := filepath.Glob("testdata/pretty/*.txtar")
	if err != nil || len(files) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, part := range archive.Files {
			f.Add("meeting.started", part.Data)
		}
	}
	f.Fuzz(func(t *testing.T, subject string, data []byte) {
		var got bytes.Buffer
		if err := (pretty{zone: time.UTC}).write(&got, bus.Stored{Stream: "S", Subject: subject, Data: data}); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(got.String()) {
			if clean := strings.TrimSuffix(line, "\n"); printable(clean) != strings.TrimSpace(clean) {
				t.Errorf("%q could steer a terminal", line)
			}
		}
		if strings.Contains(got.String(), "hunter2") && strings.Contains(string(data), `"streamKey":"hunter2"`) &&
			strings.Count(string(data), "hunter2") == 1 && strings.Count(subject, "hunter2") == 0 {
			t.Errorf("the stream key is shown:\n%s", &got)
		}
	})
}

func TestColorIsOnlyForTerminals(t *testing.T) {
	m := bus.Stored{Data: []byte(`{"specversion":"1.0","type":"meeting.started"}`)}
	var plain, colored bytes.Buffer
	if err := (pretty{zone: time.UTC}).write(&plain, m); err != nil {
		t.Fatal(err)
	}
	if err := (pretty{zone: time.UTC, color: true}).write(&colored, m); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(plain.String(), "\x1b") || !strings.Contains(colored.String(), "\x1b[1mmeeting.started\x1b[0m") {
		t.Errorf("plain is %q, colored %q", &plain, &colored)
	}
}
