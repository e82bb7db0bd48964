package relay

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"iter"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/relay/keys"
	"github.com/meetbus/meetbus/relay/loopback"
)

var (
	errUnsigned     = errors.New("signature header is missing")
	errMalformed    = errors.New("signature is not one base64 text of a signature's length")
	errNotLocal     = errors.New("this endpoint does not verify, and takes requests from this machine only (serve --verify lets in what is signed)")
	errUnregistered = errors.New("not one of webhook_ids")
)

// An RSA signature is as long as its key: 1024 to 8192 bits.
const signatureMin, signatureMax = 1024 / 8, 8192 / 8

// verify says whose webhook it is. On a verifying endpoint the signature decides, over the raw bytes and before any of them
// is parsed; on an unverified one, which only this machine reaches, the body decides where several providers may send. With
// errUnregistered the webhook is returned, too: whose it is, is known then.
func (r *Relay) verify(ctx context.Context, a *arrival) (_ *normalize.Webhook, err error) {
	ctx, done := r.step(ctx, "verify")
	defer func() { done(err) }()
	identify := r.apparent
	if a.endpoint.Verify {
		identify = r.signer
	}
	provider, err := identify(ctx, a)
	if err != nil {
		return nil, err
	}
	return r.webhook(a, provider), registered(a, provider)
}

// webhook is an arrival that is known to be a provider's.
func (r *Relay) webhook(a *arrival, p normalize.Provider) *normalize.Webhook {
	signature := ""
	if r.keepSignature {
		signature = base64.StdEncoding.EncodeToString(a.claim.signature)
	}
	return &normalize.Webhook{
		Provider:   p,
		Endpoint:   a.endpoint.Name,
		Verified:   a.endpoint.Verify,
		Source:     a.endpoint.Source,
		NoDedupe:   a.endpoint.NoDedupe,
		NoOriginal: a.endpoint.NoOriginal,
		Signature:  signature,
		Header:     a.header,
		Body:       a.body,
		Digest:     a.digest,
		Received:   a.at,
	}
}

// claim is what the headers of a webhook say, before its body is read: on a verifying endpoint a signature, and the header that
// it came in.
type claim struct {
	header    string
	signature []byte
}

// claimOf refuses what no body can make good.
func (r *Relay) claimOf(e *Endpoint, q *http.Request) (claim, error) {
	if e.Verify {
		return signatureOf(e, q.Header)
	}
	return claim{}, r.checkLocal(q)
}

func signatureOf(e *Endpoint, h http.Header) (claim, error) {
	for _, header := range e.SignatureHeaders {
		values := h.Values(header)
		if len(values) == 0 {
			continue
		}
		if len(values) > 1 {
			return claim{}, errMalformed
		}
		signature, err := base64.StdEncoding.Strict().DecodeString(values[0])
		if err != nil || len(signature) < signatureMin || len(signature) > signatureMax {
			return claim{}, errMalformed
		}
		return claim{header, signature}, nil
	}
	return claim{}, errUnsigned
}

// checkLocal refuses what tunnels, proxies and web pages send to an unverified endpoint: they reach loopback too.
func (r *Relay) checkLocal(q *http.Request) error {
	public := r.isPublic(q.Host)
	switch {
	case !public && !loopback.Is(hostname(q.Host)):
		return fmt.Errorf("%w: its Host is neither a loopback name nor in http.hosts", errNotLocal)
	case !public && wasForwarded(q.Header):
		return fmt.Errorf("%w: it was forwarded", errNotLocal)
	case len(q.Header.Values("Origin")) > 0:
		return fmt.Errorf("%w: it has an Origin, so a web page sent it", errNotLocal)
	}
	return nil
}

// signer returns the provider whose key made the signature.
func (r *Relay) signer(ctx context.Context, a *arrival) (normalize.Provider, error) {
	// Known keys first, all of them: only a signature that none of them made is worth a fetch.
	for s, ring := range a.rings() {
		if ring.Knows(a.digest, a.claim.signature) {
			return s.Provider, nil
		}
	}
	ctx, cancel := context.WithDeadline(ctx, a.at.Add(inTime(r.deadline)))
	defer cancel()
	refusal := keys.ErrSignature
	for s, ring := range a.rings() {
		switch err := ring.Verify(ctx, a.digest, a.claim.signature, a.at); {
		case err == nil:
			return s.Provider, nil
		case errors.Is(err, keys.ErrDoubtful) && !errors.Is(refusal, keys.ErrSignature): // another ring's word is graver
		case !errors.Is(err, keys.ErrSignature):
			refusal = err // nobody can tell: a later key may verify it
		}
	}
	return normalize.Provider{}, refusal
}

// rings are the keys that may have made the signature, with whose they are.
func (a *arrival) rings() iter.Seq2[*Signer, *keys.Ring] {
	return func(yield func(*Signer, *keys.Ring) bool) {
		for i := range a.endpoint.Signers {
			s := &a.endpoint.Signers[i]
			if !s.uses(a.claim.header) {
				continue
			}
			for _, ring := range s.Keys {
				if !yield(s, ring) {
					return
				}
			}
		}
	}
}

// apparent returns the provider whose webhook it looks like, where nobody can tell.
func (r *Relay) apparent(_ context.Context, a *arrival) (normalize.Provider, error) {
	if len(a.endpoint.Signers) == 1 {
		return a.endpoint.Signers[0].Provider, nil
	}
	provider, err := normalize.Recognize(a.header, a.body)
	if err != nil {
		return normalize.Provider{}, fmt.Errorf("%w: %w", errUnintelligible, err)
	}
	return provider, nil
}

// passedOn are headers that proxies and tunnels add beside X-Forwarded-*, as Go spells them.
var passedOn = []string{"Forwarded", "Via", "X-Real-Ip", "Cf-Connecting-Ip"}

func wasForwarded(h http.Header) bool {
	for name := range h {
		if strings.HasPrefix(name, "X-Forwarded-") || slices.Contains(passedOn, name) {
			return true
		}
	}
	return false
}

func (r *Relay) isPublic(host string) bool {
	return slices.ContainsFunc(r.hosts, func(h string) bool { return strings.EqualFold(h, hostname(host)) })
}

// hostname is the name in a Host header, without a port; a Host that is none is returned as it is.
func hostname(host string) string {
	if name, port, err := net.SplitHostPort(host); err == nil {
		if _, err := strconv.ParseUint(port, 10, 16); err != nil {
			return host
		}
		return name
	}
	if inner, bracketed := strings.CutPrefix(host, "["); bracketed && strings.HasSuffix(inner, "]") {
		return strings.TrimSuffix(inner, "]")
	}
	return host
}

func registered(a *arrival, p normalize.Provider) error {
	if len(a.endpoint.WebhookIDs) == 0 {
		return nil
	}
	for _, header := range p.Headers.Registration {
		if values := a.header.Values(header); len(values) > 0 {
			if len(values) == 1 && slices.Contains(a.endpoint.WebhookIDs, values[0]) {
				return nil
			}
			return fmt.Errorf("registration id %s is %w", quoted(strings.Join(values, ", ")), errUnregistered)
		}
	}
	return fmt.Errorf("registration id is %w: there is none", errUnregistered)
}
