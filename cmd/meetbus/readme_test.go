package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/meetbus/meetbus/config"
	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/schemas"
)

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestReadmeConfiguration: the configuration in the README loads, and says nothing but the defaults where it does not say that
// it is an example.
func TestReadmeConfiguration(t *testing.T) {
	_, rest, found := strings.Cut(readme(t), "```yaml\n")
	example, _, ended := strings.Cut(rest, "```\n")
	if !found || !ended {
		t.Fatal("README.md has no YAML")
	}
	file := filepath.Join(t.TempDir(), "readme.yaml")
	if err := os.WriteFile(file, []byte(example), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := config.Load(file, func(string) (string, bool) { return "a-secret-of-the-test", true })
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Endpoints) != 2 {
		t.Fatalf("%d endpoints, want 2", len(got.Endpoints))
	}
	want := config.Default()
	if got.HTTP.Listen != want.HTTP.Listen || got.HTTP.MaxBody != want.HTTP.MaxBody || got.HTTP.Deadline != want.HTTP.Deadline ||
		got.Admin.Listen != want.Admin.Listen || got.NATS.Embedded != want.NATS.Embedded || got.Stream != want.Stream ||
		got.Log != want.Log || got.DataDir != want.DataDir {
		t.Errorf("README.md says %+v, and the defaults are %+v", got, want)
	}
}

// TestReadmeCatalogue: the README's table has every type, with every event of every provider that becomes it.
func TestReadmeCatalogue(t *testing.T) {
	rows := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([A-Za-z.]+)` \\|.*$").FindAllStringSubmatch(readme(t), -1) {
		rows[row[1]] = row[0]
	}
	var types []string
	for _, c := range schemas.Catalogue() {
		types = append(types, c.Name)
		if rows[c.Name] == "" {
			t.Errorf("README.md has no row for %s", c.Name)
		}
	}
	for _, s := range normalize.Samples() {
		if !names(rows[s.Type], s.Event) {
			t.Errorf("README.md's row for %s does not name %s of %s", s.Type, s.Event, s.Provider.Name)
		}
	}
	if count := fmt.Sprintf("the %d webhooks", len(normalize.Samples())); !strings.Contains(readme(t), count) {
		t.Errorf("README.md does not speak of %s", count)
	}
	for name := range rows {
		if !slices.Contains(types, name) {
			t.Errorf("README.md has a row for %s, which is not in the catalogue", name)
		}
	}
}

// names says whether a row names an event, as itself or as one of a family such as `recording-starting`, `-started`.
func names(row, event string) bool {
	if strings.Contains(row, "`"+event+"`") {
		return true
	}
	at := strings.LastIndexByte(event, '-')
	return at > 0 && strings.Contains(row, "`"+event[at:]+"`") && strings.Contains(row, "`"+event[:at+1])
}
