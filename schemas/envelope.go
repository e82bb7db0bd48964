package schemas

import (
	"bytes"
	"fmt"
	"maps"
	"net/url"
	"slices"
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

// Seal writes e as a message: its header and its data. The header is not to be changed: other messages may have the same. It fails
// if e lacks what a CloudEvent must have, or has an attribute that a CloudEvent may not have (package normalize makes no such
// event).
//
// A dead letter is in structured mode always: a server bounds the headers of a message, and nothing bounds those of a webhook
// that must be kept.
func (v Envelope) Seal(e *Event) (header map[string][]string, data []byte, err error) {
	s := sealers.Get().(*sealer)
	defer s.rest()
	if err := s.fill(v, e); err != nil {
		return nil, nil, fmt.Errorf("make a CloudEvent of event %q: %w", e.ID, err)
	}
	if v.Binary && e.Type != TypeDeadLetter {
		header, err = binaryHeader(s.values), s.writeData(e.Data)
	} else {
		header, err = structuredHeader, s.writeStructured(e.Data)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("write event %q: %w", e.ID, err)
	}
	return header, bytes.Clone(s.text.Bytes()), nil
}

// structuredHeader is the header of every message in structured mode.
var structuredHeader = map[string][]string{"content-type": {ContentType}}

// CloudEvent returns the attributes of e as the SDK has them, without the data. It fails like Seal.
func (v Envelope) CloudEvent(e *Event) (event.Event, error) {
	values := make([]string, len(attributes))
	if err := v.values(values, e); err != nil {
		return event.Event{}, err
	}
	context, err := v.context(e)
	if err != nil {
		return event.Event{}, err
	}
	context.Extensions = make(map[string]any, len(values))
	for i := range attributes {
		if a := &attributes[i]; !a.core && values[i] != "" {
			context.Extensions[a.Name] = values[i]
		}
	}
	context.Extensions[verified] = e.Verified
	return event.Event{Context: context}, nil
}

// context is what the specification has of the attributes. It is not made by the SDK's setters, which cut blanks off: an id is what it is.
func (v Envelope) context(e *Event) (*event.EventContextV1, error) {
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
	}
	if subject := said(e.Subject); subject != "" {
		c.Subject = &subject
	}
	if !e.Time.IsZero() {
		c.Time = &types.Timestamp{Time: e.Time}
	}
	return c, nil
}

func (v Envelope) typeOf(name string) string {
	if name == "" {
		return ""
	}
	return v.TypePrefix + name
}

// schemaOf names the schema of the data of events of the type named.
func (v Envelope) schemaOf(name string) string {
	if v.SchemaBase == "" {
		return urns[schemaName(name)]
	}
	return strings.TrimSuffix(v.SchemaBase, "/") + "/v1/" + schemaName(name) + ".json"
}

// schemaName returns the name of the schema of a type. Types outside the catalogue share one.
func schemaName(name string) string {
	if name != TypeDeadLetter && !Known(name) {
		return SchemaUnmapped
	}
	return name
}

// urns name the schemas where nobody publishes them.
var urns = func() map[string]string {
	m := make(map[string]string, len(catalogue)+2)
	for _, name := range append(slices.Collect(maps.Keys(byName)), TypeDeadLetter, SchemaUnmapped) {
		m[name] = "urn:meetbus:schema:v1:" + name
	}
	return m
}()
