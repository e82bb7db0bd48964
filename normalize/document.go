package normalize

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/meetbus/meetbus/schemas"
)

// object is a JSON object as it was written: members in their order, values unread. A nil object has no members.
type object []member

// member is one name of an object and the bytes of its value. Both are parts of the body.
type member struct {
	name  []byte
	value jsontext.Value
}

var (
	errNoObject = errors.New("it is another JSON value")
	errTrailing = errors.New("more follows after the object")
)

// parse reads the members of the one JSON object that text is. Names may repeat, since an authentic sample of Dyte's has
// createdAt twice; half a surrogate pair may stand in a string, since a sender that cuts a text after so many characters
// halves an emoji sooner or later.
func parse(text []byte) (object, error) {
	d := jsontext.NewDecoder(bytes.NewBuffer(text), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if kind := d.PeekKind(); kind != jsontext.KindBeginObject && kind != jsontext.KindInvalid {
		return nil, errNoObject
	}
	if _, err := d.ReadToken(); err != nil {
		return nil, misread(err)
	}
	o := make(object, 0, 12)
	for d.PeekKind() != jsontext.KindEndObject {
		name, err := next(d, text)
		if err != nil {
			return nil, misread(err)
		}
		value, err := next(d, text)
		if err != nil {
			return nil, misread(err)
		}
		o = append(o, member{unquote(name), value})
	}
	if _, err := d.ReadToken(); err != nil {
		return nil, misread(err)
	}
	if _, err := d.ReadToken(); err != io.EOF {
		return nil, errTrailing
	}
	return o, nil
}

// next returns the next value as a part of text: what the decoder hands out is good until the next read only.
func next(d *jsontext.Decoder, text []byte) (jsontext.Value, error) {
	v, err := d.ReadValue()
	if err != nil {
		return nil, err
	}
	end := int(d.InputOffset())
	return text[end-len(v) : end : end], nil
}

// misread says where text is not JSON, in few words whatever the text holds.
func misread(err error) error {
	if at := new(jsontext.SyntacticError); errors.As(err, &at) {
		return fmt.Errorf("at byte %d: %w", at.ByteOffset, at.Err)
	}
	return err
}

// unquote returns what a JSON string says. Half a surrogate pair becomes U+FFFD.
func unquote(quoted []byte) []byte {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return quoted[1 : len(quoted)-1]
	}
	said, _ := jsontext.AppendUnquote(nil, quoted) // an error tells of a replaced half only: parse has checked the rest
	return said
}

// get returns the value of the member named; of several, the last. It is nil if there is none.
func (o object) get(name string) jsontext.Value {
	for i := len(o) - 1; i >= 0; i-- {
		if string(o[i].name) == name {
			return o[i].value
		}
	}
	return nil
}

// has says whether o has a member of that name which says something.
func (o object) has(name string) bool { return !isEmpty(o.get(name)) }

// isEmpty says whether v is missing, null, or a string, array or object with nothing in it.
func isEmpty(v jsontext.Value) bool {
	switch v.Kind() {
	case jsontext.KindInvalid, jsontext.KindNull:
		return true
	case jsontext.KindString:
		return len(v) == len(`""`)
	case jsontext.KindBeginObject, jsontext.KindBeginArray:
		return len(bytes.TrimSpace(v[1:len(v)-1])) == 0
	}
	return false
}

// str returns the string named, or nothing if it is no string.
func (o object) str(name string) string {
	if v := o.get(name); v.Kind() == jsontext.KindString {
		return string(unquote(v))
	}
	return ""
}

// text returns the string named, or the number as it was written: ids are sometimes numbers.
func (o object) text(name string) string {
	if v := o.get(name); v.Kind() == jsontext.KindNumber {
		return string(v)
	}
	return o.str(name)
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

// number returns the number named, or the number that the string named holds, digit for digit.
func (o object) number(name string) json.Number {
	text := o.text(name)
	if len(text) > numberMax {
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
	switch v := o.get(name); v.Kind() {
	case jsontext.KindTrue, jsontext.KindFalse:
		b := v.Kind() == jsontext.KindTrue
		return &b
	}
	return nil
}

// time returns the time named, or nothing if it is no possible time.
func (o object) time(name string) schemas.Timestamp { return timestamp(o.text(name)) }

// object returns the object named; if it is none, an object without members.
func (o object) object(name string) object { return members(o.get(name)) }

func members(v jsontext.Value) object {
	if v.Kind() != jsontext.KindBeginObject {
		return nil
	}
	o, err := parse(v)
	if err != nil {
		return nil // cannot be: v is part of a body that was parsed
	}
	return o
}

// list returns the elements of the array named that say something.
func (o object) list(name string) []jsontext.Value {
	array := o.get(name)
	if array.Kind() != jsontext.KindBeginArray {
		return nil
	}
	d := jsontext.NewDecoder(bytes.NewBuffer(array), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if _, err := d.ReadToken(); err != nil {
		return nil
	}
	var elements []jsontext.Value
	for d.PeekKind() != jsontext.KindEndArray {
		element, err := next(d, array)
		if err != nil {
			return nil
		}
		if !isEmpty(element) {
			elements = append(elements, element)
		}
	}
	return elements
}

// anything returns the value named as JSON that every reader takes the same way: no name twice, no half of a surrogate pair,
// every digit of a number kept. It is nil if the value says nothing, or is nested too deeply for readers.
func (o object) anything(name string) json.RawMessage {
	if !o.has(name) || depth(o.get(name)) > depthMax {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(o.get(name)))
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

// depthMax is how deeply a value may be nested: far deeper than a provider's, and far from what readers of JSON give up at (Python
// at 1,000, Go at 10,000).
const depthMax = 64

// depth returns how deeply v, which is JSON, is nested.
func depth(v jsontext.Value) int {
	d := jsontext.NewDecoder(bytes.NewBuffer(v), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	deepest := 0
	for {
		if _, err := d.ReadToken(); err != nil {
			return deepest
		}
		deepest = max(deepest, d.StackDepth())
	}
}

// some returns a pointer to v, or nil if nothing in it is set: what a provider does not say is absent.
func some[T any](v T) *T {
	if reflect.ValueOf(&v).Elem().IsZero() {
		return nil
	}
	return &v
}
