package asyncapi

import (
	"regexp"
	"slices"
	"strings"

	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/schemas"
)

// kind is a type of event, and the schema of its data. schemas.SchemaUnmapped stands for all types that are not in the catalogue.
type kind struct {
	typ  string
	data schema
}

var (
	// ofEvery are the attributes that every event has, dead letters too. ofLetters are others that dead letters can have.
	ofEvery = []string{
		"specversion", "id", "source", "type", "time", "datacontenttype", "dataschema", "provider", "endpoint", "verified", "recordedtime", "digest",
	}
	ofLetters = []string{"deliveryid", "webhookid", "signature", "traceparent", "tracestate"}
)

// shapes are what the text of some attributes looks like. The others are any text.
var shapes = map[string]schema{
	"specversion":     {Const: "1.0"},
	"source":          {Format: "uri-reference"},
	"time":            {Format: "date-time"},
	"datacontenttype": {Const: "application/json"},
	"recordedtime":    {Format: "date-time"},
	"digest":          {Pattern: "^[0-9a-f]{64}$"},
	"signature":       {ContentEncoding: "base64"},
	"traceparent":     {Pattern: "^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}"},
}

// encoded is what any text looks like in a header.
const encoded = "^([!#$&-~]|%[0-9A-F]{2})+$"

// attributes returns those that events of a kind can have.
func (b *builder) attributes(k kind) []schemas.Attribute {
	return slices.DeleteFunc(schemas.Attributes(), func(a schemas.Attribute) bool { return !b.has(k, a.Name) })
}

func (b *builder) has(k kind, attribute string) bool {
	if attribute == "signature" && !b.Signature {
		return false
	}
	if k.typ == schemas.TypeDeadLetter {
		return slices.Contains(ofEvery, attribute) || slices.Contains(ofLetters, attribute)
	}
	switch attribute {
	case "status":
		return schemas.HasStatus(k.typ)
	case "participantid":
		_, there := k.data.Properties.find("participant")
		return there
	}
	return true
}

// always says whether every event of the kind has the attribute.
func (k kind) always(a schemas.Attribute) bool {
	return slices.Contains(ofEvery, a.Name) || a.Name == "providertype" && k.typ != schemas.TypeDeadLetter
}

// attribute returns the schema of an attribute as a member of an event in JSON.
func (b *builder) attribute(k kind, a schemas.Attribute) schema {
	s := shapes[a.Name]
	s.Description, s.Type = a.About, "string"
	if a.Name == "verified" {
		s.Type = "boolean"
	}
	if b.narrow(&s, k, a.Name) {
		return s
	}
	return b.shared("attribute."+a.Name, s)
}

// header returns the schema of an attribute as a header: text, and encoded.
func (b *builder) header(k kind, a schemas.Attribute) schema {
	s := shapes[a.Name]
	s.Description, s.Type = a.About, "string"
	if b.narrow(&s, k, a.Name) {
		return s
	}
	switch {
	case a.Name == "verified":
		s.Enum = []string{"true", "false"}
	case s.Const == "" && s.Pattern == "" && s.Format != "date-time":
		s.Pattern = encoded
	}
	return b.shared("header."+a.Header(), s)
}

// narrow says of an attribute that the kind decides what it is.
func (b *builder) narrow(s *schema, k kind, attribute string) bool {
	switch {
	case attribute == "type" && k.typ == schemas.SchemaUnmapped:
		s.Pattern = "^" + regexp.QuoteMeta(b.Envelope.TypePrefix) + "(" + strings.Join(providers(), "|") + `)\.`
	case attribute == "type", attribute == "dataschema":
		s.Const = b.written(attribute, k.typ)
	default:
		return false
	}
	return true
}

// written is an attribute of an event of a type as the envelope writes it.
func (b *builder) written(attribute, typ string) string {
	a, _ := schemas.AttributeNamed(attribute)
	return a.Of(b.Envelope, &schemas.Event{Type: typ})
}

func providers() []string {
	var names []string
	for _, p := range normalize.Providers() {
		names = append(names, p.Name)
	}
	return names
}
