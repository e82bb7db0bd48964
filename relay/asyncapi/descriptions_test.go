package asyncapi_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/relay/asyncapi"
	"github.com/meetbus/meetbus/relay/route"
	"github.com/meetbus/meetbus/schemas"
)

// plain is the configuration without a file.
func plain(t testing.TB) asyncapi.Description {
	d := asyncapi.Description{
		Servers: []asyncapi.Server{{Scheme: "nats", Host: "127.0.0.1", Port: "4222", Embedded: true}},
		Stream:  asyncapi.Stream{Name: "MEETBUS", Managed: true, MaxAge: 168 * time.Hour, DuplicateWindow: 2 * time.Hour, Replicas: 1},
		Table:   table(t, "", route.DefaultTemplate),
	}
	for _, p := range normalize.Providers() {
		d.Endpoints = append(d.Endpoints, asyncapi.Endpoint{Name: p.Name, Provider: p.Name})
	}
	d.Endpoints = append(d.Endpoints, asyncapi.Endpoint{Name: "auto"})
	return d
}

// descriptions are configurations that differ in all that the document depends on.
func descriptions(t testing.TB) map[string]asyncapi.Description {
	all := map[string]asyncapi.Description{"plain": plain(t)}

	d := plain(t)
	d.Servers = []asyncapi.Server{{Scheme: "nats", Host: "nats-1", Port: "4222"}, {Scheme: "tls", Host: "nats-2", Port: "4222"}}
	d.DeadLetters = "MEETBUS_DEADLETTER"
	d.Envelope = schemas.Envelope{Binary: true, TypePrefix: "com.example.", SchemaBase: "https://example.com/schemas"}
	d.Signature = true
	d.Table = table(t, "acme.prod", "{type}.{meetingid}",
		rule("recording.ready.{meetingid}", "type", "recording.statusUpdate", "status", "UPLOADED"),
		rule("calls.{provider}.{status}.{provider}", "type", "call.*"),
		rule("calls.{provider}.{status}.{endpoint}", "type", "batchCall.*"),
	)
	all["binary"] = d

	d.Envelope.Binary = false
	all["the same in structured mode"] = d

	d = plain(t)
	when := rule("{type}.{meetingid}", "type", "meeting.participant*", "provider", "dyte")
	when.When = "EXISTS sessionid"
	d.Table = table(t, "", route.DefaultTemplate,
		rule("", "type", "hls.*"), rule("", "type", "agent.*", "status", "STOPPED"), when,
		rule("x.{sessionid}", "type", "meeting.started"), rule("x.sessionid", "type", "meeting.ended"),
		rule("unknown.{providertype}", "type", "videosdk.*"),
	)
	all["rules"] = d

	d = plain(t)
	d.DeadLetters = "ELSEWHERE_DEADLETTER"
	d.Stream = asyncapi.Stream{Name: "ELSEWHERE"}
	for i := range d.Endpoints {
		d.Endpoints[i].NoOriginal, d.Endpoints[i].NoDedupe, d.Endpoints[i].Verified = true, true, true
		d.Endpoints[i].Source = "urn:example:calls"
	}
	all["without originals"] = d
	return all
}

// rule puts what has these values of these attributes on a subject; an empty one drops it.
func rule(subject string, match ...string) route.Rule {
	r := route.Rule{Match: map[string][]string{}, Subject: subject, Drop: subject == ""}
	for i := 0; i < len(match); i += 2 {
		r.Match[match[i]] = []string{match[i+1]}
	}
	return r
}

func table(t testing.TB, prefix, otherwise string, rules ...route.Rule) *route.Table {
	t.Helper()
	m := route.Mapping{Prefix: prefix, Default: otherwise, Rules: rules, Endpoints: []string{"auto"}, Types: map[string][]string{}}
	for _, p := range normalize.Providers() {
		m.Providers, m.Endpoints = append(m.Providers, p.Name), append(m.Endpoints, p.Name)
		m.Types[p.Name] = p.Types()
	}
	compiled, faults := route.Compile(m)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return compiled
}

// document is one as its readers see it.
type document struct {
	t        *testing.T
	root     map[string]any
	compiler *jsonschema.Compiler
}

const here = "asyncapi.json"

func made(t *testing.T, d asyncapi.Description) document {
	t.Helper()
	text, err := asyncapi.Document(d)
	if err != nil {
		t.Fatal(err)
	}
	root, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft7)
	c.AssertFormat()
	c.AssertContent()
	if err := c.AddResource(here, root); err != nil {
		t.Fatal(err)
	}
	return document{t, root.(map[string]any), c}
}

// at returns what a reference leads to; nil if it leads nowhere.
func (d document) at(ref string) map[string]any {
	value := d.root
	for _, name := range strings.Split(strings.TrimPrefix(ref, "#/"), "/") {
		value, _ = value[name].(map[string]any)
	}
	return value
}

// target returns where a reference leads in the end.
func (d document) target(ref string) string {
	for {
		further, is := d.at(ref)["$ref"].(string)
		if !is {
			return ref
		}
		ref = further
	}
}

// check says what is wrong with a value, by the schema that a reference leads to.
func (d document) check(ref string, value any) error {
	d.t.Helper()
	s, err := d.compiler.Compile(here + ref)
	if err != nil {
		d.t.Fatal(err)
	}
	return s.Validate(value)
}

// properties are those that the schema at a reference names.
func (d document) properties(ref string) map[string]any {
	names, _ := d.at(d.target(ref))["properties"].(map[string]any)
	return names
}

func object(t *testing.T, text []byte) map[string]any {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return value.(map[string]any)
}
