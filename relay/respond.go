package relay

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/meetbus/meetbus/relay/bus"
	"github.com/meetbus/meetbus/relay/keys"
)

// receipt says what became of a webhook that was taken.
type receipt struct {
	id, kind, provider, subject string
	stream                      string
	sequence                    uint64
	duplicate                   bool
	mapped, identified          bool
	// reason is why it became a dead letter; empty for an event.
	reason string
}

func (r receipt) MarshalJSON() ([]byte, error) {
	type stored struct {
		ID           string `json:"id"`
		Type         string `json:"type"`
		Subject      string `json:"subject"`
		Stream       string `json:"stream"`
		Sequence     uint64 `json:"sequence"`
		Duplicate    bool   `json:"duplicate"`
		DeadLettered bool   `json:"deadLettered,omitempty"`
		Reason       string `json:"reason,omitempty"`
	}
	return json.Marshal(stored{r.id, r.kind, r.subject, r.stream, r.sequence, r.duplicate, r.reason != "", r.reason})
}

// outcome is the one word for what became of a webhook, in the log and in meetbus_webhook_duration_seconds.
type outcome string

const (
	published    outcome = "published"
	duplicate    outcome = "duplicate"
	unmapped     outcome = "unmapped"
	deadLettered outcome = "dead_lettered"
	rejected     outcome = "rejected"
	unavailable  outcome = "unavailable"
)

func (r receipt) outcome() outcome {
	switch {
	case r.reason != "":
		return deadLettered
	case r.duplicate:
		return duplicate
	case !r.mapped:
		return unmapped
	}
	return published
}

// problem is an answer that is not 200, as RFC 9457 has it. It names the fault coarsely: the sender may be anybody.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
	// retryAfter is in seconds; 0: it is no use to send it again.
	retryAfter int
}

// answers is the one table from errors to status codes. A status below 500 means that we will never take it, 503 that it
// should be sent again. No 3xx and no 429: RealtimeKit takes both for final.
var answers = []struct {
	err        error
	status     int
	name       string
	title      string
	retryAfter int
}{
	{errUnsigned, http.StatusUnauthorized, "signature-missing", "The signature header is missing", 0},
	{errMalformed, http.StatusUnauthorized, "signature-malformed", "The signature is malformed", 0},
	{keys.ErrSignature, http.StatusUnauthorized, "signature-wrong", "The signature does not verify", 0},
	{errNotLocal, http.StatusUnauthorized, "not-verifying", "This endpoint does not verify", 0},
	{errUnregistered, http.StatusForbidden, "registration", "This webhook registration is not ours", 0},
	{errForeign, http.StatusForbidden, "organization", "This organization is not ours", 0},
	{errUnintelligible, http.StatusBadRequest, "unintelligible", "The body is not a webhook of this provider", 0},
	{errBodyTooLarge, http.StatusRequestEntityTooLarge, "body-too-large", "The body is too large", 0},
	{errEncoding, http.StatusUnsupportedMediaType, "content-encoding", "Content-Encoding is not supported", 0},
	{errNoPath, http.StatusNotFound, "no-endpoint", "There is no endpoint at this path", 0},
	{errMethod, http.StatusMethodNotAllowed, "method", "Webhooks are sent with POST", 0},
	{keys.ErrUnavailable, http.StatusServiceUnavailable, "key-unavailable", "The signature cannot be checked now", 60},
	{bus.ErrFull, http.StatusServiceUnavailable, "bus-full", "The bus is full", 10},
	{bus.ErrUnavailable, http.StatusServiceUnavailable, "bus-unavailable", "The bus is unavailable", 1},
	{errBodySlow, http.StatusServiceUnavailable, "too-slow", "The body did not arrive in time", 1},
	{errBodyBroken, http.StatusServiceUnavailable, "body-broken", "The body did not arrive whole", 1},
}

// explain returns the answer to an error. One that is not in the table is our own fault: send it again.
func explain(err error) problem {
	for _, a := range answers {
		if errors.Is(err, a.err) {
			return problem{
				Type: "urn:meetbus:problem:" + a.name, Title: a.title, Status: a.status, retryAfter: a.retryAfter,
			}
		}
	}
	return problem{
		Type: "urn:meetbus:problem:internal", Title: "The relay has failed", Status: http.StatusServiceUnavailable, retryAfter: 1,
	}
}

// respond answers a webhook: with its receipt, or with the problem that err is.
func respond(c echo.Context, r receipt, err error) error {
	if err == nil {
		return c.JSON(http.StatusOK, r)
	}
	return respondProblem(c, explain(err))
}

func respondProblem(c echo.Context, p problem) error {
	body, err := json.Marshal(p)
	if err != nil {
		return err
	}
	if p.retryAfter > 0 {
		c.Response().Header().Set("Retry-After", strconv.Itoa(p.retryAfter))
	}
	return c.Blob(p.Status, "application/problem+json", body)
}

func (p problem) outcome() outcome {
	if p.Status >= http.StatusInternalServerError {
		return unavailable
	}
	return rejected
}
