package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestPack(t *testing.T) {
	at := time.Date(2026, 5, 4, 9, 30, 0, 0, time.UTC)
	files := []file{{"meetbus", 0o755, []byte("binary")}, {"config/meetbus.yaml", 0o644, []byte("yaml")}}
	var one, two bytes.Buffer
	for _, b := range []*bytes.Buffer{&one, &two} {
		if err := pack(b, "meetbus_v1", at, files); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(one.Bytes(), two.Bytes()) {
		t.Error("the same files make two archives")
	}
	z, err := gzip.NewReader(&one)
	if err != nil {
		t.Fatal(err)
	}
	r := tar.NewReader(z)
	for _, want := range files {
		h, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(text, want.text) {
			t.Errorf("%s holds %q, %v", h.Name, text, err)
		}
		if h.Name != "meetbus_v1/"+want.name || h.Mode != want.mode || !h.ModTime.Equal(at) || h.Uid != 0 || h.Uname != "" {
			t.Errorf("%+v", h)
		}
	}
	if _, err := r.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("after the last file: %v", err)
	}
}

func TestPrepareRefusesWhatHoldsFiles(t *testing.T) {
	dir := t.TempDir()
	if err := prepare(filepath.Join(dir, "new")); err != nil {
		t.Error(err)
	}
	if err := prepare(dir); err == nil || !strings.Contains(err.Error(), "holds new already") {
		t.Errorf("a folder that is not empty: %v", err)
	}
}

func TestWriteSums(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"b.tar.gz": "abc", "a.cdx.json": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := writeSums(dir); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(dir, "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	// The two examples of FIPS 180-2 and of everybody.
	want := "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  a.cdx.json\n" +
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  b.tar.gz\n"
	if string(got) != want {
		t.Errorf("got\n%s, want\n%s", got, want)
	}
}
