package schemas_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/schemas"
)

// property is what the tests look at in the schema of one.
type property struct {
	Description string
	AnyOf       []struct {
		Type string
		Enum []string
	}
}

// properties returns the properties of a schema and of its definitions, as definition.property.
func properties(t *testing.T, name string) map[string]property {
	t.Helper()
	type object struct{ Properties map[string]property }
	var doc struct {
		object
		Defs map[string]object `json:"$defs"`
	}
	raw, _ := schemas.Schema(name)
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	all := make(map[string]property)
	for name, p := range doc.Properties {
		all["."+name] = p
	}
	for def, o := range doc.Defs {
		for name, p := range o.Properties {
			all[def+"."+name] = p
		}
	}
	return all
}

// TestOpenListsAreOpen: a property whose comment lists words has the words, and takes every other.
func TestOpenListsAreOpen(t *testing.T) {
	lists := 0
	everySchema(t, func(t *testing.T, name string, _ []byte) {
		for where, p := range properties(t, name) {
			if !strings.Contains(p.Description, "newer word") && p.AnyOf == nil {
				continue
			}
			lists++
			if len(p.AnyOf) != 2 || len(p.AnyOf[0].Enum) < 2 || p.AnyOf[0].Type != "string" || p.AnyOf[1].Type != "string" || p.AnyOf[1].Enum != nil {
				t.Errorf("%s is %+v, no open list", where, p)
			}
		}
	})
	if lists == 0 {
		t.Error("no schema has a list")
	}
}

// TestListsKnowTheWordsOfTheSamples: what samples say is listed.
func TestListsKnowTheWordsOfTheSamples(t *testing.T) {
	statusOf := map[reflect.Type]string{
		reflect.TypeFor[*schemas.RecordingUpdate]():            "Recording.status",
		reflect.TypeFor[*schemas.ParticipantRecordingUpdate](): "Recording.status",
		reflect.TypeFor[*schemas.LivestreamUpdate]():           "Livestream.status",
		reflect.TypeFor[*schemas.HLSUpdate]():                  "HLS.status",
		reflect.TypeFor[*schemas.TranscriptionUpdate]():        "Transcription.status",
		reflect.TypeFor[*schemas.AgentUpdate]():                "Agent.status",
	}
	check := func(name, where, word string) {
		t.Helper()
		if list := properties(t, name)[where].AnyOf; word != "" && (len(list) == 0 || !slices.Contains(list[0].Enum, word)) {
			t.Errorf("%s: %s does not list %s", name, where, word)
		}
	}
	for _, s := range normalize.Samples() {
		e := normalized(t, normalize.Webhook{Provider: s.Provider, Body: s.Body})
		if schemas.HasStatus(e.Type) {
			check(e.Type, statusOf[reflect.TypeOf(e.Data)], e.Status)
		}
		switch d := e.Data.(type) {
		case *schemas.ParticipantRecordingUpdate:
			check(e.Type, "Recording.kind", d.Recording.Kind)
		case *schemas.AgentUpdate:
			check(e.Type, "Agent.kind", d.Agent.Kind)
		}
		check(schemas.SchemaEvent, ".type", e.Type)
		check(schemas.SchemaEvent, ".provider", e.Provider)
	}
	for _, reason := range normalize.Reasons() {
		check(schemas.TypeDeadLetter, ".reason", reason)
	}
}
