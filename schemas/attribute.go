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
	// read sets what of has written; nil where no field of an Event holds it.
	read func(e *Event, text string) error
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

// attributes is the one list of them: what is written, what is read, and what rules can ask for.
var attributes = []Attribute{
	{"specversion", "version of CloudEvents", true, func(Envelope, *Event) string { return event.CloudEventsVersionV1 }, nil},
	text(true, "id", "names the event, together with source", func(e *Event) *string { return &e.ID }),
	text(true, "source", "whose event it is, as a URI", func(e *Event) *string { return &e.Source }),
	{"type", "what happened", true, func(v Envelope, e *Event) string { return v.typeOf(e.Type) }, nil},
	{"subject", "id of the meeting, else of what the event is about", true, func(_ Envelope, e *Event) string { return said(e.Subject) },
		func(e *Event, text string) error { e.Subject = text; return nil }},
	moment(true, "time", "when it happened", func(e *Event) *time.Time { return &e.Time }),
	{"datacontenttype", "media type of the data", true, func(Envelope, *Event) string { return event.ApplicationJSON }, nil},
	{"dataschema", "JSON Schema of the data", true, func(v Envelope, e *Event) string { return v.schemaOf(e.Type) }, nil},

	text(false, "provider", "dyte, realtimekit or videosdk", func(e *Event) *string { return &e.Provider }),
	text(false, "providertype", "the provider's own name of the event", func(e *Event) *string { return &e.ProviderType }),
	text(false, "endpoint", "name of the endpoint that it came to", func(e *Event) *string { return &e.Endpoint }),
	{verified, "whether the signature was checked", false, func(_ Envelope, e *Event) string { return strconv.FormatBool(e.Verified) },
		func(e *Event, text string) (err error) { e.Verified, err = strconv.ParseBool(text); return err }},
	text(false, "meetingid", "id of the meeting", func(e *Event) *string { return &e.MeetingID }),
	text(false, "sessionid", "id of the session of the meeting", func(e *Event) *string { return &e.SessionID }),
	text(false, "participantid", "id of the participant", func(e *Event) *string { return &e.ParticipantID }),
	text(false, "status", "new status, for types ending in statusUpdate", func(e *Event) *string { return &e.Status }),
	text(false, "deliveryid", "the provider's id of the delivery, unsigned", func(e *Event) *string { return &e.DeliveryID }),
	text(false, "webhookid", "the provider's id of the registration, unsigned", func(e *Event) *string { return &e.WebhookID }),
	moment(false, "recordedtime", "when the webhook arrived", func(e *Event) *time.Time { return &e.RecordedTime }),
	text(false, "partitionkey", "the same for all events of one meeting", func(e *Event) *string { return &e.PartitionKey }),
	text(false, "digest", "SHA-256 of the body, in hex", func(e *Event) *string { return &e.Digest }),
	text(false, "signature", "the provider's signature of the body, in base64", func(e *Event) *string { return &e.Signature }),
	text(false, "traceparent", "trace that the request was part of", func(e *Event) *string { return &e.TraceParent }),
	text(false, "tracestate", "vendors' part of traceparent", func(e *Event) *string { return &e.TraceState }),
	text(false, "replayof", "id of the event that this is a replay of", func(e *Event) *string { return &e.ReplayOf }),
}

// text is an attribute that a field holds as it is.
func text(core bool, name, about string, field func(*Event) *string) Attribute {
	return Attribute{name, about, core,
		func(_ Envelope, e *Event) string { return *field(e) },
		func(e *Event, text string) error { *field(e) = text; return nil }}
}

// moment is an attribute that is a time.
func moment(core bool, name, about string, field func(*Event) *time.Time) Attribute {
	return Attribute{name, about, core,
		func(_ Envelope, e *Event) string { return instant(*field(e)) },
		func(e *Event, text string) error {
			t, err := time.Parse(time.RFC3339, text)
			*field(e) = t.UTC()
			return err
		}}
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
