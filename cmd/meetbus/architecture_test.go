package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/meetbus/meetbus/"

// arrows says which packages of ours each package may import. A package ending in test serves tests only, and may import what
// it serves; cmd/torture, cmd/bench, cmd/interop and cmd/alarms are tests, too. Those in docs are what others would write.
var arrows = map[string][]string{
	"schemas":            {},
	"normalize":          {"schemas"},
	"relay/route":        {"schemas"},
	"relay/asyncapi":     {"schemas", "normalize", "relay/route"},
	"relay/keys":         {"relay/loopback"},
	"relay/loopback":     {},
	"relay/bus":          {},
	"relay/bus/embedded": {"relay/bus"},
	"relay/bus/outbox":   {"relay/bus", "relay/bus/embedded"},
	"relay/replay":       {"schemas", "normalize", "relay/route", "relay/bus"},
	"relay/deadletter":   {"schemas", "normalize", "relay/route", "relay/bus"},
	"relay/inspect":      {"schemas", "normalize", "relay/bus", "relay/deadletter"},
	"relay": {
		"schemas", "normalize", "relay/route", "relay/asyncapi", "relay/keys", "relay/loopback", "relay/bus", "relay/inspect",
	},
	"config":               {"schemas", "normalize", "relay/route", "relay/keys", "relay/loopback"},
	"cmd/internal/process": {},
	"cmd/torture":          {"relay/bus", "relay/bus/bustest", "cmd/internal/process"},
	"cmd/bench":            {"cmd/internal/markdown", "cmd/internal/process"},
	"cmd/meetbus": {
		"schemas", "normalize", "config", "relay", "relay/route", "relay/asyncapi", "relay/keys", "relay/loopback", "relay/bus",
		"relay/bus/embedded", "relay/bus/outbox", "relay/deadletter", "relay/replay", "relay/inspect",
	},
	"cmd/alarms":                   {"cmd/internal/markdown", "cmd/internal/process"},
	"cmd/internal/markdown":        {},
	"cmd/release":                  {},
	"cmd/interop":                  {"schemas", "cmd/internal/markdown", "cmd/internal/process"},
	"docs/subscribers/jetstream":   {"schemas"},
	"docs/subscribers/cloudevents": {},
}

// homes says in which packages an outside library may be used.
var homes = map[string][]string{
	"github.com/labstack/echo":              {"relay"},
	"github.com/nats-io/nats.go":            {"relay/bus", "relay/bus/embedded", "cmd/bench", "cmd/interop", "cmd/alarms", "docs/subscribers/jetstream", "docs/subscribers/cloudevents"},
	"github.com/nats-io/nats-server":        {"relay/bus/embedded", "cmd/bench"},
	"github.com/HdrHistogram":               {"cmd/bench"},
	"github.com/goccy/go-yaml":              {"config"},
	"github.com/cloudevents/sdk-go/v2":      {"schemas", "relay/route", "cmd/bench", "cmd/interop", "docs/subscribers/cloudevents"},
	"github.com/cloudevents/sdk-go/sql":     {"relay/route"},
	"github.com/antlr":                      {"relay/route"},
	"github.com/spf13/cobra":                {"cmd/meetbus"},
	"github.com/prometheus/client_golang":   {"relay", "cmd/meetbus"},
	"github.com/go-json-experiment/json":    {"schemas", "normalize", "relay/asyncapi", "relay/bus", "relay/inspect", "cmd/meetbus"},
	"github.com/rogpeppe/go-internal":       {},
	"github.com/invopop/jsonschema":         {},
	"github.com/santhosh-tekuri/jsonschema": {"cmd/release"},
	"github.com/CycloneDX":                  {"cmd/release"},
	"pgregory.net/rapid":                    {},
	"github.com/nats-io/jwt":                {},
	"github.com/nats-io/nkeys":              {"relay/bus", "relay/bus/embedded"},
	"github.com/gofrs/flock":                {"cmd/meetbus"},
	"golang.org/x/time":                     {"relay/inspect", "cmd/meetbus"},
	"github.com/google/uuid":                {"normalize", "cmd/meetbus", "cmd/torture"},
}

type listed struct {
	ImportPath string
	Imports    []string
}

func TestArrows(t *testing.T) {
	packages := list(t)
	if len(packages) < len(arrows) {
		t.Fatalf("go list names %d packages, fewer than the map has", len(packages))
	}
	for _, p := range packages {
		name := strings.TrimPrefix(p.ImportPath, module)
		if strings.HasSuffix(name, "test") {
			continue
		}
		allowed, drawn := arrows[name]
		if !drawn {
			t.Errorf("%s is not on the map", name)
		}
		for _, i := range p.Imports {
			if ours, found := strings.CutPrefix(i, module); found && !slices.Contains(allowed, ours) {
				t.Errorf("%s imports %s", name, ours)
			}
			for library, rooms := range homes {
				if strings.HasPrefix(i, library) && !slices.Contains(rooms, name) {
					t.Errorf("%s imports %s, whose home is %v", name, i, rooms)
				}
			}
		}
	}
}

func list(t *testing.T) []listed {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", module+"...").Output()
	if err != nil {
		t.Fatal(err)
	}
	var packages []listed
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}
