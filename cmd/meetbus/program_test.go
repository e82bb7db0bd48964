package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/rogpeppe/go-internal/testscript"
)

// scriptProgram vets and builds a Go file as a package of this module, without writing it here: the go command is told that it is in
// subscriber, which has no Go file of its own.
func scriptProgram(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: program NAME FILE")
	}
	here, err := os.Getwd()
	ts.Check(err)
	overlay, err := json.Marshal(map[string]any{
		"Replace": map[string]string{filepath.Join(here, "subscriber", "main.go"): ts.MkAbs(args[1])},
	})
	ts.Check(err)
	file := ts.MkAbs(args[0] + ".overlay.json")
	ts.Check(os.WriteFile(file, overlay, 0o600))
	for _, do := range [][]string{
		{"vet", "-overlay", file, "./subscriber"},
		{"build", "-overlay", file, "-o", ts.MkAbs(args[0]), "./subscriber"},
	} {
		if said, err := exec.Command("go", do...).CombinedOutput(); err != nil {
			ts.Fatalf("go %s: %v\n%s\n%s", do[0], err, said, ts.ReadFile(args[1]))
		}
	}
}
