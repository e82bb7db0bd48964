package main

import (
	"runtime"
	"testing"
)

// What a release says with the linker's flags is said, whatever Go knows of the build.
func TestVersionOfARelease(t *testing.T) {
	v, c, d := version, commit, date
	t.Cleanup(func() { version, commit, date = v, c, d })
	version, commit, date = "v1.2.3", "0123abcd", "2026-05-04T09:30:00Z"
	want := "meetbus v1.2.3, commit 0123abcd, date 2026-05-04T09:30:00Z, " + runtime.Version() + ", " + runtime.GOOS + "/" + runtime.GOARCH
	if got := build(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
