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
	Examples    any             `json:"examples,omitempty"`
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
	docs[schemas.SchemaEvent] = renderEvent(t)
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
	openWords(s)
	for _, def := range s.Definitions {
		openWords(def)
	}
	return write(t, document{
		ID:          urn(name),
		Title:       name,
		Description: about,
		Comment:     "The data of the CloudEvent. " + byWhom,
		Type:        s.Type,
		Properties:  marshal(t, s.Properties),
		Required:    s.Required,
		Examples:    examples,
		Defs:        marshal(t, s.Definitions),
	})
}

const byWhom = "Written from the Go structs by go test ./schemas -update."

func urn(name string) string { return "urn:meetbus:schema:v1:" + name }

func write(t *testing.T, d document) []byte {
	t.Helper()
	d.Version = jsonschema.Version
	v := jsontext.Value(marshal(t, d))
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
		return timestamp()
	case reflect.TypeFor[json.Number]():
		return &jsonschema.Schema{Type: "number"}
	}
	return nil
}

func timestamp() *jsonschema.Schema { return &jsonschema.Schema{Type: "string", Format: "date-time"} }

var (
	listOfWords = regexp.MustCompile(`((?:[\w-]+(?: \([^)]*\))?, )+)or a newer word(?: of the provider)?\.$`)
	listedWord  = regexp.MustCompile(`([\w-]+)(?: \([^)]*\))?, `)
)

// openWords makes an open list of the words that the comment of a property lists.
func openWords(s *jsonschema.Schema) {
	for p := s.Properties.Oldest(); p != nil; p = p.Next() {
		m := listOfWords.FindStringSubmatch(p.Value.Description)
		if m == nil {
			continue
		}
		var words []string
		for _, word := range listedWord.FindAllStringSubmatch(m[1], -1) {
			words = append(words, word[1])
		}
		list := openList(words)
		list.Description = p.Value.Description
		p.Value = list
	}
}

// openList is a string, and these words are known. Generators of code read the two alternatives as a list that stays open, or as a
// string; no validator refuses a word that is not listed.
func openList(words []string) *jsonschema.Schema {
	known := &jsonschema.Schema{Type: "string"}
	for _, word := range words {
		known.Enum = append(known.Enum, word)
	}
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{known, {Type: "string"}}}
}
