package schemas_test

import (
	"encoding/json"
	"flag"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/meetbus/meetbus/schemas"
)

var release = flag.Bool("release", false, "write the schemas to testdata/released, as those of the last release")

const released = "testdata/released"

// TestNothingThatWasReleasedBreaks: whoever reads events by the schemas and types of the last release can read those of today.
func TestNothingThatWasReleasedBreaks(t *testing.T) {
	now, then := readAll(t, schemas.Files()), readAll(t, os.DirFS(released))
	if len(then) == 0 && !*release {
		t.Fatalf("there is nothing in %s", released)
	}
	for _, name := range slices.Sorted(maps.Keys(then)) {
		for _, what := range broken(t, name, then[name], now[name]) {
			t.Errorf("%s: %s: this is no longer %s (see Versions in doc.go)", name, what, path.Dir(name))
		}
	}
	if *release && !t.Failed() {
		for name, doc := range now {
			if err := os.MkdirAll(filepath.Join(released, path.Dir(name)), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(released, name), doc, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// readAll returns the files of all versions, by v1/….
func readAll(t *testing.T, files fs.FS) map[string][]byte {
	t.Helper()
	names, err := fs.Glob(files, "v*/*")
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string][]byte)
	for _, name := range names {
		if all[name], err = fs.ReadFile(files, name); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// broken says what in a file breaks those who use the one of the last release.
func broken(t *testing.T, name string, then, now []byte) (breaks []string) {
	t.Helper()
	if now == nil {
		return []string{"it has vanished"}
	}
	if path.Ext(name) == ".json" {
		return incompatibilities(parseSchema(t, then), parseSchema(t, now))
	}
	names := exported(now)
	for _, name := range exported(then) {
		if !slices.Contains(names, name) {
			breaks = append(breaks, name+" has vanished")
		}
	}
	return breaks
}

func parseSchema(t *testing.T, doc []byte) (s schema) {
	t.Helper()
	if err := json.Unmarshal(doc, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

var exporting = regexp.MustCompile(`(?m)^export (?:type|interface) (\w+)`)

// exported returns the names that a file of TypeScript exports.
func exported(types []byte) (names []string) {
	for _, m := range exporting.FindAllSubmatch(types, -1) {
		names = append(names, string(m[1]))
	}
	return names
}
