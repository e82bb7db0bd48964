package asyncapi_test

import (
	"bytes"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/meetbus/meetbus/relay/asyncapi"
	"github.com/meetbus/meetbus/schemas"
)

func TestSameEveryTime(t *testing.T) {
	for name, d := range descriptions(t) {
		first, err := asyncapi.Document(d)
		if err != nil {
			t.Fatal(err)
		}
		if second, _ := asyncapi.Document(d); !bytes.Equal(first, second) {
			t.Errorf("%s: two documents of one configuration differ", name)
		}
		if len(first) > 320<<10 {
			t.Errorf("%s: %d bytes", name, len(first))
		}
	}
}

// TestNothingLeadsNowhere: every reference is resolved within the document, and every component is used.
func TestNothingLeadsNowhere(t *testing.T) {
	for name, described := range descriptions(t) {
		t.Run(name, func(t *testing.T) {
			d := made(t, described)
			led := map[string]bool{}
			references(d.root, func(ref string) {
				if led[ref] = true; d.at(ref) == nil {
					t.Errorf("%s leads nowhere", ref)
				}
			})
			for kind, all := range d.root["components"].(map[string]any) {
				for name := range all.(map[string]any) {
					if !led["#/components/"+kind+"/"+name] {
						t.Errorf("nothing uses %s %s", kind, name)
					}
				}
			}
		})
	}
}

// references calls f with every reference below a value.
func references(value any, f func(ref string)) {
	switch v := value.(type) {
	case map[string]any:
		if ref, is := v["$ref"].(string); is {
			f(ref)
		}
		for name, of := range v {
			if name != "examples" {
				references(of, f)
			}
		}
	case []any:
		for _, of := range v {
			references(of, f)
		}
	}
}

var parameter = regexp.MustCompile(`\{([^}]*)\}`)

// TestChannels: each has its parameters, and an operation that sends what the channel has; and the stream holds its subjects.
func TestChannels(t *testing.T) {
	for name, described := range descriptions(t) {
		t.Run(name, func(t *testing.T) {
			d := made(t, described)
			channels, operations := d.at("#/channels"), d.at("#/operations")
			if len(channels) != len(operations) {
				t.Errorf("%d channels and %d operations", len(channels), len(operations))
			}
			held := append(described.Table.Subjects(), described.Table.DeadLetterSubjects()...)
			var filters []string
			for name, c := range channels {
				operation, _ := operations["send."+name].(map[string]any)
				if operation["action"] != "send" || !reflect.DeepEqual(operation["channel"], map[string]any{"$ref": "#/channels/" + name}) {
					t.Errorf("%s has the operation %v", name, operation)
				}
				channel := c.(map[string]any)
				if got, want := len(operation["messages"].([]any)), len(channel["messages"].(map[string]any)); got != want || want == 0 {
					t.Errorf("%s has %d messages, and its operation %d", name, want, got)
				}
				address := channel["address"].(string)
				parameters, _ := channel["parameters"].(map[string]any)
				checkParameters(t, address, parameters)
				filter := operation["bindings"].(map[string]any)["nats"].(map[string]any)["x-filter"].(string)
				if want := parameter.ReplaceAllString(address, "*"); filter != want {
					t.Errorf("%s has the filter %s", address, filter)
				}
				if !slices.ContainsFunc(held, func(s string) bool { return covers(s, filter) }) {
					t.Errorf("no subject of the streams holds %s", filter)
				}
				filters = append(filters, filter)
			}
			for _, subject := range described.Table.Subjects() {
				if !slices.Contains(filters, subject) {
					t.Errorf("no channel has %s", subject)
				}
			}
		})
	}
}

func checkParameters(t *testing.T, address string, parameters map[string]any) {
	t.Helper()
	want := map[string]any{}
	for _, found := range parameter.FindAllStringSubmatch(address, -1) {
		attribute, known := schemas.AttributeNamed(found[1])
		if !known {
			t.Errorf("%s is no attribute", found[1])
		}
		p, _ := parameters[found[1]].(map[string]any)
		if want[found[1]] = p; p["description"] != attribute.About {
			t.Errorf("parameter %s is %v", found[1], p)
		}
	}
	if len(parameters) != len(want) {
		t.Errorf("%s has the parameters %v", address, slices.Sorted(maps.Keys(parameters)))
	}
}

func covers(wide, narrow string) bool {
	w, n := strings.Split(wide, "."), strings.Split(narrow, ".")
	if len(w) != len(n) {
		return false
	}
	for i := range w {
		if w[i] != "*" && w[i] != n[i] {
			return false
		}
	}
	return true
}

func TestChannelsThatLookAlike(t *testing.T) {
	d := made(t, descriptions(t)["rules"])
	if got := d.at("#/channels/x.sessionid")["address"]; got != "x.{sessionid}" {
		t.Errorf("the first is %v", got)
	}
	if got := d.at("#/channels/x.sessionid_")["address"]; got != "x.sessionid" {
		t.Errorf("the second is %v", got)
	}
}

// TestExamples: they are valid, and their data is that of the published schemas' examples.
func TestExamples(t *testing.T) {
	for name, described := range descriptions(t) {
		t.Run(name, func(t *testing.T) {
			d := made(t, described)
			for typ, m := range d.at("#/components/messages") {
				examples, _ := m.(map[string]any)["examples"].([]any)
				published := publishedExamples(t, typ)
				if len(examples) == 0 || len(examples) != len(published) {
					t.Errorf("%s has %d examples, and %d are published", typ, len(examples), len(published))
					continue
				}
				for i, example := range examples {
					e := example.(map[string]any)
					for _, part := range []string{"headers", "payload"} {
						if err := d.check("#/components/messages/"+typ+"/"+part, e[part]); err != nil {
							t.Errorf("%s: %s: %v", typ, part, err)
						}
					}
					want := published[i].(map[string]any)
					if typ == schemas.TypeDeadLetter { // the endpoint and its headers are this configuration's
						continue
					}
					if described.Endpoints[0].NoOriginal {
						delete(want, "original")
					}
					if got := dataOf(e, described.Envelope.Binary); !reflect.DeepEqual(got, want) {
						t.Errorf("%s: the data is %v, and published is %v", typ, got, want)
					}
				}
			}
		})
	}
}

func publishedExamples(t *testing.T, typ string) []any {
	t.Helper()
	file, _ := schemas.Schema(typ)
	examples, _ := object(t, file)["examples"].([]any)
	return examples
}

func dataOf(example map[string]any, binary bool) map[string]any {
	if binary {
		return example["payload"].(map[string]any)
	}
	return example["payload"].(map[string]any)["data"].(map[string]any)
}

// TestServers are told apart by what a subscriber must know.
func TestServers(t *testing.T) {
	d := plain(t)
	d.Servers = []asyncapi.Server{
		{Scheme: "nats", Host: "::1", Port: "4222"},
		{Scheme: "wss", Host: "nats.example.org", Port: "443"},
		{Scheme: "tls", Port: "4222", Embedded: true, Guarded: true},
	}
	servers := made(t, d).at("#/servers")
	for name, want := range map[string][2]string{
		"nats":   {"[::1]:4222", "nats"},
		"nats-2": {"nats.example.org:443", "wss"},
		"nats-3": {"{host}:4222", "nats"},
	} {
		s, _ := servers[name].(map[string]any)
		if s["host"] != want[0] || s["protocol"] != want[1] {
			t.Errorf("%s is %v", name, s)
		}
		if _, asks := s["security"]; asks != (name == "nats-3") {
			t.Errorf("%s asks for a password: %v", name, asks)
		}
	}
	if len(servers) != 3 {
		t.Errorf("there are %d", len(servers))
	}
}

// TestInfo says what a configuration makes different, and nothing of the rest.
func TestInfo(t *testing.T) {
	said := map[string]string{
		"in structured mode": "plain, rules, the same in structured mode, without originals",
		"in binary mode":     "binary",
		"for 168h":           "binary, plain, rules, the same in structured mode",
		"its owner's":        "without originals",
		"drops some events":  "rules",
		"`com.example.`":     "binary, the same in structured mode",
		"`signature`":        "binary, the same in structured mode",
		"left out of what":   "without originals",
		"_DEADLETTER`":       "binary, the same in structured mode, without originals",
		"Only whoever runs":  "plain, rules",
		"`acme.prod":         "",
		"'acme.prod":         "binary, the same in structured mode",
		"which *sends*":      "binary, plain, rules, the same in structured mode, without originals",
		"<no value>":         "",
	}
	found := map[string][]string{}
	for name, described := range descriptions(t) {
		text := made(t, described).at("#/info")["description"].(string)
		for words := range said {
			if strings.Contains(text, words) {
				found[words] = append(found[words], name)
			}
		}
	}
	for words, want := range said {
		slices.Sort(found[words])
		if got := strings.Join(found[words], ", "); got != want {
			t.Errorf("%q is said of %q, want %q", words, got, want)
		}
	}
}

// TestDialect: nothing is there that draft-07 reads otherwise than the published schemas' 2020-12.
func TestDialect(t *testing.T) {
	keywords := map[string]bool{}
	for _, described := range descriptions(t) {
		d := made(t, described)
		for name := range d.at("#/components/schemas") {
			if _, err := d.compiler.Compile(here + "#/components/schemas/" + name); err != nil {
				t.Error(err)
			}
			collect(d.at("#/components/schemas/"+name), keywords)
		}
	}
	for _, other := range []string{"$schema", "$id", "$defs", "$comment", "$ref beside others"} {
		if keywords[other] {
			t.Errorf("%s is there", other)
		}
	}
	if !keywords["contentEncoding"] || !keywords["additionalProperties"] {
		t.Errorf("only %v are there", slices.Sorted(maps.Keys(keywords)))
	}
}

// collect finds the keywords of a schema. A reference has nothing beside it.
func collect(s map[string]any, keywords map[string]bool) {
	for keyword, value := range s {
		keywords[keyword] = true
		switch keyword {
		case "properties":
			for _, p := range value.(map[string]any) {
				collect(p.(map[string]any), keywords)
			}
		case "items", "additionalProperties":
			collect(value.(map[string]any), keywords)
		case "$ref":
			keywords["$ref beside others"] = keywords["$ref beside others"] || len(s) > 1
		}
	}
}
