package schemas

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"regexp"
	"slices"
	"strings"

	"github.com/cloudevents/sdk-go/v2/event"
)

// In binary mode a header is the attribute's name after this prefix, in lower case: the SDKs look for nothing else.
const binaryPrefix = "ce-"

// binaryHeader writes attributes as headers. The media type of the data has a header that is not CloudEvents' own.
func binaryHeader(values []string) map[string][]string {
	header := make(map[string][]string, len(attributes))
	encoded := make([]string, len(attributes))
	for i, value := range values {
		if value != "" {
			encoded[i] = percentEncoded(value)
			header[binaryNames[i]] = encoded[i : i+1 : i+1]
		}
	}
	return header
}

// binaryNames are the names of the headers that the attributes have, in their order.
var binaryNames = func() []string {
	names := make([]string, len(attributes))
	for i, a := range attributes {
		names[i] = a.Header()
	}
	return names
}()

// Header returns the name of the message header that holds the attribute in binary mode.
func (a Attribute) Header() string {
	if a.Name == "datacontenttype" {
		return "content-type"
	}
	return binaryPrefix + a.Name
}

// percentEncoded writes s as the binding has it in a header: every byte that is no printable ASCII, and blank, quote and percent,
// as % and two hex digits.
func percentEncoded(s string) string {
	const hex = "0123456789ABCDEF"
	if isPlain(s) {
		return s
	}
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; isPlain(s[i : i+1]) {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
	return b.String()
}

// isPlain says whether s may stand in a header as it is.
func isPlain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c > '~' || c == '"' || c == '%' {
			return false
		}
	}
	return true
}

// percentDecoded reads what percentEncoded writes. A % without two hex digits is itself.
func percentDecoded(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if high, low := unhex(s[i+1]), unhex(s[i+2]); high >= 0 && low >= 0 {
				b = append(b, byte(high<<4|low))
				i += 2
				continue
			}
		}
		b = append(b, s[i])
	}
	return string(b)
}

// unhex returns the value of a hex digit, or -1.
func unhex(c byte) int {
	if 'A' <= c && c <= 'F' {
		c |= 0x20
	}
	return strings.IndexByte("0123456789abcdef", c)
}

// ErrNoCloudEvent comes for a message that is no CloudEvent in either content mode.
var ErrNoCloudEvent = errors.New("message is no CloudEvent")

// Structured returns the JSON of a CloudEvent for a message in either content mode. One in structured mode is returned as it is,
// byte for byte, if it is JSON; of one in binary mode the data is, and the attributes are decoded. The header's names are in lower case, as
// they are on the bus.
func Structured(header map[string][]string, data []byte) ([]byte, error) {
	contentType := first(header, "content-type")
	if media, _, err := mime.ParseMediaType(contentType); err == nil && media == event.ApplicationCloudEventsJSON {
		if !json.Valid(data) {
			return nil, ErrNoCloudEvent
		}
		return data, nil
	}
	if first(header, binaryPrefix+"specversion") == "" {
		return nil, ErrNoCloudEvent
	}
	var b bytes.Buffer
	for _, name := range namesIn(header) {
		value := percentDecoded(first(header, binaryPrefix+name))
		if name == verified && (value == "true" || value == "false") {
			fmt.Fprintf(&b, ",%q:%s", name, value)
			continue
		}
		fmt.Fprintf(&b, ",%s:%s", appendQuoted(nil, name), appendQuoted(nil, value))
	}
	if contentType != "" {
		fmt.Fprintf(&b, `,"datacontenttype":%s`, appendQuoted(nil, contentType))
	}
	return withData(b.Bytes(), data), nil
}

// withData closes an event that attributes, each after a comma, begin. Data that is no JSON is base64.
func withData(attributes, data []byte) []byte {
	var b bytes.Buffer
	b.WriteByte('{')
	b.Write(bytes.TrimPrefix(attributes, []byte{','}))
	switch {
	case len(data) == 0:
	case json.Valid(data):
		b.WriteString(`,"data":`)
		b.Write(data)
	default:
		encoded, _ := json.Marshal(data) // bytes never fail
		b.WriteString(`,"data_base64":`)
		b.Write(encoded)
	}
	b.WriteByte('}')
	return b.Bytes()
}

// attributeName is what an attribute can be called. ofJSON are members of an event in JSON that no ce- header stands for.
var (
	attributeName = regexp.MustCompile(`^[a-z0-9]+$`)
	ofJSON        = []string{"data", "data_base64", "datacontenttype"}
)

// namesIn returns the names of the attributes in a header: ours in their order, then others.
func namesIn(header map[string][]string) []string {
	var names, others []string
	for _, a := range attributes {
		if first(header, binaryPrefix+a.Name) != "" && !slices.Contains(ofJSON, a.Name) {
			names = append(names, a.Name)
		}
	}
	for name := range header {
		name, isAttribute := strings.CutPrefix(name, binaryPrefix)
		if isAttribute && attributeName.MatchString(name) && !slices.Contains(ofJSON, name) && !slices.Contains(names, name) {
			others = append(others, name)
		}
	}
	slices.Sort(others)
	return append(names, others...)
}

func first(header map[string][]string, name string) string {
	if values := header[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}
