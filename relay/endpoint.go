package relay

import (
	"net/http"
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

// spelled returns endpoints with the names of headers as net/http spells them: a name in another spelling is copied each time
// that it is looked for.
func spelled(endpoints []Endpoint) []Endpoint {
	endpoints = slices.Clone(endpoints)
	for i := range endpoints {
		e := &endpoints[i]
		e.SignatureHeaders = canonical(e.SignatureHeaders)
		e.Signers = slices.Clone(e.Signers)
		for i := range e.Signers {
			h := &e.Signers[i].Provider.Headers
			h.Signature, h.Delivery, h.Registration = canonical(h.Signature), canonical(h.Delivery), canonical(h.Registration)
		}
	}
	return endpoints
}

func canonical(names []string) []string {
	names = slices.Clone(names)
	for i, name := range names {
		names[i] = http.CanonicalHeaderKey(name)
	}
	return names
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

// KeyState says how it stands with the keys that a provider publishes.
type KeyState struct {
	// Known says that they were fetched, Age how long ago; of several key documents the oldest counts.
	Known bool
	Age   time.Duration
	// Failing says that the last fetch has failed.
	Failing bool
}

// KeyStates returns the state of each provider's keys, where an endpoint wants them fetched.
func (r *Relay) KeyStates() map[string]KeyState {
	states := map[string]KeyState{}
	for _, e := range r.endpoints {
		for _, s := range e.Signers {
			for _, ring := range s.Keys {
				if !ring.Fetches() {
					continue
				}
				state, seen := states[s.Provider.Name]
				states[s.Provider.Name] = state.with(ring, !seen)
			}
		}
	}
	return states
}

func (s KeyState) with(ring *keys.Ring, first bool) KeyState {
	age, known := ring.Age()
	return KeyState{
		Known:   known && (first || s.Known),
		Age:     max(age, s.Age),
		Failing: s.Failing || ring.Failing(),
	}
}
