package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/meetbus/meetbus/docs/recipes/recipetest"
)

func TestMain(m *testing.M) { os.Exit(recipetest.Main(m)) }

// The program, at a real relay: each webhook is sent, and the line that it makes is awaited.
func TestLive(t *testing.T) {
	relay := recipetest.StartRelay(t, "", "endpoints: [ { provider: dyte, verify: none } ]")
	program := func(ctx context.Context, w io.Writer) error { return run(ctx, relay.NATS, w) }
	first := recipetest.Program(t, program)
	lines := 0
	for _, step := range []struct{ body, line string }{
		{named(joined("s-1", "p-1", 1), "Ada\u0007"), "m: Ada?"},
		{named(joined("s-1", "p-1", 1), "Ada\u0007"), ""}, // a retry
		{named(joined("s-1", "p-2", 2), "Bo"), "m: Ada?, Bo"},
		{left("s-1", "p-3", 1, 2), ""},
		{joined("s-1", "p-3", 1), ""}, // it came late
		{left("s-1", "p-1", 1, 3), "m: Bo"},
		{named(joined("s-2", "p-4", 9), "Cy"), "m: Bo, Cy"},
		{ended("s-1", 5), "m: Cy"},
		{ended("s-2", 10), "m: nobody"},
		{named(joined("s-3", "p-5", 11), "Di"), "m: Di"},
	} {
		relay.Send(t, "dyte", step.body)
		if step.line == "" {
			continue
		}
		lines++
		recipetest.Until(t, step.line, func() bool { return len(first.Lines()) == lines })
		if got := first.Lines()[lines-1]; got != step.line {
			t.Fatalf("it shows %q, want %q", got, step.line)
		}
	}
	// One that starts now shows what is, and not how it came to be.
	second := recipetest.Program(t, program)
	recipetest.Until(t, "what is now", func() bool { return len(second.Lines()) > 0 })
	if got := second.Lines(); len(got) != 1 || got[0] != "m: Di" {
		t.Errorf("it shows %q, want only who is in now", got)
	}
}

// named puts a name into a webhook.
func named(body, name string) string {
	return strings.Replace(body, `"peerId"`, fmt.Sprintf(`"userDisplayName":"%s","peerId"`, strings.ReplaceAll(name, "\u0007", `\u0007`)), 1)
}
