package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
)

// registered is a URL that a provider sends webhooks to.
type registered struct {
	ID     string   `json:"id"`
	Name   string   `json:"name"`
	URL    string   `json:"url"`
	Events []string `json:"events"`
	// Enabled is RealtimeKit's; a registration without it is enabled.
	Enabled *bool `json:"enabled,omitempty"`
}

func (r registered) disabled() bool { return r.Enabled != nil && !*r.Enabled }

// wish is what a registration shall be. What is empty may be as it is.
type wish struct {
	URL    string   `json:"url,omitempty"`
	Name   string   `json:"name,omitempty"`
	Events []string `json:"events,omitempty"`
	// Enabled is sent only to switch one on that is off.
	Enabled *bool `json:"enabled,omitempty"`
}

// defaultName is the name of a registration that was given none.
const defaultName = "meetbus"

// new returns w as it is registered for the first time.
func (w wish) new() wish {
	if w.Name == "" {
		w.Name = defaultName
	}
	return w
}

// beyond returns the part of w that have does not fulfil.
func (w wish) beyond(have registered) wish {
	if sameEndpoint(w.URL, have.URL) {
		w.URL = ""
	}
	if sameEvents(w.Events, have.Events) {
		w.Events = nil
	}
	if w.Name == have.Name {
		w.Name = ""
	}
	if have.disabled() {
		w.Enabled = new(true)
	}
	return w
}

func (w wish) empty() bool { return w.URL == "" && w.Name == "" && w.Events == nil && w.Enabled == nil }

// outcome is what became of a registration.
type outcome struct {
	// Done is registered, unchanged, updated or removed.
	Done string
	Now  registered
	// Was is what it was before an update.
	Was registered
	// Twins are further registrations of the same URL.
	Twins []registered
}

// list returns all that is registered.
func (r *registrar) list(ctx context.Context) ([]registered, error) {
	var all []registered
	err := r.insist(ctx, request{method: http.MethodGet}, &all)
	switch {
	case r.api.emptyIsMissing && isStatus(err, http.StatusNotFound):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("list the registrations: %w", err)
	}
	return all, nil
}

// ensure makes the URL of want registered as want says. It looks first, and looks again after each attempt whose outcome is not
// known, so that no URL is registered twice.
func (r *registrar) ensure(ctx context.Context, want wish) (outcome, error) {
	var failed error
	for made := 0; ; made++ {
		all, err := r.list(ctx)
		switch {
		case err != nil && failed != nil:
			return outcome{}, fmt.Errorf("%w; it may be registered: %w", failed, err)
		case err != nil:
			return outcome{}, err
		}
		if theirs := of(all, want.URL); len(theirs) > 0 {
			return r.align(ctx, theirs, want, failed != nil)
		}
		if isStatus(failed, http.StatusConflict) {
			return outcome{}, errors.New("the API answers 409: it has this URL already, but does not list it; is it registered with another app?")
		}
		if made == maxCalls {
			return outcome{}, fmt.Errorf("register: %w", failed)
		}
		if failed != nil && r.wait(ctx, made, failed) != nil {
			return outcome{}, fmt.Errorf("stopped after: %w", failed)
		}
		var now registered
		failed = r.call(ctx, request{method: http.MethodPost, body: want.new()}, &now)
		switch {
		case failed == nil && now.ID == "":
			failed = fmt.Errorf("%w: it names no id", errUnanswered)
		case failed == nil:
			return outcome{Done: "registered", Now: now}, nil
		case !mayPass(failed) && !isStatus(failed, http.StatusConflict):
			return outcome{}, fmt.Errorf("register: %w", failed)
		}
	}
}

// of returns the registrations of a URL.
func of(all []registered, url string) []registered {
	return slices.DeleteFunc(all, func(r registered) bool { return !sameEndpoint(r.URL, url) })
}

// align brings one of theirs in line with want: one that has its events already, else the first. After an attempt to register
// it whose outcome was not known, one that is as wanted is that attempt's work.
func (r *registrar) align(ctx context.Context, theirs []registered, want wish, attempted bool) (outcome, error) {
	at := max(0, slices.IndexFunc(theirs, func(have registered) bool { return sameEvents(have.Events, want.Events) }))
	done, err := r.change(ctx, theirs[at], want)
	done.Twins = slices.Delete(theirs, at, at+1)
	if attempted && done.Done == "unchanged" {
		done.Done = "registered"
	}
	return done, err
}

// change makes have what want says, if it is not.
func (r *registrar) change(ctx context.Context, have registered, want wish) (outcome, error) {
	lacking := want.beyond(have)
	if lacking.empty() {
		return outcome{Done: "unchanged", Now: have}, nil
	}
	var now registered
	err := r.insist(ctx, request{method: http.MethodPatch, id: have.ID, body: lacking}, &now)
	if err == nil && now.ID != have.ID {
		err = fmt.Errorf("%w: it names another id", errUnanswered)
	}
	if err != nil {
		return outcome{}, fmt.Errorf("update %s: %w", printable(have.ID), err)
	}
	return outcome{Done: "updated", Now: now, Was: have}, nil
}

// get returns the registration that is called id.
func (r *registrar) get(ctx context.Context, id string) (registered, error) {
	var have registered
	err := r.insist(ctx, request{method: http.MethodGet, id: id}, &have)
	switch {
	case isStatus(err, http.StatusNotFound):
		return registered{}, fmt.Errorf("no registration has the id %s: list shows what there is", id)
	case err != nil:
		return registered{}, fmt.Errorf("look at %s: %w", id, err)
	case have.ID != id:
		return registered{}, fmt.Errorf("look at %s: %w: it has another id", id, errUnanswered)
	}
	return have, nil
}

// remove removes the registration that is called id.
func (r *registrar) remove(ctx context.Context, id string) error {
	err := r.insist(ctx, request{method: http.MethodDelete, id: id}, nil)
	if err != nil && !isStatus(err, http.StatusNotFound) { // it was there a moment ago
		return fmt.Errorf("remove %s: %w", id, err)
	}
	return nil
}
