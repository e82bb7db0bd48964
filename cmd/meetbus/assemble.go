package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/meetbus/meetbus/config"
	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/relay"
	"github.com/meetbus/meetbus/relay/bus"
	"github.com/meetbus/meetbus/relay/bus/embedded"
	"github.com/meetbus/meetbus/relay/bus/outbox"
	"github.com/meetbus/meetbus/relay/route"
)

// The words of the configuration, in those of the relay's rooms.

func deadLetters(stream string) string { return stream + "_DEADLETTER" }

func replays(stream string) string { return stream + "_REPLAY" }

// minPayload is the smallest max_payload of a server that can take a dead letter of the largest body, in bytes.
func minPayload(h config.HTTP) int64 { return (int64(h.MaxBody)+2)/3*4 + relay.DeadLetterOverhead }

// streamsOf returns what the streams must be. On the embedded server, where the disk is ours to share out, the main stream gets
// half of what is free unless the file says otherwise, and the dead letters not more than an eighth.
func streamsOf(c config.Config, table *route.Table) ([]bus.Stream, error) {
	s := c.Stream
	events := bus.Stream{
		Name: s.Name, Subjects: table.Subjects(), Replicas: s.Replicas, Manage: s.Manage,
		MaxAge: s.MaxAge, MaxBytes: int64(s.MaxBytes), DuplicateWindow: s.DuplicateWindow,
	}
	letters := bus.Stream{
		Name: deadLetters(s.Name), Subjects: table.DeadLetterSubjects(), Replicas: s.Replicas, Manage: s.Manage,
		MaxBytes: int64(s.DeadLetterMaxBytes), DuplicateWindow: s.DuplicateWindow,
	}
	if c.NATS.URL == "" {
		half, err := embedded.HalfOfFreeDisk(c.DataDir)
		if err != nil {
			return nil, err
		}
		if events.MaxBytes == 0 {
			events.MaxBytes, events.OwnMaxBytes = half, true
		}
		if letters.MaxBytes > half/4 {
			letters.MaxBytes, letters.OwnMaxBytes = half/4, true
		}
	}
	return []bus.Stream{events, letters}, nil
}

// outboxOf says how large the outbox may get: not more than half of what is free on the disk.
func outboxOf(c config.Config) (outbox.Options, error) {
	o := outbox.Options{
		Dir: filepath.Join(c.DataDir, "outbox"), MaxBytes: int64(c.Outbox.MaxBytes), MaxPayload: minPayload(c.HTTP), Window: c.Stream.DuplicateWindow,
	}
	half, err := embedded.HalfOfFreeDisk(c.DataDir)
	o.MaxBytes = min(o.MaxBytes, half)
	return o, err
}

// endpointsOf returns the relay's endpoints. Those that do not verify get no keys, so that none are fetched for them.
func endpointsOf(c config.Config, rings *keyrings) ([]relay.Endpoint, error) {
	var endpoints []relay.Endpoint
	for _, e := range c.Endpoints {
		signers, err := signersOf(c, e, rings)
		if err != nil {
			return nil, err
		}
		endpoints = append(endpoints, relay.Endpoint{
			Name:             e.Name,
			Path:             e.Path,
			Verify:           e.Verify == config.VerifySignature,
			Signers:          signers,
			SignatureHeaders: signatureHeaders(signers),
			Organizations:    e.Accept.Organizations,
			Unnamed:          e.Accept.Unnamed,
			WebhookIDs:       e.WebhookIDs,
			Source:           e.Source,
			NoDedupe:         e.Dedupe == "none",
			NoOriginal:       e.Original == "none",
		})
	}
	return endpoints, nil
}

func signersOf(c config.Config, e config.Endpoint, rings *keyrings) ([]relay.Signer, error) {
	var signers []relay.Signer
	for _, source := range keySources(c, e) {
		provider, _ := normalize.Lookup(source.Provider)
		signer := relay.Signer{Provider: withHeaders(provider, source.Headers)}
		if e.Verify == config.VerifySignature {
			of, err := rings.of(source)
			if err != nil {
				return nil, err
			}
			signer.Keys = of
		}
		signers = append(signers, signer)
	}
	return signers, nil
}

// keySources returns the endpoints whose keys e uses: its own, or, where it finds the provider out, those of every endpoint of
// each provider, or where a provider has none its default.
func keySources(c config.Config, e config.Endpoint) []config.Endpoint {
	if e.Provider != config.ProviderAuto {
		return []config.Endpoint{e}
	}
	var sources []config.Endpoint
	for _, fallback := range config.DefaultEndpoints(e.Verify) {
		if fallback.Provider == config.ProviderAuto {
			continue
		}
		others := slices.DeleteFunc(slices.Clone(c.Endpoints), func(o config.Endpoint) bool { return o.Provider != fallback.Provider })
		if len(others) == 0 {
			others = []config.Endpoint{fallback}
		}
		sources = append(sources, others...)
	}
	return sources
}

func withHeaders(p normalize.Provider, h config.Headers) normalize.Provider {
	p.Headers.Signature = orElse(h.Signature, p.Headers.Signature)
	p.Headers.Delivery = orElse(h.Delivery, p.Headers.Delivery)
	p.Headers.Registration = orElse(h.Registration, p.Headers.Registration)
	return p
}

func orElse(configured string, usual []string) []string {
	if configured == "" {
		return usual
	}
	return []string{configured}
}

// signatureHeaders returns the headers of all signers, those of the last first: videosdk-, else rtk-, else dyte-signature, which
// RealtimeKit sends too.
func signatureHeaders(signers []relay.Signer) []string {
	var names []string
	for _, s := range slices.Backward(signers) {
		for _, name := range s.Provider.Headers.Signature {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// secretIn returns what is in a file, without blanks around it; without a file nothing.
func secretIn(file string) (string, error) {
	if file == "" {
		return "", nil
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(string(content)), nil
}
