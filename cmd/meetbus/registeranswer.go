package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// errUnanswered says that the API gave no answer that can be understood: what was asked may have been done.
var errUnanswered = errors.New("no answer of the API")

// refusal is an answer of the API that says no.
type refusal struct {
	status int
	// message is the API's own, safe to be shown; empty where it says nothing that can be understood.
	message string
	// after is how long it asks to wait; 0 where it does not.
	after time.Duration
}

func (e *refusal) Error() string {
	said := fmt.Sprintf("the API answers %d", e.status)
	if text := cmp.Or(e.message, http.StatusText(e.status)); text != "" {
		said += " (" + text + ")"
	}
	switch {
	case e.status == http.StatusUnauthorized || e.status == http.StatusForbidden:
		return said + ": are the credentials those of this account, and may they manage webhooks?"
	case e.status >= 300 && e.status < 400:
		return said + ": redirects are not followed, since credentials would go elsewhere; is --api right?"
	case e.status == http.StatusTooManyRequests:
		return said + ": try again later"
	case e.status >= 500:
		return said + ": the provider has a fault, try again later"
	}
	return said
}

// mayPass says whether the same request may be answered otherwise a little later.
func mayPass(err error) bool {
	if refused := new(refusal); errors.As(err, &refused) {
		return refused.status == http.StatusTooManyRequests || refused.status >= 500
	}
	return errors.Is(err, errUnanswered)
}

// isStatus says whether err is a refusal with this status.
func isStatus(err error, status int) bool {
	refused := new(refusal)
	return errors.As(err, &refused) && refused.status == status
}

// apiAnswer is around all answers: Dyte's failures have error, Cloudflare's have errors, and a gateway's only a message.
type apiAnswer struct {
	Success *bool           `json:"success"`
	Data    json.RawMessage `json:"data"`
	Message string          `json:"message"`
	Error   struct {
		Message string `json:"message"`
	} `json:"error"`
	Errors []struct {
		Message string `json:"message"`
	} `json:"errors"`
}

// read takes the data out of an answer. The body is never quoted, except for the message that an error has in its place.
func (r *registrar) read(response *http.Response, text []byte, data any) error {
	var e apiAnswer
	understood := json.Unmarshal(text, &e) == nil
	if response.StatusCode/100 != 2 || understood && e.Success != nil && !*e.Success {
		refused := &refusal{status: response.StatusCode, after: retryAfter(response.Header)}
		if understood {
			refused.message = r.shown(e.message())
		}
		return refused
	}
	switch {
	case data == nil && (understood || len(bytes.TrimSpace(text)) == 0):
		return nil
	case !understood:
		return fmt.Errorf("%w: status %d, and a body that is no JSON: is --api right?", errUnanswered, response.StatusCode)
	case json.Unmarshal(e.Data, data) != nil:
		return fmt.Errorf("%w: status %d, and no data of the documented shape: is --api right?", errUnanswered, response.StatusCode)
	}
	return nil
}

func (e apiAnswer) message() string {
	var all []string
	for _, said := range e.Errors {
		all = append(all, said.Message)
	}
	return cmp.Or(e.Error.Message, strings.Join(all, "; "), e.Message)
}

// shown makes a text of the API fit to be shown: short, on one line, and without the credentials.
func (r *registrar) shown(s string) string { return shortened(printable(r.hide.Replace(s))) }

// retryAfter returns the pause that an answer asks for, in seconds; 0 where it asks for none.
func retryAfter(h http.Header) time.Duration {
	seconds, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return time.Duration(min(seconds, 3600)) * time.Second
}
