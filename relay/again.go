package relay

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/relay/route"
	"github.com/meetbus/meetbus/schemas"
)

// ErrNoEndpoint comes for a webhook that came to an endpoint that there is no more, or that takes another provider's now.
var ErrNoEndpoint = errors.New("no endpoint takes it")

// Again says what a webhook that was taken before is today, and where that belongs: by the rules, and by the endpoint of its name.
// Of the event, or dead letter, that it became then it has what its body does not say: whose it is, when it came, whether it was
// verified. Of its headers those that were kept. Nothing is checked again but that it is ours, and its id is a fresh one. It fails
// like normalize.Normalize, with ErrNoEndpoint, or if its organization is not ours. It may be called by several goroutines at once.
func (r *Relay) Again(stored *schemas.Event, h http.Header, body []byte) (*normalize.Event, route.Decision, error) {
	endpoint, provider, err := r.tookFrom(stored)
	if err != nil {
		return nil, route.Decision{}, err
	}
	e, err := normalize.Normalize(&normalize.Webhook{
		Provider: provider, Endpoint: endpoint.Name, Verified: stored.Verified,
		Source: endpoint.Source, NoDedupe: true, NoOriginal: endpoint.NoOriginal,
		Header: h, Body: body, Received: stored.RecordedTime,
	})
	if err != nil {
		return nil, route.Decision{}, err
	}
	if err := accept(endpoint, e); err != nil {
		return nil, route.Decision{}, err
	}
	// A header that was not kept, or whose name has changed, says nothing.
	e.DeliveryID, e.WebhookID = cmp.Or(stored.DeliveryID, e.DeliveryID), cmp.Or(stored.WebhookID, e.WebhookID)
	e.TraceParent, e.TraceState = stored.TraceParent, stored.TraceState
	if r.keepSignature {
		e.Signature = stored.Signature
	}
	return e, r.rules.Load().Route(&e.Event), nil
}

// tookFrom returns the endpoint of today that took a webhook, and its provider with the names of headers that it has there.
func (r *Relay) tookFrom(stored *schemas.Event) (*Endpoint, normalize.Provider, error) {
	at := slices.IndexFunc(r.endpoints, func(e Endpoint) bool { return e.Name == stored.Endpoint })
	if at < 0 {
		return nil, normalize.Provider{}, fmt.Errorf("%w: it came to %q, and no endpoint has this name now", ErrNoEndpoint, stored.Endpoint)
	}
	endpoint := &r.endpoints[at]
	for _, s := range endpoint.Signers {
		if s.Provider.Name == stored.Provider {
			return endpoint, s.Provider, nil
		}
	}
	return nil, normalize.Provider{}, fmt.Errorf("%w: it came from %q, and endpoint %s takes webhooks of %s now",
		ErrNoEndpoint, stored.Provider, endpoint.Name, endpoint.sender())
}
