package relay

import (
	"cmp"
	"encoding/hex"
	"net/http"

	"github.com/meetbus/meetbus/normalize"
)

// claims are what a webhook that was refused says of itself and nobody has checked: anybody may have written them. They help to find
// the delivery at the provider. The signature is never among them.
type claims struct {
	delivery, registration string
	// length is that of the body in bytes, as it came or as a header says; below 0 if neither tells.
	length int64
	// digest is the SHA-256 of the body in hex; empty if nothing was read.
	digest string
}

// claimsOf are the claims of a request to an endpoint, whose body was not read to its end.
func claimsOf(e *Endpoint, q *http.Request) claims {
	return claims{length: q.ContentLength}.of(e, q.Header)
}

// claims are those of a webhook that came whole.
func (a *arrival) claims() claims {
	return claims{length: int64(len(a.body)), digest: hex.EncodeToString(a.digest[:])}.of(a.endpoint, a.header)
}

// of adds what headers claim that the providers of an endpoint send.
func (c claims) of(e *Endpoint, h http.Header) claims {
	for _, s := range e.Signers {
		c.delivery = cmp.Or(c.delivery, first(h, s.Provider.Headers.Delivery))
		c.registration = cmp.Or(c.registration, first(h, s.Provider.Headers.Registration))
	}
	return c
}

func first(h http.Header, names []string) string {
	for _, name := range names {
		if value := h.Get(name); value != "" {
			return value
		}
	}
	return ""
}

// refused says what is known of a webhook that was not let in. The body of one that is signed is read: the provider has written it.
func refused(a *arrival, w *normalize.Webhook) *receipt {
	if w != nil && w.Verified {
		if e, err := normalize.Normalize(w); err == nil {
			return named(e)
		}
	}
	return &receipt{claims: a.claims()}
}
