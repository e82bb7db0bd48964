package schemas_test

import (
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"pgregory.net/rapid"

	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/schemas"
)

// envelopes are the ways in which an event can be written.
var envelopes = map[string]schemas.Envelope{
	"structured": {},
	"binary":     {Binary: true},
	"structured, with a prefix and published schemas": {TypePrefix: "org.example.v2.", SchemaBase: "https://example.org/v2/schemas/"},
	"binary, with a prefix and published schemas":     {Binary: true, TypePrefix: "dyte.", SchemaBase: "https://example.org/v2/schemas"},
}

// read is joined as a subscriber has it: in UTC.
func read() schemas.Event {
	e := joined()
	e.RecordedTime = e.RecordedTime.UTC()
	return e
}

// written are events of every type, as normalize makes them.
func written(t *testing.T) []schemas.Event {
	events := []schemas.Event{read(), dead().Event, normalized(t, unmapped)}
	for _, s := range normalize.Samples() {
		events = append(events, normalized(t, normalize.Webhook{Provider: s.Provider, Endpoint: "dyte", Body: s.Body, Signature: "bD5w+Rn9/w=="}))
	}
	return events
}

func TestDecodeReadsWhatSealWrites(t *testing.T) {
	events := written(t)
	if len(events) < len(schemas.Catalogue()) {
		t.Fatalf("there are only %d events", len(events))
	}
	for name, envelope := range envelopes {
		t.Run(name, func(t *testing.T) {
			seen := map[string]bool{}
			for _, want := range events {
				header, data, err := envelope.Seal(&want)
				if err != nil {
					t.Fatal(err)
				}
				got, err := schemas.Decode(nats.Header(header), data)
				if err != nil {
					t.Fatalf("%s: %v", want.Type, err)
				}
				if !reflect.DeepEqual(got, want) {
					t.Errorf("read %+v\nwant %+v", got, want)
				}
				seen[got.Type] = true
			}
			for _, row := range schemas.Catalogue() {
				if !seen[row.Name] {
					t.Errorf("no %s was read", row.Name)
				}
			}
		})
	}
}

func TestDecodeReadsAnyAttributes(t *testing.T) {
	text := rapid.StringOf(rapid.Rune().Filter(schemas.Writable)).Filter(func(s string) bool { return strings.TrimSpace(s) != "" })
	rapid.Check(t, func(t *rapid.T) {
		want := read()
		want.ID, want.MeetingID, want.Subject, want.Status = text.Draw(t, "id"), text.Draw(t, "meeting"), text.Draw(t, "subject"), text.Draw(t, "status")
		want.Data.Shared().Original = text.Draw(t, "original")
		want.Time = time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "s"), rapid.Int64Range(0, 999999999).Draw(t, "ns")).UTC()
		header, data, err := schemas.Envelope{Binary: rapid.Bool().Draw(t, "binary")}.Seal(&want)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := schemas.Decode(header, data); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("read %+v (%v)\nwant %+v", got, err, want)
		}
	})
}

// asWritten is an event in structured mode as a map, changed by a case.
func asWritten(t *testing.T, change func(map[string]any)) []byte {
	t.Helper()
	_, data, err := schemas.Envelope{}.Seal(new(joined()))
	if err != nil {
		t.Fatal(err)
	}
	members := decode(t, data)
	change(members)
	return marshal(t, members)
}

func set(name string, value any) func(map[string]any) {
	return func(members map[string]any) { members[name] = value }
}

func without(name string) func(map[string]any) {
	return func(members map[string]any) { delete(members, name) }
}

var structured = map[string][]string{"content-type": {"application/cloudevents+json; charset=utf-8"}}

func TestDecodeRefuses(t *testing.T) {
	cases := map[string]struct {
		change func(map[string]any)
		err    error
		text   string
	}{
		"no id":                        {without("id"), schemas.ErrNoCloudEvent, "id"},
		"no source":                    {without("source"), schemas.ErrNoCloudEvent, "source"},
		"an empty type":                {set("type", ""), schemas.ErrNoCloudEvent, "type"},
		"another CloudEvents":          {set("specversion", "2.0"), schemas.ErrNoCloudEvent, "2.0"},
		"an id that is an object":      {set("id", map[string]any{}), nil, "attribute id"},
		"a time that is none":          {set("time", "yesterday"), nil, "attribute time"},
		"a newer schema":               {set("dataschema", "urn:meetbus:schema:v2:meeting.participantJoined"), schemas.ErrNewerVersion, "v2"},
		"a newer schema, published":    {set("dataschema", "https://example.org/v1/s/v12/meeting.participantJoined.json"), schemas.ErrNewerVersion, "v12"},
		"data that is a text":          {set("data", "hello"), nil, "sha256:5f0c"},
		"a participant that is a text": {set("data", map[string]any{"participant": "Ann"}), nil, "participant"},
		"bytes that are no JSON":       {set("data_base64", "bm8="), nil, "sha256:5f0c"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			e, err := schemas.Decode(structured, asWritten(t, c.change))
			if err == nil || !strings.Contains(err.Error(), c.text) || c.err != nil && !errors.Is(err, c.err) {
				t.Errorf("error is %v, want one that speaks of %q and is %v", err, c.text, c.err)
			}
			if !reflect.DeepEqual(e, schemas.Event{}) {
				t.Errorf("event is %+v beside an error", e)
			}
		})
	}
	for name, message := range map[string]struct {
		header map[string][]string
		data   string
	}{
		"no header":     {nil, `{"specversion":"1.0"}`},
		"plain JSON":    {map[string][]string{"content-type": {"application/json"}}, `{"specversion":"1.0"}`},
		"a batch":       {map[string][]string{"content-type": {"application/cloudevents-batch+json"}}, `[]`},
		"a list":        {structured, `[]`},
		"null":          {structured, `null`},
		"half an event": {structured, `{"specversion":"1.0"`},
	} {
		if _, err := schemas.Decode(message.header, []byte(message.data)); !errors.Is(err, schemas.ErrNoCloudEvent) {
			t.Errorf("%s: error is %v", name, err)
		}
	}
}

func TestDecodeReadsWhatIsNewOrForeign(t *testing.T) {
	cases := map[string]struct {
		change   func(map[string]any)
		wantType string
		wantData schemas.Data
	}{
		"an attribute and a member of a later version": {
			func(m map[string]any) { m["later"], m["data"].(map[string]any)["later"] = 1, "new" }, schemas.TypeParticipantJoined, joined().Data,
		},
		"a type of a later version": {
			func(m map[string]any) {
				m["type"], m["dataschema"] = "org.example.meeting.waved", "urn:meetbus:schema:v1:meeting.waved"
			},
			"meeting.waved", &schemas.Unmapped{Common: schemas.Common{Original: `{"event":"meeting.participantJoined"}`}},
		},
		"no dataschema":            {without("dataschema"), schemas.TypeParticipantJoined, joined().Data},
		"a schema of another firm": {set("dataschema", "https://example.org/v3/door.json"), schemas.TypeParticipantJoined, joined().Data},
		"data in base64": {
			func(m map[string]any) {
				m["data_base64"] = []byte(`{"participant":{"id":"p-9"}}`)
				delete(m, "data")
			},
			schemas.TypeParticipantJoined, &schemas.ParticipantJoined{Participant: &schemas.Participant{ID: "p-9"}},
		},
		"no data":               {without("data"), schemas.TypeParticipantJoined, &schemas.ParticipantJoined{}},
		"data that is null":     {set("data", nil), schemas.TypeParticipantJoined, &schemas.ParticipantJoined{}},
		"a member that is null": {set("meetingid", nil), schemas.TypeParticipantJoined, joined().Data},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			e, err := schemas.Decode(structured, asWritten(t, c.change))
			if err != nil {
				t.Fatal(err)
			}
			if e.Type != c.wantType || !reflect.DeepEqual(e.Data, c.wantData) {
				t.Errorf("read type %s, data %+v, want %s and %+v", e.Type, e.Data, c.wantType, c.wantData)
			}
		})
	}
}

// FuzzDecode: whatever is read is whole, and reads the same when it is written again.
func FuzzDecode(f *testing.F) {
	for _, envelope := range envelopes {
		header, data, err := envelope.Seal(new(joined()))
		if err != nil {
			f.Fatal(err)
		}
		text, err := json.Marshal(header)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text), data)
	}
	f.Fuzz(func(t *testing.T, headerText string, data []byte) {
		var header map[string][]string
		if json.Unmarshal([]byte(headerText), &header) != nil {
			return
		}
		before := maps.Clone(header)
		e, err := schemas.Decode(header, data)
		if !reflect.DeepEqual(header, before) {
			t.Errorf("header was changed: %q", header)
		}
		if err != nil {
			if !reflect.DeepEqual(e, schemas.Event{}) {
				t.Errorf("event is %+v beside an error", e)
			}
			return
		}
		if e.ID == "" || e.Source == "" || e.Type == "" || e.Data == nil {
			t.Errorf("half an event was read: %+v", e)
		}
		again, data, err := schemas.Envelope{}.Seal(&e)
		if err != nil {
			return // it has what no CloudEvent may have; a source is written as a URL is
		}
		if same, err := schemas.Decode(again, data); err != nil || same.ID != e.ID || same.Type != e.Type ||
			!same.Time.Equal(e.Time) || reflect.TypeOf(same.Data) != reflect.TypeOf(e.Data) {
			t.Errorf("read again: %+v (%v)\nwas %+v", same, err, e)
		}
	})
}
