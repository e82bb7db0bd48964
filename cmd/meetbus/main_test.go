package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"
)

func TestMain(m *testing.M) {
	// The race detector's own second at every exit would make the scripts slow.
	if os.Getenv("GORACE") == "" {
		os.Setenv("GORACE", "atexit_sleep_ms=10")
	}
	testscript.Main(m, map[string]func(){"meetbus": main, "natsd": natsd, "natsclient": natsclient, "httpget": httpget, "credentials": credentials, "collector": collector})
}

// TestScripts runs the real program, as scripts and people do. script_test.go has the commands of the scripts.
func TestScripts(t *testing.T) {
	const dir = "testdata/script"
	if found, err := filepath.Glob(dir + "/*.txtar"); err != nil || len(found) == 0 {
		t.Fatalf("no scripts in %s: %v", dir, err)
	}
	testscript.Run(t, testscript.Params{
		Dir: dir, Setup: setupScript, Cmds: scriptCommands,
		RequireExplicitExec: true, RequireUniqueNames: true,
	})
}

// TestHelp wants of each command what a newcomer needs: a sentence, and an example that begins with the command itself.
func TestHelp(t *testing.T) {
	var visit func(*cobra.Command)
	visit = func(c *cobra.Command) {
		t.Run(c.CommandPath(), func(t *testing.T) {
			if c.Short == "" || !strings.HasPrefix(c.Example, "  meetbus ") {
				t.Errorf("short is %q, example is %q", c.Short, c.Example)
			}
			args := append(strings.Fields(c.CommandPath())[1:], "--help")
			var stdout, stderr bytes.Buffer
			if status := run(context.Background(), args, nil, &stdout, &stderr); status != statusDone || stderr.Len() > 0 {
				t.Errorf("%q gives status %d and says %q", args, status, &stderr)
			}
			if !strings.Contains(stdout.String(), c.Example) {
				t.Errorf("help does not show the example:\n%s", &stdout)
			}
		})
		for _, sub := range c.Commands() {
			visit(sub)
		}
	}
	visit(newRoot())
}

func TestPrintable(t *testing.T) {
	cases := map[string]string{
		"plain words, Ünïcode 日本":              "plain words, Ünïcode 日本",
		"two\nlines\tand a tab":                "two lines and a tab",
		"\x1b[31mred\x1b[0m":                   "[31mred[0m",
		"bell\a, nul\x00, del\x7f, c1\u009b2J": "bell, nul, del, c12J",
		"\u202egnp.exe\u2066":                  "gnp.exe",
		"invalid \xff\xfe":                     "invalid",
		" \r\n ":                               "",
	}
	for in, want := range cases {
		if got := printable(in); got != want {
			t.Errorf("printable(%q) is %q, want %q", in, got, want)
		}
	}
}
