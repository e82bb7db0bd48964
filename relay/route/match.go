package route

import (
	"maps"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"

	"github.com/meetbus/meetbus/schemas"
)

// match is which attributes must have which values.
type match struct {
	// types are those that the values of type fit; typed says that there are any, and typeGlobs are they: an unmapped type has a
	// name of its own.
	types     typeSet
	typed     bool
	typeGlobs []Glob
	// others are the other attributes, in the order of their names.
	others []condition
}

// condition is one attribute of a match: one of these values.
type condition struct {
	attribute schemas.Attribute
	globs     []Glob
	// literals are the globs if all of them are, sorted.
	literals []string
}

func (c condition) holds(v schemas.Envelope, e *schemas.Event) bool {
	value := c.attribute.Of(v, e)
	return value != "" && c.has(value) // an empty one is absent
}

// has says whether the condition lists a value.
func (c condition) has(value string) bool {
	if c.literals != nil {
		_, found := slices.BinarySearch(c.literals, value)
		return found
	}
	return anyOf(c.globs, func(g Glob) bool { return g.Matches(value) })
}

// holds says whether e, of a type that is one, matches.
func (m match) holds(v schemas.Envelope, e *schemas.Event, one typeSet) bool {
	if m.types&one == 0 || m.typed && one == unmappedTypes && !anyOf(m.typeGlobs, func(g Glob) bool { return g.Matches(e.Type) }) {
		return false
	}
	for _, c := range m.others {
		if !c.holds(v, e) {
			return false
		}
	}
	return true
}

// match reads the match of a rule.
func (c *compiler) match(written map[string][]string, path string) match {
	m := match{types: everyType}
	for _, name := range slices.Sorted(maps.Keys(written)) {
		at := path + "." + name
		attribute, known := schemas.AttributeNamed(name)
		if !known {
			c.report(at, "is no attribute of events%s", meant(Nearest(name, attributeNames()), "%s"))
			continue
		}
		globs, ok := c.globs(written[name], at)
		switch {
		case !ok:
		case name == "type":
			m.typed, m.typeGlobs, m.types = true, globs, c.typesOf(globs, at)
		default:
			c.checkValues(name, globs, at)
			m.others = append(m.others, newCondition(attribute, globs))
		}
	}
	return c.ofProviders(c.withStatus(m, path), path)
}

// ofProviders leaves the types that the providers which the match wants can have.
func (c *compiler) ofProviders(m match, path string) match {
	at := slices.IndexFunc(m.others, func(o condition) bool { return o.attribute.Name == "provider" })
	if at < 0 {
		return m
	}
	var made typeSet
	for _, p := range c.values["provider"] {
		if types, known := c.made[p]; !m.others[at].has(p) {
			continue
		} else if known {
			made |= types
		} else {
			made = everyType
		}
	}
	if made != 0 && m.types != 0 && m.types&made == 0 {
		c.report(path+".provider", "has no event of such a type (meetbus types lists them)")
	}
	m.types &= made
	return m
}

// withStatus leaves the types that have a status if the match wants one.
func (c *compiler) withStatus(m match, path string) match {
	if !slices.ContainsFunc(m.others, func(o condition) bool { return o.attribute.Name == "status" }) {
		return m
	}
	if m.types != 0 && m.types&typesWithStatus == 0 {
		c.report(path+".status", "is an attribute of none of these types: only those that end in statusUpdate or StatusUpdate have one")
	}
	m.types &= typesWithStatus
	return m
}

func newCondition(attribute schemas.Attribute, globs []Glob) condition {
	c := condition{attribute: attribute, globs: globs}
	if anyOf(globs, func(g Glob) bool { return !g.Literal() }) {
		return c
	}
	for _, g := range globs {
		c.literals = append(c.literals, string(g))
	}
	slices.Sort(c.literals)
	return c
}

// globs reads the values of an attribute.
func (c *compiler) globs(written []string, path string) (globs []Glob, ok bool) {
	if len(written) == 0 {
		c.report(path, "must have a value, or a list of at least one")
		return nil, false
	}
	for i, value := range written {
		if value == "" {
			c.report(valuePath(path, i, written), "is empty, and what an event does not have matches nothing; * is any value")
			return nil, false
		}
		globs = append(globs, Glob(value))
	}
	return globs, true
}

// typesOf returns the types that globs fit, and reports each that fits none.
func (c *compiler) typesOf(globs []Glob, path string) typeSet {
	var fit typeSet
	for i, g := range globs {
		types := c.typesLike(g)
		switch {
		case types == 0:
			c.report(valuePath(path, i, globs), "fits no type of event (meetbus types lists them)%s", hint(g))
		case types == unmappedTypes:
			c.warn(valuePath(path, i, globs), "fits no type of the catalogue, only events that meetbus does not know")
		}
		fit |= types
	}
	return fit
}

// checkValues reports values that the attribute can never have.
func (c *compiler) checkValues(name string, globs []Glob, path string) {
	values := c.values[name]
	for i, g := range globs {
		if len(values) > 0 && !anyOf([]Glob{g}, func(g Glob) bool { return slices.ContainsFunc(values, g.Matches) }) {
			there := strings.Join(values, ", ")
			if name == "endpoint" {
				there = "the endpoints' names" // which may come out of variables
			}
			c.report(valuePath(path, i, globs), "fits none of %s", there)
		}
	}
}

// valuePath is the path of one of several values, or of the only one.
func valuePath[T any](path string, i int, values []T) string {
	if len(values) == 1 {
		return path
	}
	return item(path, i)
}

func attributeNames() []string {
	var names []string
	for _, a := range schemas.Attributes() {
		names = append(names, a.Name)
	}
	return names
}

func typeNames() []string {
	var names []string
	for _, t := range schemas.Catalogue() {
		names = append(names, t.Name)
	}
	return names
}

// hint says what a type that there is not may stand for.
func hint(g Glob) string {
	if strings.HasPrefix(string(g), "meetbus.") {
		return "; the type of an event that meetbus does not know is <provider>.<its own name>, as in dyte.*"
	}
	return meant(Nearest(string(g), typeNames()), "%s")
}

// Nearest returns the word that a misspelt one most likely stands for; empty if none is near: an edit for every three letters.
func Nearest(misspelt string, words []string) string {
	best, distance := "", min(3, max(1, len(misspelt)/3))+1
	for _, w := range words {
		if d := levenshtein.ComputeDistance(strings.ToLower(misspelt), strings.ToLower(w)); d < distance && d < len(w) {
			best, distance = w, d
		}
	}
	return best
}

// meant asks whether a word was meant, if there is one.
func meant(word, format string) string {
	if word == "" {
		return ""
	}
	return "; did you mean " + strings.Replace(format, "%s", word, 1) + "?"
}
