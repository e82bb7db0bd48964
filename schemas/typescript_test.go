package schemas_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/invopop/jsonschema"

	"github.com/meetbus/meetbus/schemas"
)

const typesHead = `/**
 * The events of meetbus, version 1 of their schemas. Written from the schemas beside this file by go test ./schemas -update.
 *
 *     import type { MeetbusEvent } from "./meetbus.js";
 *
 *     const event: MeetbusEvent = JSON.parse(text); // or message.json<MeetbusEvent>(), or HTTP.toEvent(…) as MeetbusEvent
 *     if (event.type === "meeting.participantJoined") console.log(event.data.participant?.name);
 *
 * A property, a type of event and a word in a list may be added at any time; nothing is removed or changed in version 1.
 */

/**
 * One event, as a message in structured mode holds it. A switch over its type narrows its data; what is left after all cases
 * is an event that the catalogue does not know, or did not know when this file was written.
 *
 * With cloudevents.type_prefix set to com.example. it is MeetbusEvent<"com.example.">.
 */
export type MeetbusEvent<Prefix extends string = ""> = MeetbusEventOf<keyof MeetbusData | UnmappedType, Prefix>;

/** The event of one type, or of some. The type is given without the prefix: MeetbusEventOf<"meeting.started", "com.example.">. */
export type MeetbusEventOf<
  Type extends keyof MeetbusData | UnmappedType | "meetbus.deadletter",
  Prefix extends string = "",
> = Type extends keyof MeetbusData
  ? MeetbusEnvelope<` + "`${Prefix}${Type}`" + `, MeetbusData[Type]>
  : Type extends "meetbus.deadletter"
    ? MeetbusEnvelope<` + "`${Prefix}${Type}`" + `, DeadLetter>
    : MeetbusEnvelope<` + "`${Prefix}${Type}`" + `, Unmapped>;

/** The type of an event that the catalogue does not know: the provider, and its own name of the event. */
export type UnmappedType = ` + "`${%s}.${string}`" + `;

/** A time in RFC 3339, in UTC, with up to nine digits of a second; Date keeps three of them. */
export type Timestamp = string;
`

// renderTypes writes the schemas as declarations of TypeScript. Data has the names that it has in Go.
func renderTypes(t *testing.T, docs map[string][]byte) []byte {
	t.Helper()
	event, comments := readSchema(t, docs[schemas.SchemaEvent]), readComments(t)
	provider, _ := event.Properties.Get("provider")
	var b strings.Builder
	fmt.Fprintf(&b, typesHead, union(provider.AnyOf[0].Enum))

	b.WriteString("\n/** The types of the catalogue, and the data that events of each have. */\nexport interface MeetbusData {\n")
	data, parts := map[string]*jsonschema.Schema{}, map[string]*jsonschema.Schema{}
	for _, name := range append(typeNames(), schemas.SchemaUnmapped, schemas.TypeDeadLetter) {
		s, of := readSchema(t, docs[name]), reflect.TypeOf(schemas.Of(name)).Elem()
		if schemas.Known(name) {
			fmt.Fprintf(&b, "%s  %q: %s;\n", comment("  ", s.Description), name, of.Name())
		}
		s.Description = comments[fullName(of)]
		data[of.Name()] = s
		for name, def := range s.Definitions {
			if known := parts[name]; known != nil && string(marshal(t, known)) != string(marshal(t, def)) {
				t.Fatalf("two schemas have different definitions of %s", name)
			}
			parts[name] = def
		}
	}
	b.WriteString("}\n\n" + comment("", event.Description))
	b.WriteString("export type MeetbusEnvelope<Type extends string, Data> = {\n") // a CloudEvent of the SDK has an index, which no interface has
	b.WriteString(members(event, map[string]string{"type": "Type", "data": "Data"}) + "};\n")
	for _, group := range []map[string]*jsonschema.Schema{data, parts} {
		for _, name := range slices.Sorted(maps.Keys(group)) {
			fmt.Fprintf(&b, "\n%sexport interface %s {\n%s}\n", comment("", group[name].Description), name, members(group[name], nil))
		}
	}
	return []byte(b.String())
}

func readSchema(t *testing.T, doc []byte) *jsonschema.Schema {
	t.Helper()
	s := new(jsonschema.Schema)
	if err := json.Unmarshal(doc, s); err != nil {
		t.Fatal(err)
	}
	return s
}

// members writes the properties of an object, with the types given instead of their own.
func members(s *jsonschema.Schema, given map[string]string) string {
	var b strings.Builder
	for p := s.Properties.Oldest(); p != nil; p = p.Next() {
		about, mark := p.Value.Description, "?"
		if slices.Contains(s.Required, p.Key) {
			mark = ""
		}
		if p.Value.Type == "integer" {
			about += " JSON.parse rounds what is above Number.MAX_SAFE_INTEGER."
		}
		of := given[p.Key]
		if of == "" {
			of = typeOf(p.Value)
		}
		fmt.Fprintf(&b, "%s  %s%s: %s;\n", comment("  ", about), p.Key, mark, of)
	}
	return b.String()
}

// typeOf returns the type that a value has in TypeScript.
func typeOf(s *jsonschema.Schema) string {
	switch {
	case s.Ref != "":
		return strings.TrimPrefix(s.Ref, "#/$defs/")
	case s.AnyOf != nil:
		return union(s.AnyOf[0].Enum) + " | (string & {})" // string alone would swallow the words, which editors offer
	case s.Const != nil:
		return fmt.Sprintf("%q", s.Const)
	case s.Format == "date-time":
		return "Timestamp"
	}
	switch s.Type {
	case "string", "boolean", "number":
		return s.Type
	case "integer":
		return "number"
	case "array":
		return typeOf(s.Items) + "[]"
	case "object":
		return "{ [name: string]: " + typeOf(s.AdditionalProperties) + " }"
	}
	return "unknown"
}

func union(words []any) string {
	var quoted []string
	for _, word := range words {
		quoted = append(quoted, fmt.Sprintf("%q", word))
	}
	return strings.Join(quoted, " | ")
}

func comment(indent, text string) string {
	return indent + "/** " + strings.ReplaceAll(text, "*/", `*\/`) + " */\n"
}
