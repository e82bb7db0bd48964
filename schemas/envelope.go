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
	// TypePrefix goes before the type, in the CloudEvent and nowhere else.
	TypePrefix string
	// SchemaBase is the URL below which the schemas are published as v1/<type>.json. If empty, dataschema is a URN.
	SchemaBase string
}

// Seal writes e as a message in structured mode: its header and its data. It fails if e lacks what a CloudEvent must have,
// or has an attribute that a CloudEvent may not have (package normalize makes no such event).
func (v Envelope) Seal(e Event) (header map[string][]string, data []byte, err error) {
	c, err := v.cloudEvent(e)
	if err != nil {
		return nil, nil, fmt.Errorf("make a CloudEvent of event %q: %w", e.ID, err)
	}
	var b bytes.Buffer
	b.Grow(len(c.DataEncoded) + 1024) // the attributes of a usual event take about 900 bytes
	if err := event.WriteJson(&c, &b); err != nil {
		return nil, nil, fmt.Errorf("write event %q as JSON: %w", e.ID, err)
	}
	return map[string][]string{"content-type": {ContentType}}, b.Bytes(), nil
}

// cloudEvent fills the context itself: the SDK's setters cut blanks off, and an id is what it is.
func (v Envelope) cloudEvent(e Event) (event.Event, error) {
	attributes, err := v.attributes(e)
	if err != nil {
		return event.Event{}, err
	}
	c := event.Event{Context: attributes}
	if err := c.Validate(); err != nil {
		return event.Event{}, errors.New(strings.ReplaceAll(strings.TrimSpace(err.Error()), "\n", "; "))
	}
	if e.Data == nil {
		return event.Event{}, errors.New("there is no data")
	}
	c.DataEncoded, err = encode(e.Data) // not SetData, which escapes < > and & in JSON that is already written
	if err != nil {
		return event.Event{}, fmt.Errorf("write the data: %w", err)
	}
	return c, nil
}

func (v Envelope) attributes(e Event) (*event.EventContextV1, error) {
	source, err := url.Parse(e.Source)
	if err != nil {
		return nil, fmt.Errorf("source: %w", err)
	}
	schema, err := url.Parse(v.schemaOf(e.Type))
	if err != nil {
		return nil, fmt.Errorf("dataschema: %w", err)
	}
	extensions, err := e.extensions()
	if err != nil {
		return nil, err
	}
	contentType := event.ApplicationJSON
	c := &event.EventContextV1{
		ID:              e.ID,
		Source:          types.URIRef{URL: *source},
		Type:            v.TypePrefix + e.Type,
		DataContentType: &contentType,
		DataSchema:      &types.URI{URL: *schema},
		Extensions:      extensions,
	}
	if strings.TrimSpace(e.Subject) != "" { // the SDK refuses a blank subject, in every subscriber
		c.Subject = &e.Subject
	}
	if !e.Time.IsZero() {
		c.Time = &types.Timestamp{Time: e.Time}
	}
	return c, e.check(c.Type)
}

// check looks at the attributes that are no extensions.
func (e *Event) check(prefixedType string) error {
	for _, a := range []attribute{{"id", e.ID}, {"type", prefixedType}, {"subject", e.Subject}} {
		if err := a.check(); err != nil {
			return err
		}
	}
	_, err := timeAttribute("time", e.Time)
	return err
}

func (e *Event) extensions() (map[string]any, error) {
	recorded, err := timeAttribute("recordedtime", e.RecordedTime) // not a time.Time, which the SDK leaves in its zone
	if err != nil {
		return nil, err
	}
	set := make(map[string]any, 13)
	set["verified"] = e.Verified
	for _, a := range []attribute{
		{"provider", e.Provider},
		{"providertype", e.ProviderType},
		{"endpoint", e.Endpoint},
		{"meetingid", e.MeetingID},
		{"sessionid", e.SessionID},
		{"participantid", e.ParticipantID},
		{"status", e.Status},
		{"deliveryid", e.DeliveryID},
		{"webhookid", e.WebhookID},
		recorded,
		{"partitionkey", e.PartitionKey},
		{"digest", e.Digest},
	} {
		if err := a.check(); err != nil {
			return nil, err
		}
		if a.value != "" {
			set[a.name] = a.value
		}
	}
	return set, nil
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
