package normalize

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/meetbus/meetbus/schemas"
)

// Why a webhook is a dead letter: the first three for the errors of Normalize, the others for what the bus will never take.
const (
	ReasonNotUTF8  = "not_utf8"
	ReasonNotJSON  = "not_json"
	ReasonNoEvent  = "no_event"
	ReasonRefused  = "refused"
	ReasonTooLarge = "too_large"
)

// Reasons returns every reason.
func Reasons() []string {
	return []string{ReasonNotUTF8, ReasonNotJSON, ReasonNoEvent, ReasonRefused, ReasonTooLarge}
}

// detailMax is the length of the detail of a dead letter in bytes: it may quote the body, which is there anyway.
const detailMax = 512

// DeadLetter returns the event that keeps w, which could not become an event, or could not be stored as the one with the id.
// Where id is empty nothing of the body was understood, and the id is made from the delivery: Identified tells of that. It
// keeps nothing of w.
func DeadLetter(w *Webhook, id, reason, detail string) *Event {
	e := &Event{Event: w.attributes()}
	e.ID, e.Type = id, schemas.TypeDeadLetter
	if id == "" {
		e.ID, e.Identified = w.identify("")
	}
	e.Data = &schemas.DeadLetter{
		Reason:     reason,
		Detail:     cut(detail, detailMax),
		Endpoint:   w.Endpoint,
		Headers:    w.shownHeaders(),
		Body:       append([]byte{}, w.Body...),
		ReceivedAt: schemas.Timestamp(w.Received.UTC().Format(time.RFC3339Nano)),
	}
	return e
}

// shownHeaders returns the provider's own headers and those that tell of the body and the sender. The others, among which the
// secrets are, are there by name only; a secret among the provider's own is masked.
func (w *Webhook) shownHeaders() map[string][]string {
	shown := make(map[string][]string, len(w.Header))
	for name, values := range w.Header {
		name = strings.ToLower(name)
		switch {
		case !w.Provider.sends(name) && name != "user-agent" && !strings.HasPrefix(name, "content-"):
			values = nil
		case isSecret(name):
			values = []string{"<secret>"}
		}
		shown[name] = append([]string{}, values...)
	}
	return shown
}

// isSecret says whether a header's name, in lower case, tells that its value must not be kept.
func isSecret(name string) bool {
	for _, word := range []string{"auth", "cookie", "key", "password", "secret", "token"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}

// IsStreamKey says whether the name of a value tells that it is a stream key, however it is spelt: who has one can stream in our name.
// It is in the provider's own payload only, and is shown to nobody.
func IsStreamKey(name string) bool {
	return strings.Contains(strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(name)), "streamkey")
}

// sends says whether the header named, in lower case, is one of the provider's own.
func (p Provider) sends(name string) bool {
	if slices.ContainsFunc(p.prefixes, func(prefix string) bool { return strings.HasPrefix(name, prefix) }) {
		return true
	}
	configured := slices.Concat(p.Headers.Signature, p.Headers.Delivery, p.Headers.Registration)
	return slices.ContainsFunc(configured, func(own string) bool { return strings.EqualFold(own, name) })
}

// cut returns the start of s, at most limit bytes of valid UTF-8.
func cut(s string, limit int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= limit {
		return s
	}
	for !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}
