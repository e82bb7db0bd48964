package normalize

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"
)

// arrival is when all webhooks of the tests arrive.
var arrival = time.Date(2026, time.May, 4, 9, 30, 15, 123456789, time.UTC)

// fixture is one file of testdata: a webhook, and what it becomes.
type fixture struct {
	path    string
	archive *txtar.Archive
	webhook Webhook
}

// fixtures returns all files of testdata. A folder without files, or a provider without a folder, fails the test.
func fixtures(t testing.TB) []fixture {
	t.Helper()
	var all []fixture
	for _, p := range Providers() {
		paths, err := filepath.Glob(filepath.Join("testdata", p.Name, "*.txtar"))
		if err != nil {
			t.Fatal(err)
		}
		if len(paths) == 0 {
			t.Fatalf("no fixtures of %s", p.Name)
		}
		for _, path := range paths {
			all = append(all, load(t, p, path))
		}
	}
	return all
}

func load(t testing.TB, p Provider, path string) fixture {
	t.Helper()
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return fixture{path, archive, Webhook{
		Provider: p,
		Endpoint: p.Name,
		Verified: true,
		Header:   headers(t, section(archive, "headers")),
		Body:     body(t, archive),
		Received: arrival,
	}}
}

func headers(t testing.TB, text []byte) http.Header {
	t.Helper()
	h := http.Header{}
	for s := bufio.NewScanner(bytes.NewReader(text)); s.Scan(); {
		name, value, found := strings.Cut(s.Text(), ": ")
		if !found {
			t.Fatalf("header %q has no value", s.Text())
		}
		h.Add(name, value)
	}
	return h
}

// body returns the bytes of the webhook. What a text file cannot hold stands there quoted as in Go, or in base64.
func body(t testing.TB, archive *txtar.Archive) []byte {
	t.Helper()
	for _, f := range archive.Files {
		text := strings.TrimSuffix(string(f.Data), "\n")
		switch f.Name {
		case "body":
			return []byte(text)
		case "body.quoted":
			text, err := strconv.Unquote(text)
			if err != nil {
				t.Fatal(err)
			}
			return []byte(text)
		case "body.base64":
			b, err := base64.StdEncoding.DecodeString(text)
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
	}
	t.Fatal("no body")
	return nil
}

func (f fixture) want() (kind, text string) {
	for _, kind := range []string{"want", "error"} {
		if b := section(f.archive, kind); b != nil {
			return kind, string(b)
		}
	}
	return "", ""
}

// rewrite replaces what the webhook becomes.
func (f fixture) rewrite(t *testing.T, kind, text string) {
	t.Helper()
	var files []txtar.File
	for _, file := range f.archive.Files {
		if file.Name != "want" && file.Name != "error" {
			files = append(files, file)
		}
	}
	f.archive.Files = append(files, txtar.File{Name: kind, Data: []byte(text)})
	if err := os.WriteFile(f.path, txtar.Format(f.archive), 0o644); err != nil {
		t.Fatal(err)
	}
}
