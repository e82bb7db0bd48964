package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/meetbus/meetbus/normalize"
)

// TestPolicy reads like a policy: of each payload, the rule that takes it and the subject that it gets.
func TestPolicy(t *testing.T) {
	names, err := filepath.Glob("testdata/policy/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatalf("no policies: %v", err)
	}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) { checkPolicy(t, name) })
	}
}

func checkPolicy(t *testing.T, name string) {
	archive, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	dir, env := unpack(t, archive)
	c, err := Load(filepath.Join(dir, "config.yml"), env)
	if err != nil {
		t.Fatal(err)
	}
	table, err := c.Table()
	if err != nil {
		t.Fatal(err)
	}
	policy := fileOf(archive, "policy")
	var got strings.Builder
	for line := range strings.Lines(string(policy.Data)) {
		webhook, _, _ := strings.Cut(line, "  =>  ")
		provider, body, _ := strings.Cut(webhook, " ")
		p, known := normalize.Lookup(provider)
		if !known {
			t.Fatalf("no provider %q", provider)
		}
		e, err := normalize.Normalize(&normalize.Webhook{
			Provider: p, Endpoint: provider, Verified: true, Body: []byte(strings.TrimSpace(body)), Received: time.Unix(1, 0),
		})
		if err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		d := table.Route(&e.Event)
		rule, subject := "default", d.Subject
		if d.Rule >= 0 {
			rule = fmt.Sprintf("rules[%d]", d.Rule)
		}
		if d.Drop {
			subject = "dropped"
		}
		fmt.Fprintf(&got, "%s  =>  %s  %s\n", webhook, rule, subject)
	}
	want := string(policy.Data)
	if *update {
		policy.Data = []byte(got.String())
		if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got.String() != want {
		t.Errorf("got:\n%s\nwant:\n%s", &got, want)
	}
}
