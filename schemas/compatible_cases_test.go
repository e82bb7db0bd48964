package schemas_test

import (
	"strings"
	"testing"

	"github.com/meetbus/meetbus/schemas"
)

// open lists of words, as the generator writes them.
const (
	liveList  = `{"anyOf":[{"type":"string","enum":["LIVE","GONE"]},{"type":"string"}]}`
	liveMore  = `{"anyOf":[{"type":"string","enum":["LIVE","IDLE","GONE"]},{"type":"string"}]}`
	liveFewer = `{"anyOf":[{"type":"string","enum":["LIVE"]},{"type":"string"}]}`
)

// TestComparison has a case for each kind of change. The schemas are those of a property p; what is wanted is a part of what is
// reported, or nothing.
func TestComparison(t *testing.T) {
	for _, tt := range []struct{ name, old, new, want string }{
		{"nothing", `{"type":"string"}`, `{"type":"string"}`, ""},
		{"a description", `{"type":"string","description":"A.","title":"a"}`, `{"type":"string","description":"B.","examples":["x"]}`, ""},
		{"deprecation", `{"type":"string"}`, `{"type":"string","deprecated":true}`, ""},

		{"another type", `{"type":"string"}`, `{"type":"boolean"}`, `#/p: it was ["string"] and may be boolean`},
		{"a second type", `{"type":"string"}`, `{"type":["string","null"]}`, "may be null"},
		{"one type of two", `{"type":["string","null"]}`, `{"type":"string"}`, ""},
		{"no type", `{"type":"string"}`, `{}`, "may be anything"},
		{"a type where none was", `{}`, `{"type":"object"}`, ""},
		{"a fraction", `{"type":"integer"}`, `{"type":"number"}`, "may be number"},
		{"no fraction", `{"type":"number"}`, `{"type":"integer"}`, ""},
		{"true", `true`, `{"type":"integer"}`, ""},
		{"true now", `{"type":"integer"}`, `true`, "may be anything"},

		{"no format", `{"type":"string","format":"date-time"}`, `{"type":"string"}`, "format was date-time"},
		{"another format", `{"type":"string","format":"date-time"}`, `{"type":"string","format":"date"}`, "format was date-time and is date"},
		{"a format", `{"type":"string"}`, `{"type":"string","format":"date-time"}`, ""},
		{"base64", `{"type":"string"}`, `{"type":"string","contentEncoding":"base64"}`, "contentEncoding was <nil> and is base64"},
		{"no base64", `{"type":"string","contentEncoding":"base64"}`, `{"type":"string"}`, "contentEncoding was base64"},
		{"a media type", `{"type":"string"}`, `{"type":"string","contentMediaType":"application/json"}`, ""},
		{"no media type", `{"type":"string","contentMediaType":"application/json"}`, `{"type":"string"}`, "contentMediaType was"},

		{"a new word", liveList, liveMore, ""},
		{"no word", liveList, liveFewer, "the word GONE has vanished"},
		{"no list", liveList, `{"type":"string"}`, "the word LIVE has vanished"},
		{"a list where none was", `{"type":"string"}`, liveList, ""},
		{"a list that closes", liveList, `{"type":"string","enum":["LIVE","GONE"]}`, ""},
		{"a list that opens", `{"type":"string","enum":["LIVE","GONE"]}`, liveList, "may be another"},
		{"a new word in a closed list", `{"enum":["LIVE"]}`, `{"enum":["LIVE","IDLE"]}`, "the word IDLE is new in a closed list"},
		{"no word in a closed list", `{"enum":["LIVE","IDLE"]}`, `{"enum":["LIVE"]}`, "the word IDLE has vanished"},
		{"another constant", `{"const":"1.0"}`, `{"const":"2.0"}`, "the word 1.0 has vanished"},
		{"no constant", `{"type":"string","const":"1.0"}`, `{"type":"string"}`, "may be another"},
		{"a list of something else", liveList, `{"type":"integer"}`, `may be integer`},
		{"something else as a list", `{"type":"integer"}`, liveList, `may be string`},
		{"other alternatives", liveList, `{"anyOf":[{"type":"string"},{"type":"integer"}]}`, "may be anything"},
		{"alternatives that are none of ours", `{"anyOf":[{"type":"null"},{"type":"string"}]}`, `{"anyOf":[{"type":"null"}]}`, "does not know"},

		{"a new property", `{"properties":{"a":{}}}`, `{"properties":{"a":{},"b":{"type":"string"}}}`, ""},
		{"a property less", `{"properties":{"a":{},"b":{}}}`, `{"properties":{"a":{}}}`, "#/p: b has vanished"},
		{"no property", `{"properties":{"a":{}}}`, `{}`, "a has vanished"},
		{"a property inside", `{"properties":{"a":{"type":"string"}}}`, `{"properties":{"a":{"type":"integer"}}}`, "#/p/a: it was"},
		{"optional", `{"required":["a","b"]}`, `{"required":["a"]}`, "b was always there and may be absent"},
		{"all optional", `{"required":["a"]}`, `{}`, "a was always there"},
		{"required", `{"required":["a"]}`, `{"required":["b","a"]}`, ""},
		{"new and required", `{"properties":{}}`, `{"properties":{"a":{}},"required":["a"]}`, ""},

		{"elements of another type", `{"items":{"type":"string"}}`, `{"items":{"type":"object"}}`, "#/p/items: it was"},
		{"elements of any type", `{"items":{"type":"string"}}`, `{}`, "#/p/items: it was"},
		{"elements of a type", `{"type":"array"}`, `{"type":"array","items":{"type":"string"}}`, ""},
		{"a property less in elements", `{"items":{"properties":{"a":{}}}}`, `{"items":{"properties":{}}}`, "#/p/items: a has vanished"},
		{"other members of another type", `{"additionalProperties":{"type":"string"}}`, `{"additionalProperties":{"type":"object"}}`, "#/p/*: it was"},
		{"other members of any type", `{"additionalProperties":{"type":"string"}}`, `{}`, "#/p/*: it was"},
		{"other members where there were none", `{"additionalProperties":false}`, `{}`, "there was no other member"},
		{"no other members", `{"additionalProperties":{"type":"string"}}`, `{"additionalProperties":false}`, ""},
		{"a new property that is as all others were", `{"additionalProperties":{"type":"string"}}`,
			`{"additionalProperties":{"type":"string"},"properties":{"a":{"type":"string"}}}`, ""},
		{"a new property unlike all others", `{"additionalProperties":{"type":"string"}}`,
			`{"additionalProperties":{"type":"string"},"properties":{"a":{"type":"integer"}}}`, "#/p/a: it was"},
		{"a new property where there was no other", `{"additionalProperties":false}`,
			`{"additionalProperties":false,"properties":{"a":{}}}`, "#/p/a: there was no other member"},

		{"another definition", `{"$ref":"#/$defs/A"}`, `{"$ref":"#/$defs/B"}`, ""},
		{"a definition of another type", `{"$ref":"#/$defs/A"}`, `{"$ref":"#/$defs/C"}`, "#/p/x: it was"},
		{"in place", `{"$ref":"#/$defs/A"}`, `{"properties":{"x":{"type":"string"}}}`, ""},
		{"a definition that is not there", `{"$ref":"#/$defs/A"}`, `{"$ref":"#/$defs/Z"}`, "x has vanished"},

		{"a keyword that nobody knows", `{"type":"string"}`, `{"type":"string","pattern":"^a"}`, "pattern was <nil> and is ^a, and the comparison"},
		{"the same keyword", `{"type":"string","pattern":"^a"}`, `{"type":"string","pattern":"^a"}`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) { checkBreaks(t, incompatibilities(around(t, tt.old), around(t, tt.new)), tt.want) })
	}
}

// around returns a schema with the property p.
func around(t *testing.T, p string) schema {
	t.Helper()
	return parseSchema(t, []byte(`{"$id":"urn:x","properties":{"p":`+p+`},"$defs":{
		"A":{"properties":{"x":{"type":"string"}}}, "B":{"$ref":"#/$defs/A"}, "C":{"properties":{"x":{"type":"integer"}}}}}`))
}

func checkBreaks(t *testing.T, breaks []string, want string) {
	t.Helper()
	got := strings.Join(breaks, "\n")
	if want == "" && got != "" || !strings.Contains(got, want) {
		t.Errorf("reported is %q, want %q", got, want)
	}
}

// TestComparisonOfFiles: changes of a whole file, made to real ones.
func TestComparisonOfFiles(t *testing.T) {
	recordings, types := "v1/recording.statusUpdate.json", "v1/meetbus.d.ts"
	for _, tt := range []struct{ name, file, old, new, want string }{
		{"nothing", recordings, "", "", ""},
		{"another id", recordings, "urn:meetbus:schema:v1", "urn:meetbus:schema:v2", "$id was urn:meetbus:schema:v1:recording.statusUpdate"},
		{"another dialect", recordings, "2020-12", "2019-09", "$schema was"},
		{"another title", recordings, `"title": "recording.statusUpdate"`, `"title": "RecordingUpdate"`, ""},
		{"another name of a definition", recordings, "#/$defs/Recording\"", "#/$defs/Recordings\"", "recording: fileSize has vanished"},
		{"another name of a field", recordings, `"fileSize": {`, `"size": {`, "#/recording: fileSize has vanished"},
		{"another type of a field", recordings, `"type": "integer"`, `"type": "string"`, "#/recording/fileSize: it was"},
		{"another word", recordings, `"PAUSED",`, `"HALTED",`, "#/recording/status: the word PAUSED has vanished"},
		{"a new word", recordings, `"PAUSED",`, `"PAUSED", "HALTED",`, ""},
		{"optional", "v1/meetbus.deadletter.json", `"endpoint",`, ``, "endpoint was always there"},
		{"a type of event that is said no more", "v1/meetbus.event.json", `"call.summary",`, ``, "#/type: the word call.summary has vanished"},
		{"a type of TypeScript", types, "export interface Recording ", "export interface Record ", "Recording has vanished"},
		{"a new type of TypeScript", types, "export interface Recording ", "export interface Record {}\nexport interface Recording ", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			then := readAll(t, schemas.Files())[tt.file]
			if !strings.Contains(string(then), tt.old) {
				t.Fatalf("%s has no %s", tt.file, tt.old)
			}
			checkBreaks(t, broken(t, tt.file, then, []byte(strings.ReplaceAll(string(then), tt.old, tt.new))), tt.want)
		})
	}
	checkBreaks(t, broken(t, recordings, []byte(`{}`), nil), "it has vanished")
}
