package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	codeBlock = regexp.MustCompile("(?ms)^```(?:sh|console)\n(.*?)^```$")
	codeSpan  = regexp.MustCompile("`((?:kubectl exec [^`\n]*/|go run ./cmd/)?meetbus [a-z]+(?: [^`]*)?)`")
	// typed is a call of meetbus in a line of a shell, however it is started, up to what is the shell's again.
	typed = regexp.MustCompile(`(?:^|[ /])meetbus ((?:'[^']*'|"[^"]*"|[^|<>#;&'"])*)`)
	// service is a service or a container that is called meetbus.
	service = regexp.MustCompile(`(-u|exec|reload|status) meetbus\b`)
	words   = regexp.MustCompile(`'[^']*'|"[^"]*"|[^\s'"]+`)
)

// TestDocumentedCommands: each call of meetbus that the documentation shows is one of a command that there is, with flags and arguments
// that it takes.
func TestDocumentedCommands(t *testing.T) {
	calls := 0
	for _, page := range pages(t) {
		text, err := os.ReadFile(page)
		must(t, err)
		for _, call := range callsIn(string(text)) {
			calls++
			if err := parses(call); err != nil {
				t.Errorf("%s: meetbus %s: %v", page, call, err)
			}
		}
	}
	if calls < 50 {
		t.Errorf("only %d calls were found", calls)
	}
}

// pages are all of the documentation.
func pages(t *testing.T) []string {
	t.Helper()
	found := []string{"../../README.md"}
	must(t, filepath.WalkDir("../../docs", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && entry.Name() == "node_modules" {
			return fs.SkipDir
		}
		if strings.HasSuffix(path, ".md") {
			found = append(found, path)
		}
		return err
	}))
	return found
}

// callsIn are what stands behind meetbus in a page's commands.
func callsIn(page string) (calls []string) {
	for _, block := range codeBlock.FindAllStringSubmatch(page, -1) {
		for line := range strings.Lines(block[1]) {
			command, isTyped := strings.CutPrefix(line, "$ ")
			if !isTyped && strings.Contains(block[1], "\n$ ") || !isTyped && strings.HasPrefix(block[1], "$ ") {
				continue // what was said
			}
			calls = append(calls, callsOf(command)...)
		}
	}
	for _, span := range codeSpan.FindAllStringSubmatch(codeBlock.ReplaceAllString(page, ""), -1) {
		calls = append(calls, callsOf(span[1])...)
	}
	return calls
}

func callsOf(line string) (calls []string) {
	for _, call := range typed.FindAllStringSubmatch(strings.TrimSpace(service.ReplaceAllString(line, "")), -1) {
		calls = append(calls, call[1])
	}
	return calls
}

// parses says what is wrong with a call, and runs nothing.
func parses(call string) error {
	var args []string
	for _, word := range words.FindAllString(call, -1) {
		args = append(args, strings.Trim(word, `'"`))
	}
	command, rest, err := newRoot().Find(args)
	if err != nil {
		return err
	}
	err = command.ParseFlags(rest)
	if err != nil && strings.HasPrefix(args[len(args)-1], "-") {
		err = command.ParseFlags(append(rest, "VALUE")) // the text names a flag, and not what it is given
	}
	if err != nil {
		return err
	}
	switch given := command.Flags().Args(); {
	case command.HasSubCommands() && len(given) > 0:
		return fmt.Errorf("unknown command %s", given[0])
	case command.HasSubCommands() || len(args) == len(strings.Fields(command.CommandPath()))-1:
		return nil // the text names a command, and not what it is given
	default:
		return command.ValidateArgs(given)
	}
}
