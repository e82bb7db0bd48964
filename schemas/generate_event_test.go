package schemas_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/invopop/jsonschema"

	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/schemas"
)

// always are the attributes that every event of meetbus has.
var always = []string{
	"specversion", "id", "source", "type", "time", "datacontenttype", "dataschema",
	"provider", "endpoint", "verified", "recordedtime", "digest",
}

// renderEvent writes the schema of a whole event. The attributes are those of schemas.Attributes, and data is any object: which
// one, the schema named by dataschema says, whatever prefix the type has.
func renderEvent(t *testing.T) []byte {
	t.Helper()
	properties := jsonschema.NewProperties()
	for _, a := range schemas.Attributes() {
		s := attributeSchema(a.Name)
		if s.Description == "" {
			s.Description = strings.ToUpper(a.About[:1]) + a.About[1:] + "."
		}
		properties.Set(a.Name, s)
	}
	properties.Set("data", &jsonschema.Schema{
		Type:        "object",
		Description: "What the event says, as the schema named by dataschema describes it.",
	})
	return write(t, document{
		ID:    urn(schemas.SchemaEvent),
		Title: schemas.SchemaEvent,
		Description: "One event as a message in structured mode holds it: a CloudEvent 1.0.2. " +
			"Other attributes may come, too.",
		Comment:    byWhom,
		Type:       "object",
		Properties: marshal(t, properties),
		Required:   append(slices.Clone(always), "data"),
		Examples:   []json.RawMessage{sealed(t, aJoin(t)), sealed(t, dead().Event)},
	})
}

// attributeSchema says what the value of an attribute is. A URI is the operator's word, which validators judge in different ways:
// it has no format.
func attributeSchema(name string) *jsonschema.Schema {
	switch name {
	case "specversion":
		return &jsonschema.Schema{Type: "string", Const: "1.0"}
	case "datacontenttype":
		return &jsonschema.Schema{Type: "string", Const: "application/json"}
	case "type":
		return openList(append(typeNames(), schemas.TypeDeadLetter))
	case "provider":
		s := openList(providerNames())
		s.Description = "Whose webhook it was: " + strings.Join(providerNames(), ", ") + ", or a newer word."
		return s
	case "time", "recordedtime":
		return timestamp()
	case "verified":
		return &jsonschema.Schema{Type: "boolean"}
	}
	return &jsonschema.Schema{Type: "string"}
}

func typeNames() (names []string) {
	for _, row := range schemas.Catalogue() {
		names = append(names, row.Name)
	}
	return names
}

func providerNames() (names []string) {
	for _, p := range normalize.Providers() {
		names = append(names, p.Name)
	}
	return names
}

// aJoin is a sample webhook of a join as it arrives at an endpoint, as an event.
func aJoin(t *testing.T) schemas.Event {
	t.Helper()
	samples := normalize.Samples()
	i := slices.IndexFunc(samples, func(s normalize.Sample) bool { return s.Type == schemas.TypeParticipantJoined })
	return normalized(t, normalize.Webhook{
		Provider: samples[i].Provider,
		Endpoint: samples[i].Provider.Name,
		Verified: true,
		Body:     samples[i].Body,
	})
}

func sealed(t testing.TB, e schemas.Event) []byte {
	t.Helper()
	_, data, err := schemas.Envelope{}.Seal(&e)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
