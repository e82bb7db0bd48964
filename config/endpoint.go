package config

import (
	"fmt"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/meetbus/meetbus/normalize"
)

var (
	endpointName = regexp.MustCompile(`^[a-z0-9_-]{1,64}$`)
	// endpointPath has no character that a router, a proxy or a URL reads in a way of its own.
	endpointPath = regexp.MustCompile(`^/[A-Za-z0-9._~@+=,/-]*$`)
	headerName   = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")
	uriReference = regexp.MustCompile(`^[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+$`)
)

func item(list string, i int) string { return fmt.Sprintf("%s[%d]", list, i) }

func (k *checker) endpoints(endpoints []Endpoint, loopback bool) {
	k.expect(len(endpoints) > 0, "endpoints", "must have at least one endpoint; leave the list out for the default ones")
	names, paths := map[string]int{}, map[string]int{}
	for i, e := range endpoints {
		at := item("endpoints", i)
		k.oneOf(e.Provider, at+".provider", providerNames()...)
		if e.Provider == "" {
			continue // the defaults of everything else come from it
		}
		if slices.Contains(providerNames(), e.Provider) {
			k.endpoint(e, at, loopback)
		}
		if first, taken := names[e.Name]; taken {
			k.report(at+".name", "is the name of "+item("endpoints", first)+", too")
		} else {
			names[e.Name] = i
		}
		same := strings.TrimSuffix(e.Path, "/")
		if first, taken := paths[same]; taken {
			k.report(at+".path", "is the path of "+item("endpoints", first)+", too; one path is one endpoint")
		} else {
			paths[same] = i
		}
	}
}

func (k *checker) endpoint(e Endpoint, at string, loopback bool) {
	k.expect(endpointName.MatchString(e.Name), at+".name", "must be 1 to 64 of a-z, 0-9, - and _")
	k.expect(cleanPath(e.Path), at+".path",
		"must be an absolute path without empty, . and .. segments, of letters, digits and . _ ~ @ + = , - only")
	k.oneOf(e.Verify, at+".verify", VerifySignature, VerifyNone)
	k.expect(e.Verify != VerifyNone || loopback || e.Insecure, at+".verify",
		"is none while http.listen is beyond loopback: anybody could send events; verify the signature "+
			"(serve --verify), or say insecure: true beside it")
	k.headers(e.Headers, at+".headers")
	k.notEmpty(e.Accept.Organizations, at+".accept.organizations")
	k.notEmpty(e.WebhookIDs, at+".webhook_ids")
	k.oneOf(e.Dedupe, at+".dedupe", "auto", "none")
	k.oneOf(e.Original, at+".original", "full", "none")
	if e.Provider == ProviderAuto {
		k.auto(e, at)
		return
	}
	if p, ok := normalize.Lookup(e.Provider); ok {
		k.ofProvider(e, p, at)
	}
}

// ofProvider checks what an endpoint of one provider may say.
func (k *checker) ofProvider(e Endpoint, p normalize.Provider, at string) {
	k.expect(validSource(e.Source), at+".source", "must be a URI without a fragment")
	k.expect(e.Keys.URL != "" || e.Keys.File != "", at+".keys", "must have a url or a file")
	k.expect(e.Keys.URL == "" || keyURL(e.Keys.URL), at+".keys.url", "must be an https URL, or an http one on loopback")
	k.keyDocument(e.Keys.File, at+".keys.file")
	k.expect(e.Keys.Refresh >= time.Minute, at+".keys.refresh", "must be at least 1m")
	k.expect(p.NamesOrganizations || !e.accepting(), at+".accept.organizations",
		p.Name+" bodies name no organization; use a path that nobody can guess")
	k.expect(len(p.Headers.Registration) > 0 || e.Headers.Registration != "" || len(e.WebhookIDs) == 0, at+".webhook_ids",
		p.Name+" sends no registration id")
}

// auto refuses what an endpoint takes over from the endpoints of the provider that it finds.
func (k *checker) auto(e Endpoint, at string) {
	const refused = "is not for provider auto: give each provider an endpoint of its own"
	k.expect(e.Keys == Keys{}, at+".keys", refused)
	k.expect(e.Headers == Headers{}, at+".headers", refused)
	k.expect(!e.accepting() && !e.Accept.Unnamed, at+".accept", refused)
	k.expect(len(e.WebhookIDs) == 0, at+".webhook_ids", refused)
	k.expect(e.Source == "", at+".source", refused)
}

func (k *checker) headers(h Headers, at string) {
	for _, header := range []struct{ key, name string }{
		{"signature", h.Signature}, {"delivery", h.Delivery}, {"registration", h.Registration},
	} {
		k.expect(header.name == "" || headerName.MatchString(header.name), at+"."+header.key, "must be the name of a header")
	}
}

func (k *checker) notEmpty(values []string, at string) {
	for i, value := range values {
		k.expect(strings.TrimSpace(value) != "", item(at, i), "must not be empty")
	}
}

func providerNames() []string {
	var names []string
	for _, p := range normalize.Providers() {
		names = append(names, p.Name)
	}
	return append(names, ProviderAuto)
}

// cleanPath wants a path that a request can have; a trailing slash is the same path.
func cleanPath(p string) bool {
	return endpointPath.MatchString(p) && (p == "/" || path.Clean(p) == strings.TrimSuffix(p, "/"))
}

// mixed warns about endpoints that do not verify beside some that do, for events of one source: the bus tells them apart by
// source and id only, and a forged event with the id of a signed one to come would be stored in its place.
func (c Config) mixed() []string {
	verifying := map[string]string{}
	for _, e := range c.Endpoints {
		for _, source := range e.sources() {
			if e.Verify == VerifySignature {
				verifying[source] = e.Name
			}
		}
	}
	var warnings []string
	for _, e := range c.Endpoints {
		for _, source := range e.sources() {
			if verifies := verifying[source]; e.Verify == VerifyNone && verifies != "" {
				warnings = append(warnings, "at "+e.Name+": what is not verified here has the source of what is at "+verifies+
					", and could be stored in its place: set another source")
				break
			}
		}
	}
	return warnings
}

// unsignable warns about endpoints whose events carry a signature and not what it is of.
func (c Config) unsignable() []string {
	var warnings []string
	for _, e := range c.Endpoints {
		if c.CloudEvents.Signature && e.Original == "none" {
			warnings = append(warnings, "at "+e.Name+": cloudevents.signature is of no use without the original that it is of")
		}
	}
	return warnings
}

// sources are the CloudEvents sources that events of e can have.
func (e Endpoint) sources() []string {
	if e.Provider != ProviderAuto {
		return []string{e.Source}
	}
	var sources []string
	for _, p := range normalize.Providers() {
		sources = append(sources, p.Source)
	}
	return sources
}

func validSource(source string) bool {
	parsed, err := url.Parse(source)
	return err == nil && uriReference.MatchString(source) && parsed.String() == source && !strings.Contains(source, "#")
}

// warning returns what people should know of an endpoint; empty if nothing.
func (e Endpoint) warning() string {
	p, _ := normalize.Lookup(e.Provider)
	switch {
	case e.Verify == VerifyNone:
		return "signatures are NOT verified, so whoever gets there can send events: serve --verify checks them, and so does " +
			"verify: signature in a file"
	case e.accepting() || e.secluded():
		return ""
	case p.NamesOrganizations:
		return "what the provider signed for any of its customers is taken: set accept.organizations, or a path with a segment " +
			"of 20 random characters or more"
	default:
		return "what the provider signed for any of its customers is taken: set a path with a segment of 20 random characters " +
			"or more"
	}
}
