package schemas

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/cloudevents/sdk-go/v2/types"
)

// Attribute is one attribute that a CloudEvent of ours can have.
type Attribute struct {
	// Name as CloudEvents spells it: lower-case letters and digits.
	Name string
	// About says in a few words what it holds.
	About string

	// core attributes are those of the specification; the others are extensions.
	core bool
	of   func(v Envelope, e *Event) string
}

// Of returns the attribute of e as text, as the envelope would write it; empty if e has none.
func (a Attribute) Of(v Envelope, e *Event) string { return a.of(v, e) }

// Attributes returns every attribute that an event can have, in the order of the documentation.
func Attributes() []Attribute { return slices.Clone(attributes) }

// AttributeNamed returns the attribute of that name.
func AttributeNamed(name string) (Attribute, bool) {
	for _, a := range attributes {
		if a.Name == name {
			return a, true
		}
	}
	return Attribute{}, false
}

// attributes is the one list of them: what is written, and what rules can ask for.
var attributes = []Attribute{
	{"specversion", "version of CloudEvents", true, func(Envelope, *Event) string { return event.CloudEventsVersionV1 }},
	{"id", "names the event, together with source", true, func(_ Envelope, e *Event) string { return e.ID }},
	{"source", "whose event it is, as a URI", true, func(_ Envelope, e *Event) string { return e.Source }},
	{"type", "what happened", true, func(v Envelope, e *Event) string { return v.typeOf(e.Type) }},
	{"subject", "id of the meeting, else of what the event is about", true, func(_ Envelope, e *Event) string { return said(e.Subject) }},
	{"time", "when it happened", true, func(_ Envelope, e *Event) string { return instant(e.Time) }},
	{"datacontenttype", "media type of the data", true, func(Envelope, *Event) string { return event.ApplicationJSON }},
	{"dataschema", "JSON Schema of the data", true, func(v Envelope, e *Event) string { return v.schemaOf(e.Type) }},

	{"provider", "dyte, realtimekit or videosdk", false, func(_ Envelope, e *Event) string { return e.Provider }},
	{"providertype", "the provider's own name of the event", false, func(_ Envelope, e *Event) string { return e.ProviderType }},
	{"endpoint", "name of the endpoint that it came to", false, func(_ Envelope, e *Event) string { return e.Endpoint }},
	{verified, "whether the signature was checked", false, func(_ Envelope, e *Event) string { return strconv.FormatBool(e.Verified) }},
	{"meetingid", "id of the meeting", false, func(_ Envelope, e *Event) string { return e.MeetingID }},
	{"sessionid", "id of the session of the meeting", false, func(_ Envelope, e *Event) string { return e.SessionID }},
	{"participantid", "id of the participant", false, func(_ Envelope, e *Event) string { return e.ParticipantID }},
	{"status", "new status, for types ending in statusUpdate", false, func(_ Envelope, e *Event) string { return e.Status }},
	{"deliveryid", "the provider's id of the delivery, unsigned", false, func(_ Envelope, e *Event) string { return e.DeliveryID }},
	{"webhookid", "the provider's id of the registration, unsigned", false, func(_ Envelope, e *Event) string { return e.WebhookID }},
	{"recordedtime", "when the webhook arrived", false, func(_ Envelope, e *Event) string { return instant(e.RecordedTime) }},
	{"partitionkey", "the same for all events of one meeting", false, func(_ Envelope, e *Event) string { return e.PartitionKey }},
	{"digest", "SHA-256 of the body, in hex", false, func(_ Envelope, e *Event) string { return e.Digest }},
	{"signature", "the provider's signature of the body, in base64", false, func(_ Envelope, e *Event) string { return e.Signature }},
	{"traceparent", "trace that the request was part of", false, func(_ Envelope, e *Event) string { return e.TraceParent }},
	{"tracestate", "vendors' part of traceparent", false, func(_ Envelope, e *Event) string { return e.TraceState }},
}

// verified is the only attribute that is no text: JSON has it as true or false.
const verified = "verified"

// said returns s, unless it is blank: the SDK refuses a blank subject, in every subscriber.
func said(s string) string {
	if strings.TrimSpace(s) == "" {
		return ""
	}
	return s
}

// instant writes t in RFC 3339 and UTC. The zero time is the empty value.
func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return types.FormatTime(t)
}

// values sets the text of every attribute, in their order, and refuses what no CloudEvent may have: the SDK lets it through.
func (v Envelope) values(values []string, e *Event) error {
	if err := errors.Join(checkTime("time", e.Time), checkTime("recordedtime", e.RecordedTime)); err != nil {
		return err
	}
	for i := range attributes {
		a := &attributes[i]
		value := a.of(v, e)
		if err := check(value); err != nil {
			return fmt.Errorf("%s %w", a.Name, err)
		}
		values[i] = value
	}
	return nil
}

func checkTime(name string, t time.Time) error {
	if year := t.UTC().Year(); year < 0 || year > 9999 {
		return fmt.Errorf("%s is in the year %d, which RFC 3339 cannot write", name, year)
	}
	return nil
}

// check refuses what CloudEvents 1.0.2 forbids in any attribute.
func check(value string) error {
	if isPrintableASCII(value) {
		return nil
	}
	for i, r := range value {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(value[i:]); size == 1 {
				return errors.New("is not UTF-8")
			}
		}
		if !Writable(r) {
			return fmt.Errorf("has the character %U, which no CloudEvent may have", r)
		}
	}
	return nil
}

func isPrintableASCII(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// Writable reports whether the attributes of a CloudEvent may hold r: no control character and no noncharacter.
func Writable(r rune) bool {
	control := r <= 0x1f || 0x7f <= r && r <= 0x9f
	noncharacter := 0xfdd0 <= r && r <= 0xfdef || r&0xfffe == 0xfffe
	return !control && !noncharacter
}
