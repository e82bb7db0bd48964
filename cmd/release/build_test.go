package main

import (
	"slices"
	"strings"
	"testing"
)

func TestPlatforms(t *testing.T) {
	got, err := parsePlatforms("linux/amd64,darwin/arm64")
	if want := []platform{{"linux", "amd64"}, {"darwin", "arm64"}}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	if _, err := parsePlatforms("linux"); err == nil || !strings.Contains(err.Error(), "write linux/amd64") {
		t.Errorf("half a platform: %v", err)
	}
}

func TestVersionsAreSemantic(t *testing.T) {
	for version, want := range map[string]bool{
		"v1.2.3": true, "v0.0.0-rc.1": true, "1.2.3": false, "v1.2": false, "v01.2.3": false, "v1.2.3+dirty": false, "v1.2.3 -X": false, "": false,
	} {
		if semantic.MatchString(version) != want {
			t.Errorf("%q: %v", version, !want)
		}
	}
}
