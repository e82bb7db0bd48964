package normalize

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/meetbus/meetbus/schemas"
)

// Provider is one row of the table of providers: all that the rest of meetbus knows of it.
type Provider struct {
	// Name is what configuration, metrics and events call it; its default path is /webhooks/<Name>.
	Name string
	// Source is the CloudEvents source of its events.
	Source string
	// KeyURL is where it publishes the key that its signatures are checked with.
	KeyURL string
	// Headers are the names of its headers.
	Headers Headers
	// NamesOrganizations says that its bodies name the customer that they belong to.
	NamesOrganizations bool

	// prefixes are those of the names of its headers.
	prefixes []string
	events   table
	read     func(object) (*reading, error)
	// meeting finds the meeting in a body that read may refuse.
	meeting func(object) schemas.Meeting
	// claims says whether a webhook looks like this provider's, where no signature tells.
	claims func(http.Header, object) bool
}

// Headers are the names of a provider's headers; of each, the first that is present counts.
type Headers struct {
	// Signature is base64 of RSASSA-PKCS1-v1_5 with SHA-256 over the raw body.
	Signature []string
	// Delivery identifies the delivery, the same one on a retry. No signature covers it. Empty: the provider has none.
	Delivery []string
	// Registration identifies the webhook's registration with the provider. No signature covers it.
	Registration []string
}

// Providers is the table of providers, in the order of the documentation.
func Providers() []Provider { return []Provider{Dyte, RealtimeKit, VideoSDK} }

// Lookup returns the provider that is called name.
func Lookup(name string) (Provider, bool) {
	for _, p := range Providers() {
		if p.Name == name {
			return p, true
		}
	}
	return Provider{}, false
}

// Types returns the types of the catalogue that the provider's events can have.
func (p Provider) Types() []string {
	var types []string
	for _, row := range p.events {
		if !slices.Contains(types, row.kind) {
			types = append(types, row.kind)
		}
	}
	return types
}

// Statuses returns the status words that an event of the provider can have; nil if the body says any.
func (p Provider) Statuses(event string) []string {
	at, found := p.events.find(event)
	switch {
	case !found || p.events[at].status == "":
		return nil
	case p.events[at].status == stopped:
		return []string{stopped, uploaded} // if a file is there
	}
	return []string{p.events[at].status}
}

// Known returns what is known of the attributes of the provider's events of one name before they come, where typ is the type that they
// have: of each attribute, all values that it can have. The others can have any.
func (p Provider) Known(event, typ string) map[string][]string {
	known := map[string][]string{"provider": {p.Name}, "type": {typ}, "status": p.Statuses(event)}
	if schemas.Known(typ) {
		known["providertype"] = []string{event}
	}
	return known
}

// MeetingIn returns the id of the meeting that a body names, or nothing. It is for people who look for what could not become an event:
// of a body that is no JSON object nothing is found, and no error.
func (p Provider) MeetingIn(body []byte) string {
	opened, err := open(body)
	if err != nil {
		return ""
	}
	defer opened.rest()
	return attribute(p.meeting(opened.members).ID)
}

// Recognize says whose webhook a body looks like, for an endpoint that takes several providers' and checks no signature. It
// fails like Normalize where the body looks like nobody's.
func Recognize(h http.Header, body []byte) (Provider, error) {
	opened, err := open(body)
	if err != nil {
		return Provider{}, err
	}
	defer opened.rest()
	for _, p := range slices.Backward(Providers()) { // the first takes what the later ones do not claim
		if p.claims(h, opened.members) {
			return p, nil
		}
	}
	return Provider{}, fmt.Errorf("%w: no field is there in which a provider says it", ErrNoEvent)
}
