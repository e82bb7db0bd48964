package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/meetbus/meetbus/relay/loopback"
)

const (
	// callPatience is how long one answer of a provider's API may take, its body included.
	callPatience = 15 * time.Second
	// maxCalls is how often a call is made that may succeed later.
	maxCalls = 3
	// maxPause bounds the pause between two calls, whatever Retry-After says.
	maxPause = 30 * time.Second
	// maxListing, in bytes, bounds an answer.
	maxListing = 1 << 20
)

// registrar calls one provider's webhook API for one customer.
type registrar struct {
	api registryAPI
	// collection is the URL of the registrations.
	collection    string
	authorization string
	client        *http.Client
	// pause is the first pause before a call is made again; each next one is twice as long.
	pause time.Duration
	// hide takes the credentials out of a text.
	hide *strings.Replacer
}

func newRegistrar(api registryAPI, base string, c customer) *registrar {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxResponseHeaderBytes = 64 << 10
	if u, err := url.Parse(base); err == nil && loopback.Is(u.Hostname()) {
		transport.Proxy = nil
	}
	r := &registrar{
		api: api, collection: api.collection(base, c), authorization: api.authorization(c), pause: time.Second,
		client: &http.Client{Transport: transport, Timeout: callPatience, CheckRedirect: direct.CheckRedirect},
	}
	_, token, _ := strings.Cut(r.authorization, " ")
	hidden := []string{token, "<secret>"}
	for _, n := range api.needs {
		if n.secret {
			hidden = append(hidden, c[n.name], "<secret>")
		}
	}
	r.hide = strings.NewReplacer(hidden...)
	return r
}

// request is one call of the API.
type request struct {
	method string
	// id names one registration; empty: all of them.
	id   string
	body any
}

// url returns where the request goes.
func (q request) url(collection string) string {
	if q.id == "" {
		return collection
	}
	return collection + "/" + url.PathEscape(q.id)
}

// json returns the body as it is sent; nil where there is none.
func (q request) json() ([]byte, error) {
	if q.body == nil {
		return nil, nil
	}
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	err := e.Encode(q.body)
	return bytes.TrimSpace(text.Bytes()), err
}

// check refuses a request for one registration whose id, from the API's own answer perhaps, would be another path.
func (q request) check() error {
	one := q.id != "" || q.method == http.MethodPatch || q.method == http.MethodDelete
	if one && !ids.MatchString(q.id) {
		return fmt.Errorf("%q, which the API calls a registration, is not an id: nothing was sent", shortened(q.id))
	}
	return nil
}

// call makes the request once and decodes the data of the answer into data, unless it is nil. A *refusal is an answer that is no
// success; errUnanswered means that what the request was to do may have been done, or not.
func (r *registrar) call(ctx context.Context, q request, data any) error {
	if err := q.check(); err != nil {
		return err
	}
	body, err := q.json()
	if err != nil {
		return err
	}
	h, err := http.NewRequestWithContext(ctx, q.method, q.url(r.collection), bytes.NewReader(body))
	if err != nil {
		return withoutURL(err)
	}
	h.Header.Set("Authorization", r.authorization)
	h.Header.Set("Accept", "application/json")
	h.Header.Set("User-Agent", "meetbus")
	if body != nil {
		h.Header.Set("Content-Type", "application/json")
	}
	response, err := r.client.Do(h)
	if err != nil {
		return fmt.Errorf("%w: %w", errUnanswered, r.plain(err))
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxListing+1))
	switch {
	case err != nil:
		return fmt.Errorf("%w: read the answer: %w", errUnanswered, r.plain(err))
	case len(text) > maxListing:
		return fmt.Errorf("%w: the answer is larger than 1 MiB", errUnanswered)
	}
	return r.read(response, text, data)
}

// plain says in a few words what net/http says of a call without an answer.
func (r *registrar) plain(err error) error {
	if named := new(url.Error); errors.As(err, &named) && named.Timeout() {
		return fmt.Errorf("nothing within %s", r.client.Timeout)
	}
	return errors.New(r.hide.Replace(withoutURL(err).Error()))
}

// insist makes a request that may be made again, until it is answered for good.
func (r *registrar) insist(ctx context.Context, q request, data any) error {
	for made := 1; ; made++ {
		err := r.call(ctx, q, data)
		if err == nil || !mayPass(err) || made == maxCalls {
			return err
		}
		if waiting := r.wait(ctx, made, err); waiting != nil {
			return fmt.Errorf("stopped after: %w", err)
		}
	}
}

// wait lets the time pass that the API asks for, or that politeness does.
func (r *registrar) wait(ctx context.Context, made int, err error) error {
	pause := r.pause << (made - 1)
	if refused := new(refusal); errors.As(err, &refused) && refused.after > 0 {
		pause = refused.after
	}
	return waitUntil(ctx, time.Now().Add(min(pause, maxPause)))
}
