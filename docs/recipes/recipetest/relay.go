package recipetest

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Relay is a relay that runs. URL is where webhooks go, and NATS is the server inside, if it has one.
type Relay struct {
	*Process
	Binary, URL, NATS string
}

// StartRelay runs this repository's relay. Its bus is YAML, such as { url: … }; where it is empty, the relay has a NATS server
// inside. The rest of its configuration has at least the endpoints.
func StartRelay(t testing.TB, bus, rest string) *Relay {
	t.Helper()
	dir, listen, admin, inside := t.TempDir(), FreeAddress(t), FreeAddress(t), FreeAddress(t)
	if bus == "" {
		bus = fmt.Sprintf("{ embedded: { listen: %q } }", inside)
	}
	config := fmt.Sprintf("data_dir: %s\nhttp: { listen: %q }\nadmin: { listen: %q }\nnats: %s\nlog: { format: json }\n%s",
		filepath.Join(dir, "data"), listen, admin, bus, rest)
	file := filepath.Join(dir, "relay.yaml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	r := &Relay{Binary: Build(t, Meetbus), URL: "http://" + listen, NATS: "nats://" + inside}
	r.Process = Start(t, answers("http://"+admin+"/readyz"), nil, r.Binary, "serve", "-c", file)
	return r
}

// Send posts a webhook's body to the endpoint of a provider, and wants it to be taken.
func (r *Relay) Send(t testing.TB, provider, body string) {
	t.Helper()
	response, err := http.Post(r.URL+"/webhooks/"+provider, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if answer, err := io.ReadAll(response.Body); err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s %s %v", response.Status, answer, err)
	}
}

// answers says whether a URL answers with 200.
func answers(url string) func() bool {
	return func() bool {
		response, err := http.Get(url)
		if err != nil {
			return false
		}
		_ = response.Body.Close()
		return response.StatusCode == http.StatusOK
	}
}
