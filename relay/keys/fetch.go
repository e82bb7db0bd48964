package keys

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/meetbus/meetbus/relay/loopback"
)

const (
	// fetchTimeout bounds a whole fetch, redirects and body included.
	fetchTimeout = 5 * time.Second
	maxRedirects = 3
)

// parseURL returns the URL of a key document if it is one that may be fetched. Its errors do not quote it, since it may
// carry a password or a token.
func parseURL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" {
		return nil, errors.New("the key URL is not one")
	}
	if u.Scheme != "https" && !isLocal(u) {
		return nil, errors.New("the key URL is not https (plain http is allowed on a loopback address only)")
	}
	return u, nil
}

// isLocal reports whether u is plain http that does not leave the machine.
func isLocal(u *url.URL) bool {
	return u.Scheme == "http" && loopback.Is(u.Hostname())
}

// withoutSecrets returns u as logs may show it: without user, password, query and fragment.
func withoutSecrets(u *url.URL) string {
	shown := *u
	shown.User, shown.RawQuery, shown.ForceQuery, shown.Fragment, shown.RawFragment = nil, "", false, "", ""
	return shown.Redacted()
}

// newClient returns a client for one fetch an hour: it keeps no connection, and so no goroutine, between two of them.
func newClient() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DisableKeepAlives = true
	transport.MaxResponseHeaderBytes = maxDocument
	return &http.Client{Transport: transport, CheckRedirect: checkRedirect, Timeout: fetchTimeout}
}

// checkRedirect lets no redirect lead from https to plain http, nor from this machine to plain http elsewhere.
func checkRedirect(next *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return fmt.Errorf("more than %d redirects", maxRedirects)
	}
	if next.URL.Scheme != "https" && !(isLocal(next.URL) && isLocal(via[0].URL)) {
		return errors.New("redirected to a URL that is not https")
	}
	return nil
}

func (r *Ring) fetch(ctx context.Context) ([]*rsa.PublicKey, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.url.String(), nil)
	if err != nil {
		return nil, errors.New("making the request for the key document")
	}
	req.Header.Set("User-Agent", "meetbus")
	resp, err := r.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("fetching key document: %w", withoutURL(err))
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("fetching key document: status %d", resp.StatusCode)
	}
	document, err := readBounded(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("fetching key document: %w", withoutURL(err))
	}
	return Parse(document)
}

// withoutURL strips the URL, query included, that net/http writes before each of its errors.
func withoutURL(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}
