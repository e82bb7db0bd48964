package schemas_test

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// schema is a JSON Schema as JSON has it.
type schema = map[string]any

// comparison finds what a consumer of an old schema could not read of the events of a new one. It knows the keywords that the
// generator writes; a difference in another one it reports, since it cannot judge.
type comparison struct {
	old, new schema
	breaks   []string
}

// incompatibilities returns what makes new break consumers of old, each with its place.
func incompatibilities(old, new schema) []string {
	c := &comparison{old: old, new: new}
	for _, key := range []string{"$schema", "$id"} {
		if old[key] != new[key] {
			c.report("#", "%s was %v and is %v", key, old[key], new[key])
		}
	}
	c.compare("#", old, new)
	return c.breaks
}

func (c *comparison) report(where, format string, args ...any) {
	c.breaks = append(c.breaks, where+": "+fmt.Sprintf(format, args...))
}

// free are the keywords that may change: they are for people, or are looked at where something refers to them. judged are those
// that compare looks at.
var (
	free   = []string{"$comment", "title", "description", "examples", "deprecated", "$defs", "$ref", "$schema", "$id"}
	judged = []string{
		"type", "const", "enum", "anyOf", "format", "contentEncoding", "contentMediaType",
		"properties", "required", "additionalProperties", "items",
	}
)

func (c *comparison) compare(where string, old, new schema) {
	old, new = resolve(c.old, old), resolve(c.new, new)
	c.compareKinds(where, old, new)
	c.compareWords(where, old, new)
	for _, key := range []string{"format", "contentMediaType"} {
		if old[key] != nil && old[key] != new[key] {
			c.report(where, "%s was %v and is %v", key, old[key], new[key])
		}
	}
	if old["contentEncoding"] != new["contentEncoding"] { // also where it is new: who read the text as it is would read another
		c.report(where, "contentEncoding was %v and is %v", old["contentEncoding"], new["contentEncoding"])
	}
	c.compareObjects(where, old, new)
	if items, listed := old["items"].(schema); listed {
		of, _ := new["items"].(schema)
		c.compare(where+"/items", items, of)
	}
	c.compareRest(where, old, new)
}

// compareRest reports differences in what nothing else judges.
func (c *comparison) compareRest(where string, old, new schema) {
	keys := slices.AppendSeq(slices.Collect(maps.Keys(old)), maps.Keys(new))
	slices.Sort(keys)
	for _, key := range slices.Compact(keys) {
		known := slices.Contains(free, key) || slices.Contains(judged, key)
		if key == "anyOf" {
			known = listsWords(old) && listsWords(new)
		}
		if !known && !reflect.DeepEqual(old[key], new[key]) {
			c.report(where, "%s was %v and is %v, and the comparison does not know what that means", key, old[key], new[key])
		}
	}
}

// compareKinds: what is written now is of a kind that was expected.
func (c *comparison) compareKinds(where string, old, new schema) {
	expected, written := kinds(old), kinds(new)
	if expected != nil && written == nil {
		c.report(where, "it was %q and may be anything", expected)
	}
	for _, kind := range written {
		isNumber := kind == "integer" && slices.Contains(expected, "number")
		if expected != nil && !slices.Contains(expected, kind) && !isNumber {
			c.report(where, "it was %q and may be %s", expected, kind)
		}
	}
}

// compareWords: what consumers look for is still written, and a list that was closed has got no new word.
func (c *comparison) compareWords(where string, old, new schema) {
	expected, wasOpen := words(old)
	written, isOpen := words(new)
	for _, word := range expected {
		if !slices.Contains(written, word) {
			c.report(where, "the word %v has vanished", word)
		}
	}
	if wasOpen {
		return
	}
	if isOpen {
		c.report(where, "it was one of %v and may be another", expected)
	}
	for _, word := range written {
		if !slices.Contains(expected, word) {
			c.report(where, "the word %v is new in a closed list", word)
		}
	}
}

func (c *comparison) compareObjects(where string, old, new schema) {
	for _, name := range list(old["required"]) {
		if !slices.Contains(list(new["required"]), name) {
			c.report(where, "%v was always there and may be absent", name)
		}
	}
	before, _ := old["properties"].(schema)
	after, _ := new["properties"].(schema)
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if of, there := after[name]; there {
			c.compare(where+"/"+name, object(before[name]), object(of))
		} else {
			c.report(where, "%s has vanished", name)
		}
	}
	others := old["additionalProperties"]
	if others == nil || others == true {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if _, known := before[name]; !known {
			c.compareOthers(where+"/"+name, others, after[name])
		}
	}
	c.compareOthers(where+"/*", others, new["additionalProperties"])
}

// compareOthers compares what members without a name of their own were allowed to be with what a member may be now.
func (c *comparison) compareOthers(where string, old, new any) {
	switch {
	case new == false:
	case old == false:
		c.report(where, "there was no other member")
	default:
		c.compare(where, object(old), object(new))
	}
}

// resolve follows a reference into the definitions.
func resolve(root, s schema) schema {
	ref, _ := s["$ref"].(string)
	name, local := strings.CutPrefix(ref, "#/$defs/")
	if !local {
		return s
	}
	definitions, _ := root["$defs"].(schema)
	whole := maps.Clone(resolve(root, object(definitions[name])))
	if whole == nil {
		return s
	}
	maps.Copy(whole, s)
	return whole
}

// kinds are the types that a value may be of; nil is any.
func kinds(s schema) []any {
	kind, single := s["type"].(string)
	switch {
	case single:
		return []any{kind}
	case s["anyOf"] != nil && listsWords(s):
		return []any{"string"}
	}
	return list(s["type"])
}

// listsWords says whether anyOf, if it is there, is an open list of words: some words, or any string.
func listsWords(s schema) bool {
	alternatives := list(s["anyOf"])
	if alternatives == nil {
		return true
	}
	return len(alternatives) == 2 && list(object(alternatives[0])["enum"]) != nil &&
		object(alternatives[0])["type"] == "string" && reflect.DeepEqual(alternatives[1], schema{"type": "string"})
}

// words are the values that a schema lists, and whether others are allowed, too: without a list they are.
func words(s schema) (listed []any, isOpen bool) {
	if one, single := s["const"]; single {
		return []any{one}, false
	}
	if enum := list(s["enum"]); enum != nil {
		return enum, false
	}
	if alternatives := list(s["anyOf"]); alternatives != nil && listsWords(s) {
		return list(object(alternatives[0])["enum"]), true
	}
	return nil, true
}

func list(v any) []any { l, _ := v.([]any); return l }

// object is a schema of which true means anything.
func object(v any) schema { s, _ := v.(schema); return s }
