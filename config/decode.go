package config

import (
	"encoding"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"github.com/meetbus/meetbus/relay/route"
)

// decoder fills a Config from a tree of YAML, and goes on after a fault. It notes where each setting stands, for the faults
// that only the whole configuration shows.
type decoder struct {
	file   string
	env    func(string) (string, bool)
	faults []Fault
	places map[string]place
}

// place is a line and a column, from 1.
type place struct{ line, column int }

func placeOf(t *token.Token) place {
	if t == nil || t.Position == nil {
		return place{1, 1}
	}
	return place{max(t.Position.Line, 1), max(t.Position.Column, 1)}
}

func (d *decoder) fault(at place, path, message string) {
	d.faults = append(d.faults, Fault{File: d.file, Line: at.line, Column: at.column, Path: path, Message: message})
}

// faultOf reports a fault of a setting, at its place or, where the file does not say it, at that of what is around it.
func (d *decoder) faultOf(path, message string) {
	at, around := place{1, 1}, path
	for around != "" {
		if known, ok := d.places[around]; ok {
			at = known
			break
		}
		around = around[:max(strings.LastIndexAny(around, ".["), 0)]
	}
	d.fault(at, path, message)
}

// value decodes n into v. A null leaves the default.
func (d *decoder) value(n ast.Node, v reflect.Value, path string) {
	switch n.(type) {
	case nil, *ast.NullNode:
		return
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
		d.faultOf(path, "has an anchor, an alias or a tag; they are not supported, write the value itself")
		return
	}
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	switch v.Kind() {
	case reflect.Struct:
		d.section(n, v, path)
	case reflect.Slice:
		d.list(n, v, path)
	case reflect.Map:
		d.table(n, v, path)
	default:
		d.scalar(n, v, path)
	}
}

// section decodes a mapping into the struct v.
func (d *decoder) section(n ast.Node, v reflect.Value, path string) {
	fields := map[string]reflect.Value{}
	for field, value := range v.Fields() {
		fields[field.Tag.Get("yaml")] = value
	}
	known := slices.Collect(maps.Keys(fields))
	d.entries(n, path, func(key, path string, value ast.Node) {
		if field, ok := fields[key]; ok {
			d.value(value, field, path)
		} else {
			d.unknown(key, path, known)
		}
	})
}

// entries calls each for the entries of a mapping, and reports those that cannot be one.
func (d *decoder) entries(n ast.Node, path string, each func(key, path string, value ast.Node)) {
	mapping, ok := n.(ast.MapNode)
	if !ok {
		d.faultOf(path, "must be a section of keys and values")
		return
	}
	seen := map[string]bool{}
	for entries := mapping.MapRange(); entries.Next(); {
		node := entries.Key()
		at := placeOf(node.GetToken())
		key, ok := textOf(node)
		if !ok {
			d.fault(at, path, "has a key that is no plain word; anchors, aliases and merge keys are not supported")
			continue
		}
		inner := strings.TrimPrefix(path+"."+key, ".")
		if seen[key] {
			d.fault(at, inner, "is given twice")
			continue
		}
		seen[key] = true
		d.places[inner] = at
		each(key, inner, entries.Value())
	}
}

func (d *decoder) unknown(key, path string, known []string) {
	message := "is no setting of meetbus"
	known = slices.Sorted(slices.Values(known))
	known = slices.Compact(known)
	if word := likely(key, known); word != "" {
		message += fmt.Sprintf("; did you mean %s?", word)
	} else {
		message += "; here there is " + strings.Join(known, ", ")
	}
	d.faultOf(path, message)
}

// likely returns the setting that an unknown key most likely stands for: one that is spelt nearly so, or that goes on where it ends.
func likely(key string, known []string) string {
	if word := route.Nearest(key, known); word != "" {
		return word
	}
	for _, word := range known {
		if len(key) > 1 && strings.HasPrefix(word, key) {
			return word
		}
	}
	return ""
}

// list decodes a sequence into the slice v, which it replaces.
func (d *decoder) list(n ast.Node, v reflect.Value, path string) {
	sequence, ok := n.(*ast.SequenceNode)
	if !ok {
		d.faultOf(path, "must be a list")
		return
	}
	v.SetZero()
	for i, node := range sequence.Values {
		inner := fmt.Sprintf("%s[%d]", path, i)
		d.places[inner] = startOf(node)
		item := reflect.New(v.Type().Elem()).Elem()
		if e, ok := item.Addr().Interface().(*Endpoint); ok {
			*e = defaultEndpoint(d.providerOf(node), VerifySignature)
		}
		d.value(node, item, inner)
		v.Set(reflect.Append(v, item))
	}
}

// table decodes a mapping whose keys are free, and whose values are a scalar or a list of them, into the map v.
func (d *decoder) table(n ast.Node, v reflect.Value, path string) {
	v.Set(reflect.MakeMap(v.Type()))
	d.entries(n, path, func(key, path string, value ast.Node) {
		items := reflect.New(v.Type().Elem()).Elem()
		if _, isList := value.(*ast.SequenceNode); isList {
			d.list(value, items, path)
		} else {
			item := reflect.New(items.Type().Elem()).Elem()
			if d.value(value, item, path); !isNull(value) {
				items.Set(reflect.Append(items, item))
			}
		}
		v.SetMapIndex(reflect.ValueOf(key), items)
	})
}

func isNull(n ast.Node) bool {
	_, null := n.(*ast.NullNode)
	return n == nil || null
}

// startOf returns where an item of a list begins: for a mapping, the token of the node is its first colon.
func startOf(n ast.Node) place {
	if mapping, ok := n.(*ast.MappingNode); ok && !mapping.IsFlowStyle && len(mapping.Values) > 0 {
		return placeOf(mapping.Values[0].Key.GetToken())
	}
	if n == nil {
		return place{1, 1}
	}
	return placeOf(n.GetToken())
}

// providerOf looks ahead at an endpoint's provider, which decides the defaults of everything else.
func (d *decoder) providerOf(n ast.Node) string {
	ahead := decoder{env: d.env, places: map[string]place{}}
	var e Endpoint
	ahead.value(n, reflect.ValueOf(&e).Elem(), "")
	return e.Provider
}

func (d *decoder) scalar(n ast.Node, v reflect.Value, path string) {
	written, ok := textOf(n)
	if !ok {
		d.faultOf(path, "must be a single value (in quotes, if it begins with a brace, a bracket or *)")
		return
	}
	text, err := expand(written, d.env)
	if err != nil {
		d.faultOf(path, err.Error())
		return
	}
	if err := assign(v, text); err != nil {
		d.faultOf(path, fmt.Sprintf("%v, not %q", err, written)) // as written: what a variable holds may be a secret
	}
}

// textOf returns the text of a scalar as it is written, without quotes.
func textOf(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	}
	return "", false
}

var (
	errDuration = errors.New("must be a duration such as 2500ms, 10s or 168h")
	errBool     = errors.New("must be true or false")
	errInt      = errors.New("must be a whole number")
)

// assign reads text as the type of v. An error says what would be right.
func assign(v reflect.Value, text string) error {
	switch target := v.Addr().Interface().(type) {
	case encoding.TextUnmarshaler:
		return target.UnmarshalText([]byte(text))
	case *time.Duration:
		d, err := time.ParseDuration(text)
		if err != nil {
			return errDuration
		}
		*target = d
	case *bool:
		if text != "true" && text != "false" {
			return errBool
		}
		*target = text == "true"
	case *int:
		n, err := strconv.Atoi(text)
		if err != nil {
			return errInt
		}
		*target = n
	default:
		v.SetString(text)
	}
	return nil
}
