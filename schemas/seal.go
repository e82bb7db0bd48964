package schemas

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/cloudevents/sdk-go/v2/types"
)

// parts are the attributes of an event as text and as the SDK has them, with what the SDK's type points at beside it.
type parts struct {
	values  []string
	context event.EventContextV1
	// parsed is the last source that was parsed: an endpoint has the same for all of its events.
	parsed string
	source url.URL

	subject, contentType string
	time                 types.Timestamp
	schema               types.URI
}

func newParts() parts { return parts{values: make([]string, len(attributes))} }

// fill fills the SDK's type itself, but for the extensions: its setters cut blanks off, and an id is what it is.
func (p *parts) fill(v Envelope, e *Event) (err error) {
	if err := v.values(p.values, e); err != nil {
		return err
	}
	if err := p.parse(e.Source); err != nil {
		return fmt.Errorf("source: %w", err)
	}
	if p.schema, err = v.schemaURI(e.Type); err != nil {
		return fmt.Errorf("dataschema: %w", err)
	}
	p.subject, p.contentType, p.time.Time = said(e.Subject), event.ApplicationJSON, e.Time
	p.context = event.EventContextV1{
		ID:              e.ID,
		Source:          types.URIRef{URL: p.source},
		Type:            v.typeOf(e.Type),
		DataContentType: &p.contentType,
		DataSchema:      &p.schema,
	}
	if p.subject != "" {
		p.context.Subject = &p.subject
	}
	if !e.Time.IsZero() {
		p.context.Time = &p.time
	}
	return nil
}

func (p *parts) parse(source string) error {
	if source == p.parsed {
		return nil
	}
	u, err := url.Parse(source)
	if err != nil {
		return err
	}
	p.parsed, p.source = source, *u
	return nil
}

// extensions returns the extensions of e.
func (p *parts) extensions(e *Event) map[string]any {
	set := make(map[string]any, len(p.values))
	for i := range attributes {
		if a := &attributes[i]; !a.core && p.values[i] != "" {
			set[a.Name] = p.values[i]
		}
	}
	set[verified] = e.Verified
	return set
}

// sealer is an event on its way to a message.
type sealer struct {
	parts
	verified   bool
	cloudEvent event.Event
	// extensions point at their values. Which attributes are there is in there, a bit each, and first is the name of the first
	// extension in the order of the alphabet: all three are kept for the next event, which usually has the same attributes.
	extensions map[string]any
	there      uint64
	first      string
	// data is the event's data in JSON and a newline, written is its attributes.
	data, written bytes.Buffer
	json          *json.Encoder
}

// sealers are sealers at rest. They hold no event, and no message is a part of one.
var sealers = sync.Pool{New: func() any {
	s := &sealer{parts: newParts(), extensions: make(map[string]any, len(attributes))}
	s.json = json.NewEncoder(&s.data)
	s.json.SetEscapeHTML(false) // < > and & are common in URLs
	return s
}}

// sizeKept is how much room in bytes a sealer at rest has, so that one large event does not hold its memory for ever.
const sizeKept = 64 << 10

func (s *sealer) fill(v Envelope, e *Event) error {
	if err := s.parts.fill(v, e); err != nil {
		return err
	}
	s.verified = e.Verified
	s.extend()
	s.context.Extensions = s.extensions
	s.cloudEvent.Context = &s.context
	if err := s.cloudEvent.Validate(); err != nil {
		return errors.New(strings.ReplaceAll(strings.TrimSpace(err.Error()), "\n", "; "))
	}
	if e.Data == nil {
		return errors.New("there is no data")
	}
	if err := s.json.Encode(e.Data); err != nil { // not SetData, which escapes < > and & in JSON that is already written
		return fmt.Errorf("write the data: %w", err)
	}
	return nil
}

// extend has the map know the extensions that the event has.
func (s *sealer) extend() {
	var there uint64
	for i, value := range s.values {
		if value != "" {
			there |= 1 << i
		}
	}
	if there == s.there {
		return
	}
	clear(s.extensions)
	s.there, s.first = there, verified // which is there always
	for i := range attributes {
		if a := &attributes[i]; !a.core && s.values[i] != "" {
			s.extensions[a.Name] = &s.values[i]
			s.first = min(s.first, a.Name)
		}
	}
	s.extensions[verified] = &s.verified
}

func (s *sealer) dataJSON() []byte { return bytes.TrimSuffix(s.data.Bytes(), []byte{'\n'}) }

// structured returns what the SDK writes of the event with its data. The data is put in here, before the extensions, because
// the SDK's writer throws its buffer away when it is given some, which took half of the memory of a message.
func (s *sealer) structured() ([]byte, error) {
	if err := event.WriteJson(&s.cloudEvent, &s.written); err != nil {
		return nil, err
	}
	attributes, data := s.written.Bytes(), s.dataJSON()
	extensions := bytes.Index(attributes, []byte(`,"`+s.first+`":`)) // no string in JSON can look like it
	whole := make([]byte, 0, len(attributes)+len(`,"data":`)+len(data))
	whole = append(whole, attributes[:extensions]...)
	whole = append(whole, `,"data":`...)
	whole = append(whole, data...)
	return append(whole, attributes[extensions:]...), nil
}

// rest forgets the event.
func (s *sealer) rest() {
	clear(s.values)
	s.parts = parts{values: s.values, parsed: s.parsed, source: s.source}
	s.cloudEvent = event.Event{}
	for _, b := range []*bytes.Buffer{&s.data, &s.written} {
		if b.Reset(); b.Cap() > sizeKept {
			*b = bytes.Buffer{}
		}
	}
	sealers.Put(s)
}
