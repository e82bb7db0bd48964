package normalize

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/meetbus/meetbus/schemas"
)

// Why a body cannot become an event. An error of Normalize is always one of these, wrapped with detail for the log and the
// dead letter; the detail may quote the body, so it must not be shown to the sender.
var (
	ErrNotUTF8 = errors.New("body is not UTF-8")
	ErrNotJSON = errors.New("body is not one JSON object")
	ErrNoEvent = errors.New("body names no event")
)

// Webhook is one delivery of a provider, as it arrived at an endpoint.
type Webhook struct {
	// Provider is its row of the table, with the names of its headers as the endpoint has them.
	Provider Provider
	// Endpoint is the configured name of the endpoint. Verified says that it checked the signature.
	Endpoint string
	Verified bool
	// Source is the CloudEvents source; if empty, the provider's.
	Source string
	// NoDedupe gives every event a fresh id; NoOriginal leaves the body out of its data.
	NoDedupe, NoOriginal bool
	// Signature, if the event is to carry it, is what was checked, in base64.
	Signature string

	Header http.Header
	Body   []byte
	// Digest is the SHA-256 of Body, where the caller has it already: the signature is over it, too.
	Digest   [sha256.Size]byte
	Received time.Time
}

// Event is a webhook in our words: what subscribers see, and what only the relay must know.
type Event struct {
	schemas.Event
	// Organization is the provider's id of the customer that the body, signed, says it belongs to; empty where it names none.
	Organization string
	// Mapped says that the type is in the catalogue.
	Mapped bool
	// Identified says that a provider's retry gets the same id.
	Identified bool
}

// Normalize returns the event that w reports. The event is a valid CloudEvent whatever the body holds. It may be called by
// several goroutines at once, and keeps nothing of w.
func Normalize(w *Webhook) (*Event, error) {
	p, err := open(w.Body)
	if err != nil {
		return nil, err
	}
	defer p.rest()
	r, err := w.Provider.read(p.members)
	if err != nil {
		return nil, err
	}
	e := &Event{Event: w.attributes(), Organization: r.organization, Mapped: r.kind != ""}
	describe(&e.Event, r)
	if !w.NoOriginal {
		e.Data.Shared().Original = p.text
	}
	once := ""
	if occursOnce(r) {
		once = e.Digest
	}
	e.ID, e.Identified = w.identify(once)
	return e, nil
}

// open reads the one JSON object that body is. Like parse, it returns what the caller lets rest.
func open(body []byte) (*parser, error) {
	if !utf8.Valid(body) {
		return nil, ErrNotUTF8
	}
	p, err := parse(body)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotJSON, err)
	}
	return p, nil
}
