package config

import (
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// FuzzLoad: whatever the file says, there is a configuration that passes Check, or faults that each have a place; and no
// fault holds what came out of a variable.
func FuzzLoad(f *testing.F) {
	names, err := filepath.Glob("testdata/*/*.txtar")
	if err != nil || len(names) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, name := range names {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(fileOf(archive, "config.yml").Data)
	}
	const secret = "hunter2-0d6e"
	f.Fuzz(func(t *testing.T, text []byte) {
		env := func(name string) (string, bool) { return secret, len(name)%2 == 1 }
		c, faults := parse("f.yml", text, env)
		if len(faults) == 0 {
			if err := c.Check(); err != nil {
				t.Fatalf("Load took what Check refuses: %v", err)
			}
			return
		}
		for _, fault := range wellPlaced(t, joined(faults)) {
			if strings.Contains(fault.Error(), secret) {
				t.Errorf("the secret is in %v", fault)
			}
		}
	})
}
