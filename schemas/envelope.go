package schemas

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/cloudevents/sdk-go/v2/types"
)

// ContentType is the content type of a message in structured mode: its data is the whole event in JSON.
const ContentType = event.ApplicationCloudEventsJSON

// Envelope says how an event is written as a message. The zero value is the default: structured mode, no prefix, schemas
// named by URN. It may be used by several goroutines at once.
type Envelope struct {
	// Binary mode has the attributes in the message's headers, and only the data in its data.
	Binary bool
	// TypePrefix goes before the type, in the CloudEvent and nowhere else.
	TypePrefix string
	// SchemaBase is the URL below which the schemas are published as v1/<type>.json. If empty, dataschema is a URN.
	SchemaBase string
}

// Seal writes e as a message: its header and its data. It fails if e lacks what a CloudEvent must have, or has an attribute that
// a CloudEvent may not have (package normalize makes no such event).
//
// A dead letter is in structured mode always: a server bounds the headers of a message, and nothing bounds those of a webhook
// that must be kept.
func (v Envelope) Seal(e Event) (header map[string][]string, data []byte, err error) {
	c, values, err := v.sealed(&e)
	if err != nil {
		return nil, nil, fmt.Errorf("make a CloudEvent of event %q: %w", e.ID, err)
	}
	if v.Binary && e.Type != TypeDeadLetter {
		return binaryHeader(values), c.DataEncoded, nil
	}
	var b bytes.Buffer
	b.Grow(len(c.DataEncoded) + 1024) // the attributes of a usual event take about 900 bytes
	if err := event.WriteJson(&c, &b); err != nil {
		return nil, nil, fmt.Errorf("write event %q as JSON: %w", e.ID, err)
	}
	return map[string][]string{"content-type": {ContentType}}, b.Bytes(), nil
}

// CloudEvent returns the attributes of e as the SDK has them, without the data. It fails like Seal.
func (v Envelope) CloudEvent(e *Event) (event.Event, error) {
	values, err := v.values(e)
	if err != nil {
		return event.Event{}, err
	}
	c, err := v.context(e, values)
	if err != nil {
		return event.Event{}, err
	}
	return event.Event{Context: c}, nil
}

// sealed returns e as the SDK has it, and its attributes as text.
func (v Envelope) sealed(e *Event) (c event.Event, values []string, err error) {
	if values, err = v.values(e); err != nil {
		return event.Event{}, nil, err
	}
	attributes, err := v.context(e, values)
	if err != nil {
		return event.Event{}, nil, err
	}
	c = event.Event{Context: attributes}
	if err := c.Validate(); err != nil {
		return event.Event{}, nil, errors.New(strings.ReplaceAll(strings.TrimSpace(err.Error()), "\n", "; "))
	}
	if e.Data == nil {
		return event.Event{}, nil, errors.New("there is no data")
	}
	c.DataEncoded, err = encode(e.Data) // not SetData, which escapes < > and & in JSON that is already written
	if err != nil {
		return event.Event{}, nil, fmt.Errorf("write the data: %w", err)
	}
	return c, values, nil
}

// context fills the SDK's type itself: its setters cut blanks off, and an id is what it is.
func (v Envelope) context(e *Event, values []string) (*event.EventContextV1, error) {
	source, err := url.Parse(e.Source)
	if err != nil {
		return nil, fmt.Errorf("source: %w", err)
	}
	schema, err := url.Parse(v.schemaOf(e.Type))
	if err != nil {
		return nil, fmt.Errorf("dataschema: %w", err)
	}
	contentType := event.ApplicationJSON
	c := &event.EventContextV1{
		ID:              e.ID,
		Source:          types.URIRef{URL: *source},
		Type:            v.typeOf(e.Type),
		DataContentType: &contentType,
		DataSchema:      &types.URI{URL: *schema},
		Extensions:      extensions(e, values),
	}
	if subject := said(e.Subject); subject != "" {
		c.Subject = &subject
	}
	if !e.Time.IsZero() {
		c.Time = &types.Timestamp{Time: e.Time}
	}
	return c, nil
}

func extensions(e *Event, values []string) map[string]any {
	set := make(map[string]any, 16) // a usual event has 13
	for i, a := range attributes {
		if !a.core && values[i] != "" {
			set[a.Name] = values[i]
		}
	}
	set[verified] = e.Verified
	return set
}

func (v Envelope) typeOf(name string) string {
	if name == "" {
		return ""
	}
	return v.TypePrefix + name
}

// schemaOf names the schema of the data of events of the type named. Types outside the catalogue share one schema.
func (v Envelope) schemaOf(name string) string {
	if name != TypeDeadLetter && !Known(name) {
		name = SchemaUnmapped
	}
	if v.SchemaBase == "" {
		return "urn:meetbus:schema:v1:" + name
	}
	return strings.TrimSuffix(v.SchemaBase, "/") + "/v1/" + name + ".json"
}

// encode writes data as JSON without escaping < > and &, which are common in URLs.
func encode(data Data) (json.RawMessage, error) {
	var b bytes.Buffer
	w := json.NewEncoder(&b)
	w.SetEscapeHTML(false)
	if err := w.Encode(data); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte{'\n'}), nil
}
