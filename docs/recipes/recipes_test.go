// Package recipes has no code: its test keeps the pages of the recipes true.
package recipes

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the files into the pages that show them")

// shown is a file in a page: its name as a link, and its text.
var shown = regexp.MustCompile("(?ms)^\\[([a-z.]+)\\]\\(([a-z.]+)\\)\n\n```([a-z]+)\n(.*?)^```$")

// core is how many lines of code a file has at most that people shall copy.
const core = 60

func TestPages(t *testing.T) {
	programs, err := filepath.Glob("*/main.go")
	if err != nil || len(programs) < 5 {
		t.Fatalf("%v: %d recipes, want all", err, len(programs))
	}
	index := read(t, "README.md")
	for _, program := range programs {
		recipe := filepath.Dir(program)
		t.Run(recipe, func(t *testing.T) {
			if !strings.Contains(index, "]("+recipe+")") {
				t.Error("README.md has no link to it")
			}
			page := filepath.Join(recipe, "README.md")
			text := read(t, page)
			for _, part := range []string{"\n## What it guarantees, and what not\n", "\n## How it is tested\n"} {
				if !strings.Contains(text, part) {
					t.Errorf("%s has no %q", page, strings.TrimSpace(part))
				}
			}
			now := shown.ReplaceAllStringFunc(text, func(block string) string { return current(t, recipe, block) })
			switch {
			case now == text:
			case *update:
				if err := os.WriteFile(page, []byte(now), 0o644); err != nil {
					t.Fatal(err)
				}
			default:
				t.Errorf("%s shows another text than the files have: go test . -update writes it, read the diff", page)
			}
			if !shown.MatchString(text) {
				t.Errorf("%s shows no file", page)
			}
		})
	}
}

// current is a block with the text that its file has.
func current(t *testing.T, recipe, block string) string {
	t.Helper()
	m := shown.FindStringSubmatch(block)
	if m[1] != m[2] {
		t.Errorf("the link %s leads to %s", m[1], m[2])
	}
	text := read(t, filepath.Join(recipe, m[2]))
	if n := codeLines(text); m[3] == "go" && n > core {
		t.Errorf("%s has %d lines of code, want %d at most", m[2], n, core)
	}
	return "[" + m[1] + "](" + m[2] + ")\n\n```" + m[3] + "\n" + text + "```"
}

// codeLines counts lines that are neither empty nor a comment.
func codeLines(text string) (n int) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "//") {
			n++
		}
	}
	return n
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
