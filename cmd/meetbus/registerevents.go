package main

import (
	"net/url"
	"slices"
	"strings"

	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/relay/loopback"
	"github.com/meetbus/meetbus/relay/route"
)

func samplesOf(p normalize.Provider) []normalize.Sample {
	return only(normalize.Samples(), func(s normalize.Sample) bool { return s.Provider.Name == p.Name })
}

// subscription returns the provider's names of the events that are asked for, each once and in the order of the catalogue. Each
// of asked is such a name, a type of ours, or a glob of either; nothing asked means all.
func subscription(p normalize.Provider, asked []string) ([]string, error) {
	samples := samplesOf(p)
	for _, a := range asked {
		if !slices.ContainsFunc(samples, func(s normalize.Sample) bool { return means(a, s) }) {
			return nil, unknownEvent(p, a, samples)
		}
	}
	var events []string
	for _, s := range samples {
		wanted := len(asked) == 0 || slices.ContainsFunc(asked, func(a string) bool { return means(a, s) })
		if wanted && !slices.Contains(events, s.Event) {
			events = append(events, s.Event)
		}
	}
	return events, nil
}

func means(asked string, s normalize.Sample) bool {
	glob := route.Glob(asked)
	return glob.Matches(s.Event) || glob.Matches(s.Type)
}

func unknownEvent(p normalize.Provider, asked string, samples []normalize.Sample) error {
	if name, status, found := strings.Cut(asked, ":"); found {
		return usagef("%s sends an event whatever its status: leave %q out of --event %s", p.Name, ":"+status, name)
	}
	if !route.Glob(asked).Literal() {
		return usagef("--event %q fits no event of %s: there is %s", asked, p.Name, alternatives(namesIn(samples)))
	}
	return usagef("unknown event %q of %s: did you mean %s?", asked, p.Name, alternatives(nearest(asked, namesIn(samples))))
}

// maxURL is what VideoSDK takes at most; nobody else says a number.
const maxURL = 512

// endpointURL reads the public URL of an endpoint. Without a path it gets the default one of p.
func endpointURL(p normalize.Provider, raw string) (*url.URL, error) {
	const example = "such as https://hooks.example.com/webhooks/"
	u, err := url.Parse(raw)
	switch {
	case raw == "":
		return nil, usagef("--url is missing: the public URL of the relay, %s%s", example, p.Name)
	case err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http":
		return nil, usagef("--url must be an https URL, %s%s", example, p.Name)
	case loopback.Is(u.Hostname()):
		return nil, usagef("--url is a loopback address, which %s cannot reach: give the public one, %s%s", p.Name, example, p.Name)
	case u.Scheme != "https":
		return nil, usagef("--url must be https: webhooks name people, and link to recordings")
	case u.User != nil || u.Fragment != "":
		return nil, usagef("--url may have no user, no password and no fragment: meetbus knows a webhook by its signature")
	case len(raw) > maxURL:
		return nil, usagef("--url has more than %d characters", maxURL)
	}
	if strings.Trim(u.Path, "/") == "" {
		u.Path, u.RawPath = "/webhooks/"+p.Name, ""
	}
	return u, nil
}

// sameEndpoint says whether two URLs lead to the same endpoint: case and default port of the host do not count, nor does a
// slash at the end.
func sameEndpoint(a, b string) bool { return plainURL(a) == plainURL(b) }

func plainURL(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return raw
	}
	u.Scheme, u.Host = strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	if u.Scheme == "https" {
		u.Host = strings.TrimSuffix(u.Host, ":443")
	}
	u.Path, u.RawPath = strings.TrimSuffix(u.Path, "/"), strings.TrimSuffix(u.RawPath, "/")
	return u.String()
}

// sameEvents says whether both have the same events, in whatever order.
func sameEvents(a, b []string) bool {
	plain := func(events []string) []string { return slices.Compact(slices.Sorted(slices.Values(events))) }
	return slices.Equal(plain(a), plain(b))
}
