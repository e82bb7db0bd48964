package schemas_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/meetbus/meetbus/schemas"
)

var update = flag.Bool("update", false, "write the schemas to v1/")

func TestSchemaFilesFollowTheStructs(t *testing.T) {
	docs := generate(t, examples(t))
	want := map[string][]byte{"v1/meetbus.d.ts": renderTypes(t, docs)}
	for name, doc := range docs {
		want["v1/"+name+".json"] = doc
	}
	if *update {
		writeFiles(t, want)
		return
	}
	names, err := fs.Glob(schemas.Files(), "v1/*")
	if err != nil {
		t.Fatal(err)
	}
	onDisk, err := fs.Glob(os.DirFS("."), "v1/*") // also what the binary would not embed
	if err != nil {
		t.Fatal(err)
	}
	wanted := slices.Sorted(maps.Keys(want))
	if !slices.Equal(names, wanted) || !slices.Equal(onDisk, wanted) {
		t.Errorf("the binary has %q, the folder %q, want %q: run go test ./schemas -update", names, onDisk, wanted)
	}
	for name, doc := range want {
		if got, _ := fs.ReadFile(schemas.Files(), name); !bytes.Equal(got, doc) {
			t.Errorf("%s is not what the structs say: run go test ./schemas -update", name)
		}
	}
}

func writeFiles(t *testing.T, want map[string][]byte) {
	t.Helper()
	for name, doc := range want {
		if err := os.WriteFile(name, doc, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	present, err := os.ReadDir("v1")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range present {
		if name := path.Join("v1", f.Name()); want[name] == nil {
			if err := os.Remove(name); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestSchemaFindsOnlyTypes(t *testing.T) {
	for _, tt := range []struct {
		name  string
		found bool
	}{
		{schemas.TypeMeetingStarted, true},
		{schemas.TypeDeadLetter, true},
		{schemas.SchemaUnmapped, true},
		{schemas.SchemaEvent, true},
		{"meeting.Started", false},
		{"dyte.brandNew", false},
		{"", false},
		{"../v1/meeting.started", false},
		{"a/../meeting.started", false},
		{"meeting.started.json", false},
	} {
		doc, found := schemas.Schema(tt.name)
		if found != tt.found || json.Valid(doc) != tt.found {
			t.Errorf("Schema(%q) is %.30q, %t, want %t", tt.name, doc, found, tt.found)
		}
	}
}

func TestSchemaIsTheCallersOwn(t *testing.T) {
	one, _ := schemas.Schema(schemas.TypeMeetingStarted)
	want := bytes.Clone(one)
	clear(one)
	if again, _ := schemas.Schema(schemas.TypeMeetingStarted); !bytes.Equal(again, want) {
		t.Error("what one caller writes, the next one reads")
	}
}

// everySchema calls f with each generated schema.
func everySchema(t *testing.T, f func(t *testing.T, name string, doc []byte)) {
	t.Helper()
	for name, doc := range generate(t, examples(t)) {
		t.Run(name, func(t *testing.T) { f(t, name, doc) })
	}
}

func TestEverySchemaSaysWhatItIs(t *testing.T) {
	everySchema(t, func(t *testing.T, name string, raw []byte) {
		doc := decode(t, raw)
		for key, want := range map[string]string{
			"$schema": "https://json-schema.org/draft/2020-12/schema",
			"$id":     "urn:meetbus:schema:v1:" + name,
			"title":   name,
			"type":    "object",
		} {
			if doc[key] != want {
				t.Errorf("%s is %v, want %s", key, doc[key], want)
			}
		}
		checkDescriptions(t, "#", doc)
	})
}

// checkDescriptions finds properties and definitions that say nothing of themselves.
func checkDescriptions(t *testing.T, where string, schema map[string]any) {
	t.Helper()
	text, _ := schema["description"].(string)
	if !strings.HasSuffix(text, ".") && !strings.HasSuffix(text, "…") {
		t.Errorf("%s: the description %q is no sentence", where, text)
	}
	for _, key := range []string{"properties", "$defs"} {
		children, _ := schema[key].(map[string]any)
		for name, child := range children {
			checkDescriptions(t, where+"/"+key+"/"+name, child.(map[string]any))
		}
	}
}

func compile(t testing.TB, name string, doc []byte) *jsonschema.Schema {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(doc))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat() // some validators of subscribers take formats and contents for promises, too
	c.AssertContent()
	if err := c.AddResource(name, v); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func validate(t testing.TB, s *jsonschema.Schema, data []byte) error {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(v)
}

func TestExamplesAreValidAndComplete(t *testing.T) {
	everySchema(t, func(t *testing.T, name string, raw []byte) {
		s := compile(t, name, raw)
		var doc struct {
			Properties map[string]any
			Examples   []json.RawMessage
		}
		if err := json.Unmarshal(raw, &doc); err != nil {
			t.Fatal(err)
		}
		if n := len(doc.Examples); n < 1 || n > 2 {
			t.Errorf("there are %d examples, want one or two", n)
		}
		for _, example := range doc.Examples {
			if err := validate(t, s, example); err != nil {
				t.Errorf("%v in %s", err, example)
			}
			if name == schemas.SchemaEvent {
				for member := range decode(t, example) {
					if doc.Properties[member] == nil {
						t.Errorf("%s is not described in %s", member, example)
					}
				}
				continue
			}
			d := json.NewDecoder(bytes.NewReader(example))
			d.DisallowUnknownFields()
			if err := d.Decode(schemas.Of(name)); err != nil {
				t.Errorf("%v in %s", err, example)
			}
		}
	})
}

func TestSchemaBinds(t *testing.T) {
	for _, tt := range []struct {
		name, typ, data string
		valid           bool
	}{
		{"nothing", schemas.TypeMeetingStarted, `{}`, true},
		{"no object", schemas.TypeMeetingStarted, `[]`, false},
		{"a newer property", schemas.TypeMeetingStarted, `{"new":1,"meeting":{"new":{}}}`, true},
		{"id is a number", schemas.TypeMeetingStarted, `{"meeting":{"id":1}}`, false},
		{"null", schemas.TypeMeetingStarted, `{"meeting":null}`, false},
		{"microseconds", schemas.TypeMeetingStarted, `{"meeting":{"startedAt":"2026-06-03T10:05:00.903816Z"}}`, true},
		{"no zone", schemas.TypeMeetingStarted, `{"meeting":{"startedAt":"2026-06-03T10:05:00"}}`, false},
		{"minute 60", schemas.TypeMeetingStarted, `{"meeting":{"startedAt":"2026-06-03T15:60:35Z"}}`, false},
		{"original as JSON", schemas.TypeMeetingStarted, `{"original":{}}`, false},
		{"any error", schemas.TypeMeetingEnded, `{"error":[{"code":1}]}`, true},
		{"a newer status", schemas.TypeRecordingUpdate, `{"recording":{"status":"TRANSMOGRIFIED"}}`, true},
		{"an empty status", schemas.TypeRecordingUpdate, `{"recording":{"status":""}}`, true},
		{"status is a number", schemas.TypeRecordingUpdate, `{"recording":{"status":7}}`, false},
		{"a newer reason", schemas.TypeDeadLetter, `{"reason":"odd","endpoint":"dyte","body":"","receivedAt":"2026-06-03T10:05:00Z"}`, true},
		{"a body in no base64", schemas.TypeDeadLetter, `{"reason":"odd","endpoint":"dyte","body":"{}","receivedAt":"2026-06-03T10:05:00Z"}`, false},
		{"60 digits", schemas.TypeRecordingUpdate, `{"recording":{"fileSize":` + strings.Repeat("9", 60) + `}}`, true},
		{"a fraction of a byte", schemas.TypeRecordingUpdate, `{"recording":{"fileSize":123.45}}`, false},
		{"size in a string", schemas.TypeRecordingUpdate, `{"recording":{"fileSize":"1"}}`, false},
		{"a fraction of a second", schemas.TypeRecordingUpdate, `{"recording":{"duration":123.45}}`, true},
		{"odd URL", schemas.TypeRecordingUpdate, `{"recording":{"downloadUrl":"not a url % ?<>"}}`, true},
		{"files", schemas.TypeTrackRecordingUpdate, `{"recording":{"files":[{"path":"a"}]}}`, true},
		{"files of strings", schemas.TypeTrackRecordingUpdate, `{"recording":{"files":["a"]}}`, false},
		{"ingest", schemas.TypeLivestreamUpdate, `{"livestream":{"manualIngest":false}}`, true},
		{"ingest in a string", schemas.TypeLivestreamUpdate, `{"livestream":{"manualIngest":"false"}}`, false},
		{"dead letter", schemas.TypeDeadLetter,
			`{"reason":"no_event","endpoint":"dyte","body":"e30=","receivedAt":"2026-06-03T10:05:00Z","headers":{"a":[]}}`, true},
		{"dead letter of nothing", schemas.TypeDeadLetter, `{}`, false},
		{"unmapped", schemas.SchemaUnmapped, `{"original":"{}"}`, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			doc, found := schemas.Schema(tt.typ)
			if !found {
				t.Fatalf("no schema of %s", tt.typ)
			}
			if err := validate(t, compile(t, tt.typ, doc), []byte(tt.data)); (err == nil) != tt.valid {
				t.Errorf("error is %v for %s", err, tt.data)
			}
		})
	}
}
