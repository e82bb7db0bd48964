package main

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/meetbus/meetbus/config"
	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/schemas"
)

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestReadmeConfiguration: every piece of YAML in the README is a good configuration.
func TestReadmeConfiguration(t *testing.T) {
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```\n").FindAllStringSubmatch(readme(t), -1)
	if len(blocks) < 3 {
		t.Fatalf("README.md has only %d pieces of YAML", len(blocks))
	}
	dir := t.TempDir()
	writeSecrets(t, dir)
	env := map[string]string{"SECRETS": dir, "PATH_SECRET": "k3Wq9zR7tLx2VbN8mC4p", "DYTE_ORGANIZATION": "acme"}
	for _, block := range blocks {
		file := filepath.Join(dir, "readme.yaml")
		if err := os.WriteFile(file, []byte(block[1]), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := config.Load(file, func(name string) (string, bool) { v, set := env[name]; return v, set }); err != nil {
			t.Errorf("%v in\n%s", err, block[1])
		}
	}
}

// writeSecrets makes the files that the README's configurations name.
func writeSecrets(t *testing.T, dir string) {
	t.Helper()
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	key, err := x509.MarshalPKCS8PrivateKey(server.TLS.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{
		"password":     []byte("hunter2"),
		"cert.pem":     pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}),
		"cert-key.pem": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestReadmeCommands runs what the README shows of check and types, and compares what they say. cat shows a file that the next
// commands read. With -update it writes what they say.
func TestReadmeCommands(t *testing.T) {
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(dir, "meetbus")); err != nil {
		t.Fatal(err)
	}
	text := readme(t)
	from, to := strings.Index(text, "## Configure it"), strings.Index(text, "## Answers")
	commands := 0
	section := regexp.MustCompile("(?s)```console\n.*?```\n").ReplaceAllStringFunc(text[from:to], func(block string) string {
		var shown strings.Builder
		for _, part := range regexp.MustCompile(`(?m)^\$ `).Split(strings.TrimSuffix(block, "```\n"), -1) {
			command, said, _ := strings.Cut(part, "\n")
			if shown.Len() == 0 {
				shown.WriteString(part) // the opening line
				continue
			}
			if name, isFile := strings.CutPrefix(command, "cat "); isFile {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(said), 0o600); err != nil {
					t.Fatal(err)
				}
			} else {
				commands++
				said = says(dir, command)
			}
			shown.WriteString("$ " + command + "\n" + said)
		}
		return shown.String() + "```\n"
	})
	if commands < 3 {
		t.Errorf("only %d commands", commands)
	}
	if *update {
		if err := os.WriteFile("../../README.md", []byte(text[:from]+section+text[to:]), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if section != text[from:to] {
		t.Errorf("the README's commands say something else:\n%s", section)
	}
}

// says runs a command as the README has it, and returns all that it says.
func says(dir, command string) string {
	c := exec.Command("sh", "-c", strings.ReplaceAll(command, "go run ./cmd/meetbus", "./meetbus"))
	c.Dir = dir
	said, _ := c.CombinedOutput() // some are to fail, and what they say is compared
	return string(said)
}

// TestReadmeSubscribers: the README shows the subscribers as their files have them.
func TestReadmeSubscribers(t *testing.T) {
	text := readme(t)
	for name, language := range map[string]string{
		"jetstream/main.go": "go", "cloudevents/main.go": "go", "node/subscribe.ts": "ts", "shell/subscribe.sh": "sh",
	} {
		code, err := os.ReadFile(filepath.Join("../../docs/subscribers", name))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(text, "```"+language+"\n"+string(code)+"```\n") {
			t.Errorf("README.md does not show docs/subscribers/%s as it is", name)
		}
		if lines := strings.Count(string(code), "\n"); lines >= 40 {
			t.Errorf("docs/subscribers/%s has %d lines: nobody copies that much", name, lines)
		}
	}
}

// TestReadmeCatalogue: the README's table has every type, with every event of every provider that becomes it.
func TestReadmeCatalogue(t *testing.T) {
	rows := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([A-Za-z.]+)` \\|.*$").FindAllStringSubmatch(readme(t), -1) {
		rows[row[1]] = row[0]
	}
	var types []string
	for _, c := range schemas.Catalogue() {
		types = append(types, c.Name)
		if rows[c.Name] == "" {
			t.Errorf("README.md has no row for %s", c.Name)
		}
	}
	for _, s := range normalize.Samples() {
		if !names(rows[s.Type], s.Event) {
			t.Errorf("README.md's row for %s does not name %s of %s", s.Type, s.Event, s.Provider.Name)
		}
	}
	if count := fmt.Sprintf("the %d webhooks", len(normalize.Samples())); !strings.Contains(readme(t), count) {
		t.Errorf("README.md does not speak of %s", count)
	}
	for name := range rows {
		if !slices.Contains(types, name) {
			t.Errorf("README.md has a row for %s, which is not in the catalogue", name)
		}
	}
}

// names says whether a row names an event, as itself or as one of a family such as `recording-starting`, `-started`.
func names(row, event string) bool {
	if strings.Contains(row, "`"+event+"`") {
		return true
	}
	at := strings.LastIndexByte(event, '-')
	return at > 0 && strings.Contains(row, "`"+event[at:]+"`") && strings.Contains(row, "`"+event[:at+1])
}
