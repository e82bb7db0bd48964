package main

import (
	"strings"
	"testing"

	"github.com/meetbus/meetbus/config"
)

// TestSuggestion tries what serve says at its start: only an endpoint that would take a sample is named.
func TestSuggestion(t *testing.T) {
	signed := config.Endpoint{Provider: "dyte", Path: "/webhooks/dyte", Verify: config.VerifySignature, Keys: config.Keys{File: "public.pem"}}
	changed := func(change func(*config.Endpoint)) config.Endpoint {
		e := signed
		change(&e)
		return e
	}
	const nothing = "ready for what the providers sign"
	for _, c := range []struct {
		name     string
		endpoint config.Endpoint
		want     string
	}{
		{"signed with a file's key", signed, "trigger dyte meeting.participantJoined --key PRIVATE.pem"},
		{"unverified", changed(func(e *config.Endpoint) { e.Verify = config.VerifyNone }), "trigger dyte meeting.participantJoined"},
		{"signed with the provider's key", changed(func(e *config.Endpoint) { e.Keys = config.Keys{URL: "https://keys.example"} }), nothing},
		{"at a path of its own", changed(func(e *config.Endpoint) { e.Path = "/secret" }), nothing},
		{"for an organization", changed(func(e *config.Endpoint) { e.Accept.Organizations = []string{"ours"} }), nothing},
		{"for a registration", changed(func(e *config.Endpoint) { e.WebhookIDs = []string{"ours"} }), nothing},
	} {
		configured := config.Default()
		configured.Endpoints = []config.Endpoint{c.endpoint}
		if got := suggestion(configured); !strings.Contains(got, c.want) || strings.Contains(got, "/secret") {
			t.Errorf("%s: %q, want %q in it", c.name, got, c.want)
		}
	}
}
