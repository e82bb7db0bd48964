package schemas_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/schemas"
)

// FuzzWhateverIsTakenIsValid: what a provider signs becomes an event or a dead letter that the CloudEvents SDK reads, and that no
// subscriber's validator refuses, also one that takes formats and contents for promises.
func FuzzWhateverIsTakenIsValid(f *testing.F) {
	for _, s := range normalize.Samples() {
		f.Add(s.Provider.Name, s.Body, "591edf0b")
	}
	for _, body := range []string{
		`{`, "\xff", `{"event":""}`, `{"event":"meeting.ended","meeting":{"status":"GONE"},"error":{"a":[1e999]},"reason":7}`,
		`{"event":"recording.statusUpdate","recording":{"status":"NEW","fileSize":` + strings.Repeat("9", 60) + `,"recordingDuration":1e99,` +
			`"downloadUrl":"%zz not a \u0000 url","startedTime":"0001-01-01 00:00:00Z","stoppedTime":"2026-02-30T00:00:00Z"}}`,
		`{"event":"meeting.participantLeft","participant":{"userDisplayName":"\ud83d","leftAt":"2026-05-04T23:59:60Z"}}`,
		`{"event":"meeting.started","deep":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}`,
		`{"event":"meeting.ended","error":{"a":{"b":1e400},"c":{"x":1}}}`,
		`{"event":"meeting.ended","error":` + strings.Repeat("1", 5000) + `}`, `{"event":"meeting.ended","error":[` + strings.Repeat(`{"":0},`, 5000) + `0]}`,
		`{"event":" dance \u0007","a":1,"a":2}`, `{"event":"recording.statusUpdate","recording":{"recordingDuration":1e999999999}}`,
	} {
		f.Add("dyte", []byte(body), "")
	}
	f.Fuzz(func(t *testing.T, provider string, body []byte, delivery string) {
		p, found := normalize.Lookup(provider)
		if !found {
			return
		}
		w := normalize.Webhook{Provider: p, Endpoint: "main", Body: body, Received: arrival, Header: http.Header{"Dyte-Uuid": {delivery}}}
		e, err := normalize.Normalize(&w)
		if err != nil {
			e = normalize.DeadLetter(&w, "", normalize.ReasonNoEvent, err.Error())
		}
		text := sealed(t, e.Event)
		checkValid(t, text)
		var read event.Event
		if err := json.Unmarshal(text, &read); err != nil {
			t.Errorf("the SDK does not read %s: %v", text, err)
		}
		var data any
		if err := read.DataAs(&data); err != nil {
			t.Errorf("the SDK does not read the data of %s: %v", text, err)
		}
	})
}

// compiled are the schemas that a fuzzing has met.
var compiled = make(map[string]*jsonschema.Schema)

// checkValid validates a whole event, and its data with the schema that it names.
func checkValid(t testing.TB, event []byte) {
	t.Helper()
	var e struct {
		DataSchema string
		Data       json.RawMessage
	}
	if err := json.Unmarshal(event, &e); err != nil {
		t.Fatal(err)
	}
	name, _ := strings.CutPrefix(e.DataSchema, urn(""))
	for name, document := range map[string][]byte{schemas.SchemaEvent: event, name: e.Data} {
		s := compiled[name]
		if s == nil {
			doc, _ := schemas.Schema(name)
			s = compile(t, name, doc)
			compiled[name] = s
		}
		if err := validate(t, s, document); err != nil {
			t.Errorf("%v in %s", err, document)
		}
	}
}

// TestEventSchemaHasEveryAttribute: an event with all attributes has no member that the schema does not describe, and the least of
// events has all that it requires.
func TestEventSchemaHasEveryAttribute(t *testing.T) {
	raw, _ := schemas.Schema(schemas.SchemaEvent)
	var doc struct {
		Properties map[string]any
		Required   []string
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	full := joined()
	full.Signature, full.TraceParent, full.TraceState = "c2ln", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "a=b"
	full.ReplayOf = "sha256:0af7"
	got := slices.Sorted(maps.Keys(decode(t, sealed(t, full))))
	if want := slices.Sorted(maps.Keys(doc.Properties)); !slices.Equal(got, want) {
		t.Errorf("an event has %q, the schema describes %q", got, want)
	}
	least := normalized(t, normalize.Webhook{Provider: normalize.VideoSDK, Endpoint: "videosdk", Body: []byte(`{"webhookType":"call-started"}`)})
	for member := range decode(t, sealed(t, least)) {
		if !slices.Contains(doc.Required, member) && member != "providertype" {
			t.Errorf("%s is always there, and the schema does not say so", member)
		}
	}
}

// TestEventSchemaTakesEverySetting: of the envelope, and attributes of others.
func TestEventSchemaTakesEverySetting(t *testing.T) {
	raw, _ := schemas.Schema(schemas.SchemaEvent)
	s := compile(t, schemas.SchemaEvent, raw)
	_, data, err := schemas.Envelope{TypePrefix: "com.example.", SchemaBase: "https://example.com/schemas"}.Seal(new(aJoin(t)))
	if err != nil {
		t.Fatal(err)
	}
	event := decode(t, data)
	event["replica"] = "b"
	event["provider"] = "newer"
	for _, tt := range []struct {
		name   string
		change func(map[string]any)
		valid  bool
	}{
		{"as it is", func(map[string]any) {}, true},
		{"another version", func(e map[string]any) { e["specversion"] = "2.0" }, false},
		{"no data", func(e map[string]any) { delete(e, "data") }, false},
		{"no digest", func(e map[string]any) { delete(e, "digest") }, false},
		{"no meeting", func(e map[string]any) { delete(e, "meetingid") }, true},
		{"verified in a string", func(e map[string]any) { e["verified"] = "true" }, false},
		{"no time", func(e map[string]any) { e["time"] = "yesterday" }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := maps.Clone(event)
			tt.change(e)
			if err := s.Validate(e); (err == nil) != tt.valid {
				t.Errorf("error is %v", err)
			}
		})
	}
}
