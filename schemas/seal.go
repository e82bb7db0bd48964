package schemas

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/cloudevents/sdk-go/v2/types"
	"github.com/go-json-experiment/json/jsontext"
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
	cloudEvent event.Event
	// text is what is written, and json writes data there.
	text bytes.Buffer
	json *json.Encoder
}

// sealers are sealers at rest. They hold no event, and no message is a part of one.
var sealers = sync.Pool{New: func() any {
	s := &sealer{parts: newParts()}
	s.json = json.NewEncoder(&s.text)
	s.json.SetEscapeHTML(false) // < > and & are common in URLs
	return s
}}

// sizeKept is how much room in bytes a sealer at rest has, so that one large event does not hold its memory for ever.
const sizeKept = 64 << 10

// fill takes an event that the SDK finds no fault with. Its extensions have names of ours, and values that were checked.
func (s *sealer) fill(v Envelope, e *Event) error {
	if err := s.parts.fill(v, e); err != nil {
		return err
	}
	s.cloudEvent.Context = &s.context
	if err := s.cloudEvent.Validate(); err != nil {
		return errors.New(strings.ReplaceAll(strings.TrimSpace(err.Error()), "\n", "; "))
	}
	if e.Data == nil {
		return errors.New("there is no data")
	}
	return nil
}

// writeData writes the data in JSON.
func (s *sealer) writeData(d Data) error {
	if err := s.json.Encode(d); err != nil { // not the SDK's SetData, which escapes < > and & in JSON that is already written
		return fmt.Errorf("write the data: %w", err)
	}
	s.text.Truncate(s.text.Len() - len("\n"))
	return nil
}

// writeStructured writes the event, in the order of the SDK, whose own writer takes a third more of the time for a whole message.
func (s *sealer) writeStructured(d Data) error {
	s.text.WriteByte('{')
	s.writeAttributes(coreOrder)
	s.text.WriteString(`"data":`)
	if err := s.writeData(d); err != nil {
		return err
	}
	s.text.WriteByte(',')
	s.writeAttributes(extensionOrder)
	s.text.Truncate(s.text.Len() - len(","))
	s.text.WriteByte('}')
	return nil
}

// writeAttributes writes those of the attributes with these places in their list that the event has, each with a comma behind it.
func (s *sealer) writeAttributes(places []int) {
	b := s.text.AvailableBuffer()
	for _, i := range places {
		name, value := attributes[i].Name, s.values[i]
		if value == "" {
			continue
		}
		b = append(append(append(b, '"'), name...), '"', ':')
		if name == verified {
			b = append(b, value...)
		} else {
			b = appendQuoted(b, value)
		}
		b = append(b, ',')
	}
	s.text.Write(b)
}

// appendQuoted appends a text as JSON. What is no UTF-8 becomes U+FFFD.
func appendQuoted(b []byte, text string) []byte {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			b, _ = jsontext.AppendQuote(b, text)
			return b
		}
	}
	return append(append(append(b, '"'), text...), '"')
}

// coreOrder and extensionOrder are the places of the attributes in the order in which the SDK writes them: before the data, and behind it.
var coreOrder, extensionOrder = func() (core, extensions []int) {
	for _, name := range []string{"specversion", "id", "source", "type", "subject", "datacontenttype", "dataschema", "time"} {
		core = append(core, slices.IndexFunc(attributes, func(a Attribute) bool { return a.Name == name }))
	}
	for i, a := range attributes {
		if !a.core {
			extensions = append(extensions, i)
		}
	}
	slices.SortFunc(extensions, func(i, j int) int { return strings.Compare(attributes[i].Name, attributes[j].Name) })
	return core, extensions
}()

// rest forgets the event.
func (s *sealer) rest() {
	clear(s.values)
	s.parts = parts{values: s.values, parsed: s.parsed, source: s.source}
	s.cloudEvent = event.Event{}
	if s.text.Reset(); s.text.Cap() > sizeKept {
		s.text = bytes.Buffer{}
	}
	sealers.Put(s)
}
