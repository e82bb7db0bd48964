package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	positions "go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// spoken are the places where the log gets a warning or an error that is no literal there, with what it says, or with what the runbook
// says of all such lines.
var spoken = map[string][]string{
	"../../relay/bus/bus.go b.log.Warn":              {"**`bus is unavailable`** (warning)"},
	"../../relay/bus/bus.go b.log.Error":             {"**`bus cannot be used`** (error)"},
	"../../relay/bus/embedded/log.go zap.WarnLevel":  {"Lines of the embedded NATS server"},
	"../../relay/bus/embedded/log.go zap.ErrorLevel": {"Those of the level error"},
	"../../relay/bus/outbox/outbox.go zap.WarnLevel": {"the one that keeps the outbox"},
	"../../cmd/meetbus/announce.go p.log.Warn":       {"Warnings that begin with `at`"},
	"../../cmd/meetbus/announce.go p.log.Warn 2":     {"**`events wait on disk until the bus is there`**", "**`answering 503 until the bus is there`**"},
	"../../cmd/meetbus/reload.go r.log.Warn":         {"with `subjects.`"},
}

// TestRunbook: docs/runbook.md tells of every warning and error that the relay's log can have.
func TestRunbook(t *testing.T) {
	text, err := os.ReadFile("../../docs/runbook.md")
	must(t, err)
	runbook, said, unsaid := string(text), 0, map[string]int{}
	for _, file := range sources(t) {
		for _, line := range logged(t, file) {
			wanted := []string{"**`" + line.message + "`** (" + line.level}
			if line.message == "" {
				place := file + " " + line.call
				if unsaid[place]++; unsaid[place] > 1 {
					place += fmt.Sprint(" ", unsaid[place])
				}
				if wanted = spoken[place]; wanted == nil {
					t.Errorf("%s is no literal: say in spoken what it says", place)
				}
			}
			for _, paragraph := range wanted {
				said++
				if !strings.Contains(runbook, paragraph) {
					t.Errorf("docs/runbook.md has no paragraph %s…, of %s", paragraph, file)
				}
			}
		}
	}
	if said < 25 {
		t.Errorf("only %d lines were found in the source", said)
	}
}

// sources are the files of the relay.
func sources(t *testing.T) (files []string) {
	for _, glob := range []string{"relay/*.go", "relay/*/*.go", "relay/bus/*/*.go", "config/*.go", "cmd/meetbus/*.go"} {
		found, err := filepath.Glob("../../" + glob)
		must(t, err)
		files = append(files, found...)
	}
	return slices.DeleteFunc(files, func(file string) bool { return strings.HasSuffix(file, "_test.go") })
}

// line is what can be logged: a literal, or the empty message, and then call is how.
type line struct{ level, message, call string }

// logged finds what a file can log as a warning or an error: calls of Warn and Error of a logger, and whatever else names one of them.
func logged(t *testing.T, file string) (lines []line) {
	t.Helper()
	parsed, err := parser.ParseFile(positions.NewFileSet(), file, nil, 0)
	must(t, err)
	literal := map[*ast.SelectorExpr]string{}
	ast.Inspect(parsed, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) == 0 {
			return true
		}
		selector, _ := call.Fun.(*ast.SelectorExpr)
		if text, ok := call.Args[0].(*ast.BasicLit); ok && selector != nil {
			literal[selector], err = strconv.Unquote(text.Value)
		}
		return true
	})
	ast.Inspect(parsed, func(n ast.Node) bool {
		selector, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		of := spelling(selector.X)
		level := levels[selector.Sel.Name]
		if level != "" && (strings.HasSuffix(selector.Sel.Name, "Level") || strings.HasSuffix(strings.ToLower(of), "log")) {
			lines = append(lines, line{level, literal[selector], of + "." + selector.Sel.Name})
		}
		return true
	})
	return lines
}

var levels = map[string]string{
	"Warn": "warning", "Warnf": "warning", "Warnw": "warning", "WarnLevel": "warning",
	"Error": "error", "Errorf": "error", "Errorw": "error", "ErrorLevel": "error", "DPanic": "error", "Fatal": "error",
}

// spelling is an expression of names and dots as it stands in the source.
func spelling(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return spelling(e.X) + "." + e.Sel.Name
	}
	return ""
}
