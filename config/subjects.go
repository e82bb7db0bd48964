package config

import (
	"net/url"
	"regexp"

	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/relay/route"
	"github.com/meetbus/meetbus/schemas"
)

// typePrefix is what may stand before a type, such as com.example.
var typePrefix = regexp.MustCompile(`^[A-Za-z0-9._:/-]{0,128}$`)

func (k *checker) cloudEvents(c CloudEvents) {
	k.oneOf(c.Mode, "cloudevents.mode", ModeStructured, ModeBinary)
	k.expect(typePrefix.MatchString(c.TypePrefix), "cloudevents.type_prefix",
		"must be at most 128 letters, digits and . _ : / -, such as com.example.")
	k.expect(c.SchemaBase == "" || schemaBase(c.SchemaBase), "cloudevents.schema_base",
		"must be an http or https URL without query and fragment, such as https://example.com/schemas")
}

func schemaBase(base string) bool {
	u, err := url.Parse(base)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "" && u.User == nil &&
		u.RawQuery == "" && !u.ForceQuery && u.Fragment == "" && validSource(base)
}

// subjects reports what is wrong with the rules.
func (k *checker) subjects(c Config) {
	_, faults := route.Compile(c.mapping())
	for _, f := range faults {
		k.report("subjects."+f.Path, f.Message)
	}
}

// Table returns the rules, to be asked where an event belongs. It fails where Check would.
func (c Config) Table() (*route.Table, error) {
	table, _ := route.Compile(c.mapping())
	if table == nil {
		return nil, c.Check()
	}
	return table, nil
}

// SubjectWarnings are those of Warnings that are about the rules.
func (c Config) SubjectWarnings() []string {
	table, err := c.Table()
	if err != nil {
		return nil // its faults say more
	}
	var warnings []string
	for _, f := range table.Warnings() {
		warnings = append(warnings, "subjects."+f.Path+": "+f.Message)
	}
	return warnings
}

func (c Config) mapping() route.Mapping {
	m := route.Mapping{
		Prefix:   c.Subjects.Prefix,
		Default:  c.Subjects.Default,
		Envelope: schemas.Envelope{SchemaBase: c.CloudEvents.SchemaBase},
		Types:    map[string][]string{},
	}
	for _, r := range c.Subjects.Rules {
		m.Rules = append(m.Rules, route.Rule(r))
	}
	for _, p := range normalize.Providers() {
		m.Providers = append(m.Providers, p.Name)
		m.Types[p.Name] = p.Types()
	}
	for _, e := range c.Endpoints {
		m.Endpoints = append(m.Endpoints, e.Name)
	}
	return m
}

// Envelope says how events are written.
func (c Config) Envelope() schemas.Envelope {
	return schemas.Envelope{
		Binary:     c.CloudEvents.Mode == ModeBinary,
		TypePrefix: c.CloudEvents.TypePrefix,
		SchemaBase: c.CloudEvents.SchemaBase,
	}
}
