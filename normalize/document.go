package normalize

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/meetbus/meetbus/schemas"
)

// object is a JSON object as it was written: members in their order, values unread. After a member whose value is an object
// come the members of that. A nil object has no members.
type object []member

// member is one name of an object and the JSON of its value. Both are parts of a copy of the body.
type member struct {
	name  string
	value value
	// inner is how many of the members after this one are in its value, at any depth.
	inner int
}

// value is one JSON value as it was written, without blanks around it. The empty one is no value.
type value string

func (v value) kind() jsontext.Kind { return jsontext.Value(v[:min(len(v), 1)]).Kind() }

// find returns the place of the member named; of several, the last.
func (o object) find(name string) (at int, found bool) {
	for i := 0; i < len(o); i += 1 + o[i].inner {
		if o[i].name == name {
			at, found = i, true
		}
	}
	return at, found
}

// get returns the value of the member named. It is empty if there is none.
func (o object) get(name string) value {
	if at, found := o.find(name); found {
		return o[at].value
	}
	return ""
}

// has says whether o has a member of that name which says something.
func (o object) has(name string) bool { return !isEmpty(o.get(name)) }

// isEmpty says whether v is missing, null, or a string, array or object with nothing in it.
func isEmpty(v value) bool {
	switch v.kind() {
	case jsontext.KindInvalid, jsontext.KindNull:
		return true
	case jsontext.KindString:
		return len(v) == len(`""`)
	case jsontext.KindBeginObject, jsontext.KindBeginArray:
		return strings.TrimSpace(string(v[1:len(v)-1])) == ""
	}
	return false
}

// unquote returns what a JSON string says. Half a surrogate pair becomes U+FFFD.
func unquote(quoted value) string {
	if strings.IndexByte(string(quoted), '\\') < 0 {
		return string(quoted[1 : len(quoted)-1])
	}
	said, _ := jsontext.AppendUnquote(nil, quoted) // an error tells of a replaced half only: parse has checked the rest
	return string(said)
}

// str returns the string named, or nothing if it is no string.
func (o object) str(name string) string {
	if v := o.get(name); v.kind() == jsontext.KindString {
		return unquote(v)
	}
	return ""
}

// text returns the string named, or the number as it was written: ids are sometimes numbers.
func (o object) text(name string) string {
	switch v := o.get(name); v.kind() {
	case jsontext.KindNumber:
		return string(v)
	case jsontext.KindString:
		return unquote(v)
	}
	return ""
}

// either returns the first of the texts named that says something: a provider's newer word, then its older ones.
func (o object) either(names ...string) string {
	for _, name := range names {
		if text := o.text(name); text != "" {
			return text
		}
	}
	return ""
}

// numberMax is the length of the longest number, in bytes. Longer ones say nothing, and some readers refuse a whole event for
// them.
const numberMax = 100

// isReadable says whether readers of JSON take a number: many refuse a whole event for one that no float64 comes near to.
func isReadable(number string) bool {
	if len(number) > numberMax {
		return false
	}
	_, err := strconv.ParseFloat(number, 64)
	return err == nil
}

// number returns the number named, or the number that the string named holds, digit for digit.
func (o object) number(name string) json.Number {
	text := o.text(name)
	if !isReadable(text) {
		return ""
	}
	if v := jsontext.Value(text); v.Kind() != jsontext.KindNumber || !v.IsValid() || bytes.ContainsAny(v, " \t\r\n") {
		return ""
	}
	return json.Number(text)
}

// integer is number for what is counted: with a sign, a fraction or an exponent it is no number of bytes.
func (o object) integer(name string) json.Number {
	n := o.number(name)
	for _, c := range []byte(n) {
		if c < '0' || c > '9' {
			return ""
		}
	}
	return n
}

// boolean returns true or false, or nil if the member named is neither.
func (o object) boolean(name string) *bool {
	switch v := o.get(name); v.kind() {
	case jsontext.KindTrue, jsontext.KindFalse:
		b := v.kind() == jsontext.KindTrue
		return &b
	}
	return nil
}

// time returns the time named, or nothing if it is no possible time.
func (o object) time(name string) schemas.Timestamp { return timestamp(o.text(name)) }

// object returns the object named; if it is none, an object without members.
func (o object) object(name string) object {
	at, found := o.find(name)
	if !found {
		return nil
	}
	return o[at+1 : at+1+o[at].inner]
}

// members returns the object that v, an element of a list, is; if it is none, an object without members.
func members(v value) object {
	if v.kind() != jsontext.KindBeginObject {
		return nil
	}
	p, err := parse([]byte(v))
	if err != nil {
		return nil // cannot be: v is part of a body that was parsed
	}
	defer p.rest()
	return slices.Clone(p.members)
}

// list returns the elements of the array named that say something.
func (o object) list(name string) []value {
	array := o.get(name)
	if array.kind() != jsontext.KindBeginArray {
		return nil
	}
	d := jsontext.NewDecoder(bytes.NewBufferString(string(array)), lenient...)
	if _, err := d.ReadToken(); err != nil {
		return nil
	}
	var elements []value
	for d.PeekKind() != jsontext.KindEndArray {
		element, err := d.ReadValue()
		if err != nil {
			return nil
		}
		if element := value(element); !isEmpty(element) {
			elements = append(elements, element)
		}
	}
	return elements
}

// anything returns the value named as JSON that every reader takes the same way: no name twice, no half of a surrogate pair,
// every digit of a number kept. It is nil if the value says nothing, or more than readers take.
func (o object) anything(name string) json.RawMessage {
	raw := o.get(name)
	if isEmpty(raw) || len(raw) > anythingMax || !isTaken(raw) {
		return nil
	}
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil
	}
	return bytes.TrimSuffix(b.Bytes(), []byte{'\n'})
}

const (
	// depthMax is how deeply a value may be nested: far deeper than a provider's, and far from what readers of JSON give up at (Python
	// at 1,000, Go at 10,000).
	depthMax = 64
	// anythingMax is the length of the longest value of which nobody knows the shape, in bytes: to read one takes a hundred times
	// its length.
	anythingMax = 8 << 10
)

// isTaken says whether readers take v, which is JSON: it is not nested too deeply, and has no number that is too much for them.
func isTaken(v value) bool {
	d := jsontext.NewDecoder(bytes.NewBufferString(string(v)), lenient...)
	for {
		switch token, err := d.ReadToken(); {
		case err != nil:
			return true // the end
		case d.StackDepth() > depthMax, token.Kind() == jsontext.KindNumber && !isReadable(token.String()):
			return false
		}
	}
}

// some returns a pointer to v, or nil if nothing in it is set: what a provider does not say is absent.
func some[T any](v T) *T {
	if reflect.ValueOf(&v).Elem().IsZero() {
		return nil
	}
	set := new(T) // not v, which would be on the heap even when it is nothing
	*set = v
	return set
}
