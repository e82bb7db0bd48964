package relay

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/relay/keys"
	"github.com/meetbus/meetbus/relay/loopback"
)

var (
	errUnsigned     = errors.New("signature header is missing")
	errMalformed    = errors.New("signature is not one base64 text of a signature's length")
	errNotLocal     = errors.New("this endpoint does not verify, and the request does not come from this machine")
	errUnregistered = errors.New("registration id is not one of webhook_ids")
)

// An RSA signature is as long as its key: 1024 to 8192 bits.
const signatureMin, signatureMax = 1024 / 8, 8192 / 8

// verify says whose webhook it is. On a verifying endpoint the signature decides, over the raw bytes and before any of them
// is parsed; on an unverified one anything from this machine passes, and where several providers may send, the body decides.
func (r *Relay) verify(ctx context.Context, a arrival) (normalize.Webhook, error) {
	identify := r.provenance
	if a.endpoint.Verify {
		identify = r.signer
	}
	provider, err := identify(ctx, a)
	if err != nil {
		return normalize.Webhook{}, err
	}
	if err := registered(a, provider); err != nil {
		return normalize.Webhook{}, err
	}
	return normalize.Webhook{
		Provider:   provider,
		Endpoint:   a.endpoint.Name,
		Verified:   a.endpoint.Verify,
		Source:     a.endpoint.Source,
		NoDedupe:   a.endpoint.NoDedupe,
		NoOriginal: a.endpoint.NoOriginal,
		Header:     a.header,
		Body:       a.body,
		Received:   a.at,
	}, nil
}

// signer returns the provider whose key made the signature.
func (r *Relay) signer(ctx context.Context, a arrival) (normalize.Provider, error) {
	header, signature, err := signatureOf(a)
	if err != nil {
		return normalize.Provider{}, err
	}
	signers := slices.DeleteFunc(slices.Clone(a.endpoint.Signers), func(s Signer) bool { return !s.uses(header) })
	// Known keys first, all of them: only a signature that none of them made is worth a fetch.
	for _, s := range signers {
		for _, ring := range s.Keys {
			if ring.Knows(a.digest, signature) {
				return s.Provider, nil
			}
		}
	}
	refusal := keys.ErrSignature
	for _, s := range signers {
		for _, ring := range s.Keys {
			switch err := ring.Verify(ctx, a.digest, signature, a.at); {
			case err == nil:
				return s.Provider, nil
			case !errors.Is(err, keys.ErrSignature):
				refusal = err // nobody can tell: a later key may verify it
			}
		}
	}
	return normalize.Provider{}, refusal
}

func signatureOf(a arrival) (header string, signature []byte, err error) {
	for _, header := range a.endpoint.SignatureHeaders {
		values := a.header.Values(header)
		if len(values) == 0 {
			continue
		}
		if len(values) > 1 {
			return "", nil, errMalformed
		}
		signature, err := base64.StdEncoding.Strict().DecodeString(values[0])
		if err != nil || len(signature) < signatureMin || len(signature) > signatureMax {
			return "", nil, errMalformed
		}
		return header, signature, nil
	}
	return "", nil, errUnsigned
}

// provenance refuses what tunnels, proxies and web pages send to an unverified endpoint: they reach loopback too.
func (r *Relay) provenance(_ context.Context, a arrival) (normalize.Provider, error) {
	public := r.isPublic(a.host)
	switch {
	case !public && !loopback.Is(hostname(a.host)):
		return normalize.Provider{}, fmt.Errorf("%w: its Host is neither a loopback name nor in http.hosts", errNotLocal)
	case !public && wasForwarded(a.header):
		return normalize.Provider{}, fmt.Errorf("%w: it was forwarded", errNotLocal)
	case len(a.header.Values("Origin")) > 0:
		return normalize.Provider{}, fmt.Errorf("%w: it has an Origin, so a web page sent it", errNotLocal)
	case len(a.endpoint.Signers) == 1:
		return a.endpoint.Signers[0].Provider, nil
	}
	provider, err := normalize.Recognize(a.header, a.body)
	if err != nil {
		return normalize.Provider{}, fmt.Errorf("%w: %w", errUnintelligible, err)
	}
	return provider, nil
}

func wasForwarded(h http.Header) bool {
	for name := range h {
		if name == "Forwarded" || strings.HasPrefix(name, "X-Forwarded-") {
			return true
		}
	}
	return false
}

func (r *Relay) isPublic(host string) bool {
	return slices.ContainsFunc(r.hosts, func(h string) bool { return strings.EqualFold(h, hostname(host)) })
}

// hostname is the name in a Host header, without a port.
func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
}

func registered(a arrival, p normalize.Provider) error {
	if len(a.endpoint.WebhookIDs) == 0 {
		return nil
	}
	for _, header := range p.Headers.Registration {
		if values := a.header.Values(header); len(values) > 0 {
			if len(values) == 1 && slices.Contains(a.endpoint.WebhookIDs, values[0]) {
				return nil
			}
			break
		}
	}
	return errUnregistered
}
