package schemas_test

import (
	"encoding/json"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/invopop/jsonschema"

	"github.com/meetbus/meetbus/schemas"
)

// document is one published schema, with its members in the order in which people read.
type document struct {
	Version     string          `json:"$schema"`
	ID          string          `json:"$id"`
	Title       string          `json:"title"`
	Description string          `json:"description"`
	Comment     string          `json:"$comment"`
	Type        string          `json:"type"`
	Properties  json.RawMessage `json:"properties"`
	Required    []string        `json:"required,omitempty"`
	Examples    []schemas.Data  `json:"examples,omitempty"`
	Defs        json.RawMessage `json:"$defs,omitempty"`
}

// generate writes every schema from the structs, their comments and the examples given, by type.
func generate(t *testing.T, examples map[string][]schemas.Data) map[string][]byte {
	t.Helper()
	comments := readComments(t)
	docs := make(map[string][]byte)
	for _, row := range schemas.Catalogue() {
		docs[row.Name] = render(t, comments, row.Name, row.About, examples[row.Name])
	}
	for _, name := range []string{schemas.SchemaUnmapped, schemas.TypeDeadLetter} {
		about := comments[fullName(reflect.TypeOf(schemas.Of(name)).Elem())]
		docs[name] = render(t, comments, name, about, examples[name])
	}
	return docs
}

func fullName(t reflect.Type) string { return t.PkgPath() + "." + t.Name() }

func readComments(t *testing.T) map[string]string {
	t.Helper()
	var r jsonschema.Reflector
	if err := r.AddGoComments(reflect.TypeFor[schemas.Common]().PkgPath(), ".", jsonschema.WithFullComment()); err != nil {
		t.Fatal(err)
	}
	for key, text := range r.CommentMap {
		r.CommentMap[key] = strings.ReplaceAll(text, "\n", " ")
	}
	return r.CommentMap
}

func render(t *testing.T, comments map[string]string, name, about string, examples []schemas.Data) []byte {
	t.Helper()
	r := jsonschema.Reflector{
		AllowAdditionalProperties: true, // a new field is no new version
		Anonymous:                 true,
		ExpandedStruct:            true,
		CommentMap:                comments,
		Mapper:                    mapType,
	}
	s := r.Reflect(schemas.Of(name))
	for _, def := range s.Definitions {
		nameWords(def)
	}
	raw, err := json.Marshal(document{
		Version:     s.Version,
		ID:          "urn:meetbus:schema:v1:" + name,
		Title:       name,
		Description: about,
		Comment:     "The data of the CloudEvent. Written from the Go structs by go test ./schemas -update.",
		Type:        s.Type,
		Properties:  marshal(t, s.Properties),
		Required:    s.Required,
		Examples:    examples,
		Defs:        marshal(t, s.Definitions),
	})
	if err != nil {
		t.Fatal(err)
	}
	v := jsontext.Value(raw)
	if err := v.Format(jsontext.WithIndent("  "), jsontext.EscapeForHTML(false), jsontext.PreserveRawStrings(false)); err != nil {
		t.Fatal(err)
	}
	return append(v, '\n')
}

func marshal(t *testing.T, v any) json.RawMessage {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if string(b) == "{}" {
		return nil
	}
	return b
}

// mapType says what is in JSON not what its Go kind suggests.
func mapType(t reflect.Type) *jsonschema.Schema {
	switch t {
	case reflect.TypeFor[schemas.Timestamp]():
		return &jsonschema.Schema{Type: "string", Format: "date-time"}
	case reflect.TypeFor[json.Number]():
		return &jsonschema.Schema{Type: "number"}
	}
	return nil
}

var openWords = regexp.MustCompile(`((?:\w+, )+)or a newer word of the provider\.$`)

// nameWords makes the known words of an open list, which its comment names, the examples of the property.
func nameWords(def *jsonschema.Schema) {
	for p := def.Properties.Oldest(); p != nil; p = p.Next() {
		m := openWords.FindStringSubmatch(p.Value.Description)
		if m == nil {
			continue
		}
		for word := range strings.SplitSeq(strings.TrimSuffix(m[1], ", "), ", ") {
			p.Value.Examples = append(p.Value.Examples, word)
		}
	}
}
