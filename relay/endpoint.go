package relay

import (
	"slices"
	"time"

	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/relay/keys"
)

// Endpoint is one place that providers send to.
type Endpoint struct {
	// Name is for logs, metrics and events; Path is not: it may be a secret.
	Name, Path string
	// Verify has every signature checked. Without it anybody who can reach the endpoint may send.
	Verify bool
	// Signers are the providers that may send here, in the order in which their keys are tried.
	Signers []Signer
	// SignatureHeaders are the headers in which a signature is looked for; the first that is present counts.
	SignatureHeaders []string
	// Organizations are the customers of the provider whose events are taken; empty: all. Unnamed lets bodies pass that
	// name no organization.
	Organizations []string
	Unnamed       bool
	// WebhookIDs are the registrations that are taken; empty: all. No signature covers them.
	WebhookIDs []string
	// Source is the CloudEvents source; empty: the provider's.
	Source string
	// NoDedupe gives every event a fresh id; NoOriginal leaves the body out.
	NoDedupe, NoOriginal bool
}

// sender is the provider that sends here, or auto where there are several.
func (e *Endpoint) sender() string {
	switch len(e.Signers) {
	case 0:
		return ""
	case 1:
		return e.Signers[0].Provider.Name
	}
	return "auto"
}

// Signer is a provider and the keys that it signs with.
type Signer struct {
	// Provider is a row of the table, with the names of its headers as this endpoint has them.
	Provider normalize.Provider
	Keys     []*keys.Ring
}

func (s Signer) uses(header string) bool {
	return slices.Contains(s.Provider.Headers.Signature, header)
}

// KeyAges returns how long ago the keys of each provider were fetched, the oldest of several; -1: never.
func (r *Relay) KeyAges() map[string]time.Duration {
	ages := map[string]time.Duration{}
	for _, e := range r.endpoints {
		for _, s := range e.Signers {
			for _, ring := range s.Keys {
				note(ages, s.Provider.Name, ring)
			}
		}
	}
	return ages
}

func note(ages map[string]time.Duration, provider string, ring *keys.Ring) {
	if !ring.Fetches() {
		return
	}
	age, known := ring.Age()
	if !known {
		ages[provider] = -1
		return
	}
	if noted, seen := ages[provider]; !seen || (noted >= 0 && noted < age) {
		ages[provider] = age
	}
}
