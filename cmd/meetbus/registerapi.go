package main

import (
	"encoding/base64"
	"net/url"
	"strings"

	"github.com/meetbus/meetbus/relay/loopback"
)

// registryAPI is where a provider keeps the URLs that get its webhooks, and what it asks of those who call. What is here is what
// the public documentation says; none of it was tried against a live provider.
type registryAPI struct {
	// base is the URL of the provider's API.
	base string
	// path leads from base to the registrations; {NAME} in it stands for the credential of that name.
	path string
	// needs are the credentials.
	needs []credential
	// authorization returns the Authorization header.
	authorization func(customer) string
	// emptyIsMissing says that a list of nothing is answered with 404. A public receiver of RealtimeKit's webhooks reports so.
	emptyIsMissing bool
}

// credential is one of the things that a customer has from a provider.
type credential struct {
	// name is the environment variable's; alias is another one that means the same.
	name, alias string
	// secret says that it opens something; the others are ids, which URLs hold too.
	secret bool
}

// registryAPIs are those of the providers that have one. https://docs.dyte.io/api (webhooks, v2) and
// https://developers.cloudflare.com/api/resources/realtime_kit/subresources/webhooks describe them. The names of the variables
// are those that Cloudflare's tools and the public users of both APIs have.
var registryAPIs = map[string]registryAPI{
	"dyte": {
		base:  "https://api.dyte.io/v2",
		path:  "/webhooks",
		needs: []credential{{name: "DYTE_ORG_ID", alias: "DYTE_ORGANIZATION_ID"}, {name: "DYTE_API_KEY", secret: true}},
		authorization: func(c customer) string {
			return "Basic " + base64.StdEncoding.EncodeToString([]byte(c["DYTE_ORG_ID"]+":"+c["DYTE_API_KEY"]))
		},
	},
	"realtimekit": {
		base:           "https://api.cloudflare.com/client/v4",
		path:           "/accounts/{CLOUDFLARE_ACCOUNT_ID}/realtime/kit/{REALTIMEKIT_APP_ID}/webhooks",
		needs:          []credential{{name: "CLOUDFLARE_ACCOUNT_ID"}, {name: "REALTIMEKIT_APP_ID"}, {name: "CLOUDFLARE_API_TOKEN", secret: true}},
		authorization:  func(c customer) string { return "Bearer " + c["CLOUDFLARE_API_TOKEN"] },
		emptyIsMissing: true,
	},
}

// variables lists the names of the credentials.
func (a registryAPI) variables() string {
	var names []string
	for _, n := range a.needs {
		names = append(names, n.name)
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// collection returns the URL of the registrations below base. A credential that is missing stays as {NAME}.
func (a registryAPI) collection(base string, c customer) string {
	path := a.path
	for name, value := range c {
		path = strings.ReplaceAll(path, "{"+name+"}", url.PathEscape(value))
	}
	return strings.TrimRight(base, "/") + path
}

// checkAPI refuses an API to which credentials may not be sent.
func checkAPI(base string) error {
	u, err := url.Parse(base)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http":
		return usagef("--api must be an https URL, such as https://api.dyte.io/v2")
	case u.Scheme == "http" && !loopback.Is(u.Hostname()):
		return usagef("--api must be https: plain http would show the credentials to everybody on the way (it is allowed on loopback)")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return usagef("--api may have no user, no query and no fragment: credentials come from the environment or --credentials")
	}
	return nil
}
