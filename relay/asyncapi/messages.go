package asyncapi

import (
	"slices"

	"github.com/meetbus/meetbus/schemas"
)

// messageID is the header by which a stream recognises a message.
const messageID = "Nats-Msg-Id"

// contentOfBinary is the content type of messages in binary mode: that of the data.
const contentOfBinary = "application/json"

// summaries say of each type when such an event comes.
var summaries = func() map[string]string {
	of := map[string]string{
		schemas.SchemaUnmapped: "An event of a type that meetbus does not know: it has the provider's own name.",
		schemas.TypeDeadLetter: "An authentic webhook that could not become an event.",
	}
	for _, t := range schemas.Catalogue() {
		of[t.Name] = t.About
	}
	return of
}()

// addMessages adds a message for every type that comes to some destination, and for dead letters where subscribers can read them, with
// the schemas that they are made of.
func (b *builder) addMessages(destinations []*destination) error {
	for _, h := range happenings() {
		_, there := b.Components.Messages.find(h.typ)
		if there || !slices.ContainsFunc(destinations, func(d *destination) bool { return slices.Contains(d.types, h.typ) }) {
			continue
		}
		if err := b.addMessage(h.typ); err != nil {
			return err
		}
	}
	if b.DeadLetters != "" {
		return b.addMessage(schemas.TypeDeadLetter)
	}
	return nil
}

func (b *builder) addMessage(typ string) error {
	data, err := b.addData(typ)
	if err != nil {
		return err
	}
	kind := kind{typ, data}
	m := message{Name: b.written("type", typ), Title: typ, Summary: summaries[typ]}
	if b.binary(typ) {
		m.ContentType, m.Headers, m.Payload = contentOfBinary, b.headers(kind), reference(typ)
	} else {
		m.ContentType, m.Headers, m.Payload = schemas.ContentType, b.structured(), b.event(kind)
	}
	if m.Examples, err = b.addExamples(typ, data.Examples); err != nil {
		return err
	}
	b.Components.Messages.add(typ, m)
	return nil
}

// addData makes components of the published schema of a type's data and of its parts, and returns it with its examples.
func (b *builder) addData(typ string) (schema, error) {
	p, err := read(typ)
	if err != nil {
		return schema{}, err
	}
	for _, def := range p.Defs {
		b.shared(def.name, def.value)
	}
	data := p.schema
	data.Examples = nil
	if b.noneOriginal() {
		data.Properties = slices.DeleteFunc(data.Properties, func(m member[schema]) bool { return m.name == "original" })
	}
	b.shared(typ, data)
	return p.schema, nil
}

// shared returns a reference to a component, which it adds if it is not there.
func (b *builder) shared(name string, s schema) schema {
	if _, there := b.Components.Schemas.find(name); !there {
		b.Components.Schemas.add(name, s)
	}
	return reference(name)
}

// binary says whether events of a type are in binary mode. Dead letters never are.
func (b *builder) binary(typ string) bool { return b.Envelope.Binary && typ != schemas.TypeDeadLetter }

// contentType is what messages have unless they say otherwise.
func (b *builder) contentType() string {
	if b.Envelope.Binary {
		return contentOfBinary
	}
	return schemas.ContentType
}

// structured is the schema of the headers of every message in structured mode.
func (b *builder) structured() schema {
	s := schema{Type: "object"}
	s.require("content-type", schema{Type: "string", Const: schemas.ContentType, Description: "structured mode"})
	s.require(messageID, b.idOfMessage())
	return b.shared("headers", s)
}

func (b *builder) idOfMessage() schema {
	return b.shared("header."+messageID, schema{
		Type: "string", Pattern: "^.+#.+$", Description: "source and id with # between them, by which the stream recognises what it has stored",
	})
}

// headers is the schema of the headers of a type in binary mode.
func (b *builder) headers(k kind) schema {
	s := schema{Type: "object"}
	for _, a := range b.attributes(k) {
		s.member(a.Header(), b.header(k, a), k.always(a))
	}
	s.require(messageID, b.idOfMessage())
	return s
}

// event is the schema of a whole event of a type, with the members in their order on the bus.
func (b *builder) event(k kind) schema {
	s := schema{Type: "object"}
	for _, a := range b.attributes(k) {
		s.member(a.Name, b.attribute(k, a), k.always(a))
		if a.Name == "dataschema" {
			s.require("data", reference(k.typ))
		}
	}
	return s
}
