package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestCollect(t *testing.T) {
	root := t.TempDir()
	part := filepath.Join(root, "part")
	if err := os.MkdirAll(filepath.Join(part, "LICENSES"), 0o700); err != nil {
		t.Fatal(err)
	}
	names := []string{
		"License.txt", "LICENCE", "COPYING.LESSER", "NOTICE", "PATENTS", "LICENSE-MIT", // texts
		"license.go", "licenses.md", "noticed", "README.md", // others
	}
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(part, name), []byte("\n"+name+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	texts := map[string]string{}
	if err := collect(texts, root, part); err != nil {
		t.Fatal(err)
	}
	if len(texts) != 6 {
		t.Errorf("%d texts: %v", len(texts), texts)
	}
	for _, name := range names[:6] {
		if texts["part/"+name] != name {
			t.Errorf("%s is not among %v", name, texts)
		}
	}
}

func TestFormat(t *testing.T) {
	text, err := format(map[string]map[string]string{
		"b v1": {"LICENSE": "terms of b"}, "a v2": {"part/LICENSE": "terms of a part", "LICENSE": "terms of a"},
	})
	if err != nil {
		t.Fatal(err)
	}
	var at []int
	for _, part := range []string{"a v2: LICENSE", "terms of a\n", "a v2: part/LICENSE", "terms of a part\n", "b v1: LICENSE", "terms of b\n"} {
		at = append(at, strings.Index(string(text), part))
	}
	if at[0] < 0 || !slices.IsSorted(at) {
		t.Errorf("order %v of\n%s", at, text)
	}
}

func TestFormatRefusesModulesWithoutLicence(t *testing.T) {
	if _, err := format(map[string]map[string]string{"a v1": {}}); err == nil || !strings.Contains(err.Error(), "a v1 has no licence") {
		t.Errorf("a module without a licence: %v", err)
	}
}
