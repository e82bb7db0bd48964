package asyncapi

import (
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/meetbus/meetbus/schemas"
)

// schema has the keywords of JSON Schema that are used here: those that mean the same in draft-07 and in 2020-12.
type schema struct {
	Ref                  string           `json:"$ref,omitempty"`
	Title                string           `json:"title,omitempty"`
	Description          string           `json:"description,omitempty"`
	Type                 string           `json:"type,omitempty"`
	Format               string           `json:"format,omitempty"`
	Pattern              string           `json:"pattern,omitempty"`
	ContentEncoding      string           `json:"contentEncoding,omitempty"`
	ContentMediaType     string           `json:"contentMediaType,omitempty"`
	Const                string           `json:"const,omitempty"`
	Enum                 []string         `json:"enum,omitempty"`
	AnyOf                []schema         `json:"anyOf,omitempty"`
	Properties           members[schema]  `json:"properties,omitempty"`
	AdditionalProperties *schema          `json:"additionalProperties,omitzero"`
	Items                *schema          `json:"items,omitzero"`
	Required             []string         `json:"required,omitempty"`
	Examples             []jsontext.Value `json:"examples,omitempty"`
}

// published is a file of package schemas.
type published struct {
	Dialect string `json:"$schema"`
	ID      string `json:"$id"`
	Comment string `json:"$comment"`
	schema
	Defs members[schema] `json:"$defs"`
}

const (
	inFile     = "#/$defs/"
	inDocument = "#/components/schemas/"
)

// read returns the published schema of the data of a type, as a part of a document. It fails for a
// keyword that this package does not know: what is left out might have been meant.
func read(name string) (published, error) {
	file, found := schemas.Schema(name)
	if !found {
		return published{}, fmt.Errorf("there is no schema of %s", name)
	}
	var p published
	if err := json.Unmarshal(file, &p, json.RejectUnknownMembers(true)); err != nil {
		return published{}, fmt.Errorf("schema of %s: %w", name, err)
	}
	p.adopt()
	for i := range p.Defs {
		p.Defs[i].value.adopt()
	}
	return p, nil
}

// adopt makes the references of a file those of a document, and its descriptions CommonMark. What stands beside a reference is left out:
// draft-07 ignores it.
func (s *schema) adopt() {
	s.Description = strings.ReplaceAll(s.Description, "<", `\<`)
	if name, ours := strings.CutPrefix(s.Ref, inFile); ours {
		*s = reference(name)
	}
	for i := range s.Properties {
		s.Properties[i].value.adopt()
	}
	for i := range s.AnyOf {
		s.AnyOf[i].adopt()
	}
	for _, one := range []*schema{s.Items, s.AdditionalProperties} {
		if one != nil {
			one.adopt()
		}
	}
}

// member adds a property.
func (s *schema) member(name string, of schema, required bool) {
	s.Properties.add(name, of)
	if required {
		s.Required = append(s.Required, name)
	}
}

func (s *schema) require(name string, of schema) { s.member(name, of, true) }

func reference(name string) schema { return schema{Ref: inDocument + name} }
