package relay

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/relay/route"
	"github.com/meetbus/meetbus/schemas"
)

// ErrNoEndpoint comes for a webhook that came to an endpoint that there is no more, or that takes another provider's now.
var ErrNoEndpoint = errors.New("no endpoint takes it")

// ErrAltered comes for a webhook whose bytes are not those of its digest.
var ErrAltered = errors.New("its body is not the one that came: its digest is another")

// ErrUnconfirmed comes for a dead letter of which nobody can tell today that it is the provider's: it is forged, the provider has
// replaced its key since, or the key cannot be had. It wraps why.
var ErrUnconfirmed = errors.New("the keys of today do not confirm its signature (meetbus deadletter retry --as-stored believes the letter)")

// Retake is Again for a dead letter. Where its endpoint verifies, its signature is checked once more, with the keys of now: whoever can
// write to the stream of dead letters need not be a relay, and what it says of itself counts for nothing. Where it does not, the
// event is not verified, whatever the letter was. It waits for a newer key as long as a webhook does, and fails like Again, or with
// ErrUnconfirmed.
func (r *Relay) Retake(ctx context.Context, letter *schemas.Event, h http.Header, body []byte) (*normalize.Event, route.Decision, error) {
	arrived, provider, err := r.arriveAgain(letter, h, body)
	if err != nil {
		return nil, route.Decision{}, err
	}
	checked := *letter
	checked.Verified, checked.Signature = arrived.endpoint.Verify, ""
	if checked.Verified {
		if checked.Signature, err = r.confirm(ctx, arrived, provider); err != nil {
			return nil, route.Decision{}, fmt.Errorf("%w: %w", ErrUnconfirmed, err)
		}
	}
	return r.again(arrived, provider, &checked)
}

// confirm returns the signature of a webhook, if a key of the provider at its endpoint has made it.
func (r *Relay) confirm(ctx context.Context, a *arrival, p normalize.Provider) (_ string, err error) {
	if a.claim, err = signatureOf(a.endpoint, a.header); err != nil {
		return "", err
	}
	signer, err := r.signer(ctx, a)
	if err != nil {
		return "", err
	}
	if signer.Name != p.Name {
		return "", fmt.Errorf("it is signed by %s", signer.Name)
	}
	return base64.StdEncoding.EncodeToString(a.claim.signature), nil
}

// Again says what a webhook that was taken before is today, and where that belongs: by the rules, and by the endpoint of its name.
// Of the event, or dead letter, that it became then it has what its body does not say: whose it is, when it came, whether it was
// verified. Of its headers those that were kept. Nothing is checked again but that its bytes are those of its digest and that it is ours,
// and its id is a fresh one. It fails like normalize.Normalize, with ErrAltered or ErrNoEndpoint, or if its organization is not ours.
// It may be called by several goroutines at once.
func (r *Relay) Again(stored *schemas.Event, h http.Header, body []byte) (*normalize.Event, route.Decision, error) {
	arrived, provider, err := r.arriveAgain(stored, h, body)
	if err != nil {
		return nil, route.Decision{}, err
	}
	return r.again(arrived, provider, stored)
}

// arriveAgain is a webhook that was taken before, as if it arrived now, and its provider with the names of headers that it has today.
func (r *Relay) arriveAgain(stored *schemas.Event, h http.Header, body []byte) (*arrival, normalize.Provider, error) {
	endpoint, provider, err := r.tookFrom(stored)
	if err != nil {
		return nil, normalize.Provider{}, err
	}
	return &arrival{endpoint: endpoint, header: h, body: body, digest: sha256.Sum256(body), at: time.Now()}, provider, nil
}

// again is what Again says of a webhook that arrives again, and was stored so.
func (r *Relay) again(a *arrival, provider normalize.Provider, stored *schemas.Event) (*normalize.Event, route.Decision, error) {
	if stored.Digest != "" && stored.Digest != hex.EncodeToString(a.digest[:]) {
		return nil, route.Decision{}, ErrAltered
	}
	e, err := normalize.Normalize(&normalize.Webhook{
		Provider: provider, Endpoint: a.endpoint.Name, Verified: stored.Verified,
		Source: a.endpoint.Source, NoDedupe: true, NoOriginal: a.endpoint.NoOriginal,
		Header: a.header, Body: a.body, Digest: a.digest, Received: stored.RecordedTime,
	})
	if err != nil {
		return nil, route.Decision{}, err
	}
	if err := accept(a.endpoint, e); err != nil {
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
