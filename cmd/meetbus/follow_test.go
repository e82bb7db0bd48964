package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// waysToChange are the ways in which people and programs replace a file.
var waysToChange = map[string]func(t *testing.T, dir, name string){
	"written in place": func(t *testing.T, _, name string) { write(t, name, "new") },
	"written slowly": func(t *testing.T, _, name string) {
		for i := range 5 {
			write(t, name, fmt.Sprint("new", i))
			time.Sleep(calm / 10)
		}
	},
	"renamed over": func(t *testing.T, dir, name string) {
		write(t, filepath.Join(dir, "other"), "new")
		must(t, os.Rename(filepath.Join(dir, "other"), name))
	},
	"removed, and written again": func(t *testing.T, _, name string) {
		must(t, os.Remove(name))
		write(t, name, "new")
	},
}

func TestFollow(t *testing.T) {
	for way, change := range waysToChange {
		t.Run(way, func(t *testing.T) {
			dir := t.TempDir()
			name := filepath.Join(dir, "meetbus.yaml")
			write(t, name, "old")
			wantOneChange(t, []string{name}, func() { change(t, dir, name) })
		})
	}
}

// TestFollowOfAVolume: Kubernetes keeps the files of a ConfigMap in a folder that a link leads to, and changes the link.
func TestFollowOfAVolume(t *testing.T) {
	dir := t.TempDir()
	for version, text := range map[string]string{"..v1": "old", "..v2": "new"} {
		must(t, os.Mkdir(filepath.Join(dir, version), 0o700))
		write(t, filepath.Join(dir, version, "meetbus.yaml"), text)
	}
	must(t, os.Symlink("..v1", filepath.Join(dir, "..data")))
	name := filepath.Join(dir, "meetbus.yaml")
	must(t, os.Symlink(filepath.Join("..data", "meetbus.yaml"), name))
	wantOneChange(t, []string{name}, func() {
		must(t, os.Symlink("..v2", filepath.Join(dir, "..new")))
		must(t, os.Rename(filepath.Join(dir, "..new"), filepath.Join(dir, "..data")))
	})
}

// wantOneChange wants a change to be noticed once, whatever else happens in the folder, and nothing before it.
func wantOneChange(t *testing.T, files []string, change func()) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	defer func() { stop(); running.Wait() }()
	noticed := make(chan bool, 10)
	known := digestsOf(files)
	running.Go(func() {
		if err := follow(ctx, files, known, func() { noticed <- true }); err != nil {
			t.Error(err)
		}
	})
	running.Go(func() { // a log in the same folder
		for i := 0; ctx.Err() == nil; i++ {
			write(t, filepath.Join(filepath.Dir(files[0]), "log"), fmt.Sprint(i))
			time.Sleep(calm / 20)
		}
	})
	time.Sleep(2 * calm)
	if len(noticed) > 0 {
		t.Error("a change was noticed before there was one")
	}
	change()
	select {
	case <-noticed:
	case <-time.After(scriptPatience):
		t.Fatal("the change was not noticed")
	}
	time.Sleep(3 * calm)
	if len(noticed) > 0 {
		t.Error("the change was noticed again")
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	must(t, os.WriteFile(name, []byte(text), 0o600))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
