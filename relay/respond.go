package relay

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/relay/bus"
	"github.com/meetbus/meetbus/relay/inspect"
	"github.com/meetbus/meetbus/relay/keys"
)

// receipt says what became of a webhook that was taken.
type receipt struct {
	id, kind, provider, subject string
	// event is the provider's name of what happened, meeting the id of the meeting; both are parts of the body.
	event, meeting string
	stream         string
	sequence       uint64
	duplicate      bool
	// queued says that it waits in the outbox: it has no sequence yet.
	queued             bool
	mapped, identified bool
	// reason is why it became a dead letter; empty for an event.
	reason string
	// isDropped says that the rule named wants it not to be stored.
	isDropped bool
	rule      int
	// ruled is the rule that has decided, for people to read; empty where none has.
	ruled string
	// claims are of a webhook of which nothing is known.
	claims claims
}

// named is what is known of an event that is not stored.
func named(e *normalize.Event) *receipt {
	return &receipt{kind: e.Type, provider: e.Provider, event: e.ProviderType, meeting: e.MeetingID}
}

// dropped is the receipt for an event that a rule drops.
func dropped(e *normalize.Event, rule int, ruled string) *receipt {
	r := named(e)
	r.id, r.mapped, r.identified, r.isDropped, r.rule, r.ruled = e.ID, e.Mapped, e.Identified, true, rule, ruled
	return r
}

// json is the receipt as the sender gets it, as encoding/json writes it: one is written for every webhook.
func (r *receipt) json() []byte {
	b := make([]byte, 0, len(r.id)+len(r.kind)+len(r.subject)+len(r.stream)+len(r.reason)+128)
	b = appendText(append(b, `{"id":`...), r.id)
	b = appendText(append(b, `,"type":`...), r.kind)
	if r.isDropped {
		return append(b, `,"dropped":true}`...)
	}
	b = appendText(append(b, `,"subject":`...), r.subject)
	if r.queued {
		b = append(b, `,"queued":true`...)
	} else {
		b = appendText(append(b, `,"stream":`...), r.stream)
		b = strconv.AppendUint(append(b, `,"sequence":`...), r.sequence, 10)
		b = strconv.AppendBool(append(b, `,"duplicate":`...), r.duplicate)
	}
	if r.reason != "" {
		b = appendText(append(b, `,"deadLettered":true,"reason":`...), r.reason)
	}
	return append(b, '}')
}

// appendText appends text in quotes.
func appendText(b []byte, text string) []byte {
	for i := range len(text) {
		if !isPlain[text[i]] {
			quoted, _ := json.Marshal(text) // text never fails
			return append(b, quoted...)
		}
	}
	return append(append(append(b, '"'), text...), '"')
}

// isPlain says which bytes stand in JSON as they are.
var isPlain = func() (is [256]bool) {
	for c := ' '; c <= '~'; c++ {
		is[c] = !strings.ContainsRune(`"\<>&`, c)
	}
	return is
}()

// outcome is the one word for what became of a webhook, in the log, in meetbus_webhook_duration_seconds and in the inspector.
type outcome = inspect.Outcome

func (r *receipt) outcome() outcome {
	switch {
	case r.isDropped:
		return inspect.Dropped
	case r.reason != "":
		return inspect.DeadLettered
	case r.queued:
		return inspect.Queued
	case r.duplicate:
		return inspect.Duplicate
	case !r.mapped:
		return inspect.Unmapped
	}
	return inspect.Published
}

// problem is an answer that is not 200, as RFC 9457 has it. It names the fault coarsely: the sender may be anybody.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
	// retryAfter is in seconds; 0: it is no use to send it again.
	retryAfter int
	// doubtful says that it is most likely forged, and 503 all the same.
	doubtful bool
	// hangUp ends the connection: net/http would wait for a body that nobody read before it sends the answer.
	hangUp bool
}

// answers is the one table from errors to status codes. A status below 500 means that we will never take it, 503 that it
// should be sent again. No 3xx and no 429: RealtimeKit takes both for final.
var answers = []struct {
	err        error
	status     int
	name       string
	title      string
	retryAfter int
	unread     bool
}{
	{errUnsigned, http.StatusUnauthorized, "signature-missing", "The signature header is missing", 0, true},
	{errMalformed, http.StatusUnauthorized, "signature-malformed", "The signature is malformed", 0, true},
	{keys.ErrSignature, http.StatusUnauthorized, "signature-wrong", "The signature does not verify", 0, false},
	{errNotLocal, http.StatusUnauthorized, "not-verifying", "This endpoint does not verify", 0, true},
	{errUnregistered, http.StatusForbidden, "registration", "This webhook registration is not ours", 0, false},
	{errForeign, http.StatusForbidden, "organization", "This organization is not ours", 0, false},
	{errUnintelligible, http.StatusBadRequest, "unintelligible", "The body is not a webhook of this provider", 0, false},
	{errBodyTooLarge, http.StatusRequestEntityTooLarge, "body-too-large", "The body is too large", 0, true},
	{errEncoding, http.StatusUnsupportedMediaType, "content-encoding", "Content-Encoding is not supported", 0, true},
	{errNoPath, http.StatusNotFound, "no-endpoint", "There is no endpoint at this path", 0, true},
	{errMethod, http.StatusMethodNotAllowed, "method", "Webhooks are sent with POST", 0, true},
	{keys.ErrUnavailable, http.StatusServiceUnavailable, "key-unavailable", "The signature cannot be checked now", 60, false},
	{bus.ErrFull, http.StatusServiceUnavailable, "bus-full", "The bus is full", 10, false},
	{bus.ErrUnavailable, http.StatusServiceUnavailable, "bus-unavailable", "The bus is unavailable", 1, false},
	{errOverloaded, http.StatusServiceUnavailable, "overloaded", "The relay is overloaded", 1, true},
	{errBodySlow, http.StatusServiceUnavailable, "too-slow", "The body did not arrive in time", 1, true},
	{errBodyBroken, http.StatusServiceUnavailable, "body-broken", "The body did not arrive whole", 1, true},
}

// explain returns the answer to an error. One that is not in the table is our own fault: send it again.
func explain(err error) problem {
	for _, a := range answers {
		if errors.Is(err, a.err) {
			return problem{
				Type: "urn:meetbus:problem:" + a.name, Title: a.title, Status: a.status, Detail: detail(err),
				retryAfter: a.retryAfter, hangUp: a.unread, doubtful: errors.Is(err, keys.ErrDoubtful),
			}
		}
	}
	return problem{
		Type: "urn:meetbus:problem:internal", Title: "The relay has failed", Status: http.StatusServiceUnavailable, retryAfter: 1,
	}
}

// detail is what the sender may know beyond the kind of fault: the one word for why a body is unintelligible. It quotes nothing.
func detail(err error) string {
	if errors.Is(err, errUnintelligible) {
		return reason(err)
	}
	return ""
}

// respond answers a webhook: with its receipt, or with the problem that err is.
func respond(c echo.Context, r *receipt, err error) error {
	if err != nil {
		return respondProblem(c, explain(err))
	}
	return c.JSONBlob(http.StatusOK, append(r.json(), '\n'))
}

func respondProblem(c echo.Context, p problem) error {
	body, err := json.Marshal(p)
	if err != nil {
		return err
	}
	if p.hangUp {
		c.Response().Header().Set(echo.HeaderConnection, "close")
	}
	if p.retryAfter > 0 {
		c.Response().Header().Set("Retry-After", strconv.Itoa(p.retryAfter))
	}
	return c.Blob(p.Status, "application/problem+json", body)
}

// outcome counts what is most likely forged as rejected: else whoever forges webhooks could make us believe that we are unavailable.
func (p problem) outcome() outcome {
	if p.Status >= http.StatusInternalServerError && !p.doubtful {
		return inspect.Unavailable
	}
	return inspect.Rejected
}
