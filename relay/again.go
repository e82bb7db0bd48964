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
	endpoint, provider, err := r.tookFrom(letter)
	if err != nil {
		return nil, route.Decision{}, err
	}
	checked := *letter
	checked.Verified, checked.Signature = endpoint.Verify, ""
	if endpoint.Verify {
		if checked.Signature, err = r.confirm(ctx, endpoint, provider, h, body); err != nil {
			return nil, route.Decision{}, fmt.Errorf("%w: %w", ErrUnconfirmed, err)
		}
	}
	return r.Again(&checked, h, body)
}

// confirm returns the signature of a stored webhook, if a key of the provider at that endpoint has made it.
func (r *Relay) confirm(ctx context.Context, e *Endpoint, p normalize.Provider, h http.Header, body []byte) (string, error) {
	claim, err := signatureOf(e, h)
	if err != nil {
		return "", err
	}
	signer, err := r.signer(ctx, &arrival{endpoint: e, claim: claim, header: h, digest: sha256.Sum256(body), at: time.Now()})
	if err != nil {
		return "", err
	}
	if signer.Name != p.Name {
		return "", fmt.Errorf("it is signed by %s", signer.Name)
	}
	return base64.StdEncoding.EncodeToString(claim.signature), nil
}

// Again says what a webhook that was taken before is today, and where that belongs: by the rules, and by the endpoint of its name.
// Of the event, or dead letter, that it became then it has what its body does not say: whose it is, when it came, whether it was
// verified. Of its headers those that were kept. Nothing is checked again but that its bytes are those of its digest and that it is ours,
// and its id is a fresh one. It fails like normalize.Normalize, with ErrAltered or ErrNoEndpoint, or if its organization is not ours.
// It may be called by several goroutines at once.
func (r *Relay) Again(stored *schemas.Event, h http.Header, body []byte) (*normalize.Event, route.Decision, error) {
	endpoint, provider, err := r.tookFrom(stored)
	if err != nil {
		return nil, route.Decision{}, err
	}
	digest := sha256.Sum256(body)
	if stored.Digest != "" && stored.Digest != hex.EncodeToString(digest[:]) {
		return nil, route.Decision{}, ErrAltered
	}
	e, err := normalize.Normalize(&normalize.Webhook{
		Provider: provider, Endpoint: endpoint.Name, Verified: stored.Verified,
		Source: endpoint.Source, NoDedupe: true, NoOriginal: endpoint.NoOriginal,
		Header: h, Body: body, Digest: digest, Received: stored.RecordedTime,
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
