package schemas

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/go-json-experiment/json/jsontext"
)

// sealer is an event on its way to a message.
type sealer struct {
	// values are the texts of its attributes.
	values []string
	// text is what is written, and json writes data there.
	text bytes.Buffer
	json *json.Encoder
	// valid is the last that the SDK has found no fault with; it has a source then.
	valid frame
}

// frame is what the SDK looks at and many events have in common.
type frame struct {
	envelope Envelope
	source   string
}

// sealers are sealers at rest. They hold no event, and no message is a part of one.
var sealers = sync.Pool{New: func() any {
	s := &sealer{values: make([]string, len(attributes))}
	s.json = json.NewEncoder(&s.text)
	s.json.SetEscapeHTML(false) // < > and & are common in URLs
	return s
}}

// sizeKept is how much room in bytes a sealer at rest has, so that one large event does not hold its memory for ever.
const sizeKept = 64 << 10

// fill takes an event that the SDK finds no fault with. Of an event in a frame that it knows, it would look at nothing that can be wrong
// but a blank id or type. Its extensions have names of ours, and values that were checked.
func (s *sealer) fill(v Envelope, e *Event) error {
	if err := v.values(s.values, e); err != nil {
		return err
	}
	if e.Data == nil {
		return errors.New("there is no data")
	}
	if in := (frame{v, e.Source}); in != s.valid || in.source == "" || said(e.ID) == "" || said(e.Type) == "" {
		if err := v.validate(e); err != nil {
			return err
		}
		s.valid = in
	}
	return nil
}

// validate asks the SDK.
func (v Envelope) validate(e *Event) error {
	context, err := v.context(e)
	if err != nil {
		return err
	}
	if err := (event.Event{Context: context}).Validate(); err != nil {
		return errors.New(strings.ReplaceAll(strings.TrimSpace(err.Error()), "\n", "; "))
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
	if s.text.Reset(); s.text.Cap() > sizeKept {
		s.text = bytes.Buffer{}
	}
	sealers.Put(s)
}
