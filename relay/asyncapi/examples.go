package asyncapi

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/schemas"
)

// What every example has: when it arrived, the id of the delivery, and an id where none can be told.
const (
	exampleDelivery = "591edf0b-6a0e-4a52-8d3f-7d5c3c1f0a97"
	exampleID       = "019e8cf1-8cc8-7b31-9d6a-4f0e2c8b5a17"
)

var exampleArrival = time.Date(2026, 6, 3, 10, 5, 1, 0, time.UTC)

// addExamples makes messages of examples of a type's data: the body that such an event keeps goes the way of a webhook to an endpoint
// of this configuration.
func (b *builder) addExamples(typ string, examples []jsontext.Value) ([]example, error) {
	var all []example
	for _, data := range examples {
		e, err := b.exampleEvent(typ, data)
		if err != nil {
			return nil, fmt.Errorf("example of %s: %w", typ, err)
		}
		one, err := b.sealed(e)
		if err != nil {
			return nil, err
		}
		b.events[typ] = append(b.events[typ], e)
		all = append(all, one)
	}
	return all, nil
}

func (b *builder) exampleEvent(typ string, data jsontext.Value) (*schemas.Event, error) {
	if typ == schemas.TypeDeadLetter {
		return b.exampleLetter(data)
	}
	var kept struct {
		Original string `json:"original"`
	}
	if err := json.Unmarshal(data, &kept); err != nil {
		return nil, err
	}
	provider, err := normalize.Recognize(nil, []byte(kept.Original))
	if err != nil {
		return nil, err
	}
	e, err := normalize.Normalize(b.webhook(provider, []byte(kept.Original)))
	if err != nil {
		return nil, err
	}
	if !e.Identified {
		e.ID = exampleID
	}
	return &e.Event, nil
}

func (b *builder) exampleLetter(data jsontext.Value) (*schemas.Event, error) {
	var letter schemas.DeadLetter
	if err := json.Unmarshal(data, &letter); err != nil {
		return nil, err
	}
	w := b.webhook(normalize.Dyte, letter.Body)
	for name, values := range letter.Headers {
		w.Header[http.CanonicalHeaderKey(name)] = values
	}
	e := normalize.DeadLetter(w, exampleDelivery, letter.Reason, letter.Detail)
	return &e.Event, nil
}

// webhook is one that comes to the first endpoint that takes such.
func (b *builder) webhook(p normalize.Provider, body []byte) *normalize.Webhook {
	at := Endpoint{Name: p.Name, Verified: true}
	for _, e := range b.Endpoints {
		if e.Provider == p.Name || e.Provider == "" {
			at = e
			break
		}
	}
	w := &normalize.Webhook{
		Provider: p, Endpoint: at.Name, Verified: at.Verified, Source: at.Source, NoDedupe: at.NoDedupe, NoOriginal: at.NoOriginal,
		Header: http.Header{}, Body: body, Received: exampleArrival,
	}
	if names := p.Headers.Delivery; len(names) > 0 {
		w.Header.Set(names[0], exampleDelivery)
	}
	return w
}

// sealed returns an event as the message that subscribers get.
func (b *builder) sealed(e *schemas.Event) (example, error) {
	header, data, err := b.Envelope.Seal(e)
	if err != nil {
		return example{}, err
	}
	one := example{Name: strings.TrimSpace(e.Provider + " " + cmp.Or(e.ProviderType, e.Type)), Payload: data}
	if e.Status != "" {
		one.Name += ", " + e.Status
	}
	for _, a := range schemas.Attributes() {
		if values := header[a.Header()]; len(values) == 1 {
			one.Headers.add(a.Header(), values[0])
		}
	}
	one.Headers.add(messageID, e.MessageID())
	return one, nil
}
