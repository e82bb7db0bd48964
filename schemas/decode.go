package schemas

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/cloudevents/sdk-go/v2/event"
)

// ErrNewerVersion comes for an event whose data has a version of the schemas that this package does not know. An update of
// meetbus/schemas reads it.
var ErrNewerVersion = errors.New("event is of a newer version of the schemas")

// Decode reads an event from the header and the data of a message, in either content mode; a nats.Header can be given as it is.
// The attributes are decoded, times are in UTC, and Type is without Envelope.TypePrefix. Data is never nil: it is a pointer to the struct of the
// type's row in the catalogue, *DeadLetter, or, where this package does not know the type, *Unmapped. So
//
//	switch d := e.Data.(type) {
//	case *schemas.ParticipantJoined:
//
// is how a subscriber looks at it. What a later minor version adds to the data is left out, and is not an error.
//
// The error is ErrNoCloudEvent for what is none, ErrNewerVersion for an event of another major version, and otherwise says what of
// the event cannot be read. None of them will go away if the message comes again.
func Decode(header map[string][]string, data []byte) (Event, error) {
	whole, err := Structured(header, data)
	if err != nil {
		return Event{}, err
	}
	members := make(map[string]json.RawMessage, len(attributes)+1)
	if err := json.Unmarshal(whole, &members); err != nil {
		return Event{}, fmt.Errorf("%w: %w", ErrNoCloudEvent, err)
	}
	return decode(members)
}

// decode reads an event from its members in JSON.
func decode(members map[string]json.RawMessage) (e Event, err error) {
	values := make(map[string]string, len(attributes))
	for _, a := range attributes {
		if values[a.Name], err = attributeText(members[a.Name]); err != nil {
			return Event{}, fmt.Errorf("read attribute %s: %w", a.Name, err)
		}
	}
	if err := wanted(values); err != nil {
		return Event{}, err
	}
	for _, a := range attributes {
		if value := values[a.Name]; value != "" && a.read != nil {
			if err := a.read(&e, value); err != nil {
				return Event{}, fmt.Errorf("read attribute %s: %w", a.Name, err)
			}
		}
	}
	var schema string
	if e.Type, schema, err = typeNamed(values); err != nil {
		return Event{}, err
	}
	if e.Data, err = dataOf(schema, members); err != nil {
		return Event{}, fmt.Errorf("read the data of event %q, type %s: %w", e.ID, e.Type, err)
	}
	return e, nil
}

// wanted refuses what lacks an attribute that every CloudEvent has, or is of another version of CloudEvents.
func wanted(values map[string]string) error {
	for _, name := range []string{"specversion", "id", "source", "type"} {
		if values[name] == "" {
			return fmt.Errorf("%w: it has no %s", ErrNoCloudEvent, name)
		}
	}
	if v := values["specversion"]; v != event.CloudEventsVersionV1 {
		return fmt.Errorf("%w: specversion is %q, not %s", ErrNoCloudEvent, v, event.CloudEventsVersionV1)
	}
	return nil
}

// attributeText returns the text of an attribute in JSON. One that is absent or null is empty.
func attributeText(raw json.RawMessage) (string, error) {
	switch raw := bytes.TrimSpace(raw); {
	case len(raw) == 0 || string(raw) == "null":
		return "", nil
	case raw[0] == '"':
		var s string
		err := json.Unmarshal(raw, &s)
		return s, err
	case raw[0] == '{' || raw[0] == '[':
		return "", errors.New("it is no string, number or boolean")
	default:
		return string(raw), nil
	}
}

// ofSchema takes the version and the name out of a dataschema of ours: urn:meetbus:schema:v1:<type>, or <base>/v1/<type>.json.
var ofSchema = regexp.MustCompile(`^(?:urn:meetbus:schema:v([0-9]+):(.+)|.*/v([0-9]+)/([^/]+)\.json)$`)

// typeNamed returns the type of an event without the prefix that its envelope may have given it, and the name of its schema. The
// schema has no prefix, so it tells.
func typeNamed(values map[string]string) (name, schema string, err error) {
	full := values["type"]
	name, schema = full, full
	if m := ofSchema.FindStringSubmatch(values["dataschema"]); m != nil {
		version := m[1] + m[3]
		schema = m[2] + m[4]
		if name = schema; schema == SchemaUnmapped {
			name = values["provider"] + "." + values["providertype"]
		}
		if !strings.HasSuffix(full, name) { // a schema of somebody else's
			return full, full, nil
		}
		if version != "1" {
			return "", "", fmt.Errorf("%w: %s", ErrNewerVersion, values["dataschema"])
		}
	}
	return name, schema, nil
}

// dataOf reads the data that events of the schema named have.
func dataOf(schema string, members map[string]json.RawMessage) (Data, error) {
	d := Of(schema)
	raw := members["data"]
	if encoded, isBase64 := members["data_base64"]; isBase64 {
		var text []byte
		if err := json.Unmarshal(encoded, &text); err != nil {
			return nil, err
		}
		raw = text
	}
	if len(raw) == 0 {
		return d, nil
	}
	return d, json.Unmarshal(raw, d)
}
