package schemas

import (
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/cloudevents/sdk-go/v2/types"
)

// attribute is one attribute of a CloudEvent whose value is text.
type attribute struct{ name, value string }

// check refuses what the SDK lets through: CloudEvents 1.0.2 forbids these characters in any attribute.
func (a attribute) check() error {
	for i, r := range a.value {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(a.value[i:]); size == 1 {
				return fmt.Errorf("%s is not UTF-8", a.name)
			}
		}
		if !Writable(r) {
			return fmt.Errorf("%s has the character %U, which no CloudEvent may have", a.name, r)
		}
	}
	return nil
}

// Writable reports whether the attributes of a CloudEvent may hold r: no control character and no noncharacter.
func Writable(r rune) bool {
	control := r <= 0x1f || 0x7f <= r && r <= 0x9f
	noncharacter := 0xfdd0 <= r && r <= 0xfdef || r&0xfffe == 0xfffe
	return !control && !noncharacter
}

// timeAttribute writes t in RFC 3339 and UTC. The zero time is the empty value.
func timeAttribute(name string, t time.Time) (attribute, error) {
	if t.IsZero() {
		return attribute{name: name}, nil
	}
	if year := t.UTC().Year(); year < 0 || year > 9999 {
		return attribute{}, fmt.Errorf("%s is in the year %d, which RFC 3339 cannot write", name, year)
	}
	return attribute{name, types.FormatTime(t)}, nil
}
