package main

import (
	"crypto/tls"
	"fmt"

	"github.com/meetbus/meetbus/config"
	"github.com/meetbus/meetbus/relay/bus"
	"github.com/meetbus/meetbus/relay/bus/embedded"
)

// guests returns who may connect to the embedded server.
func (p *process) guests(e config.Embedded) (embedded.Guests, error) {
	password, err := secretIn(e.PasswordFile)
	if err != nil {
		return embedded.Guests{}, usageError{fmt.Errorf("read nats.embedded.password_file: %w", err)}
	}
	guests := embedded.Guests{User: e.User, Password: password}
	if e.TLS == nil {
		return guests, nil
	}
	guests.TLS, err = p.certified("nats.embedded", *e.TLS)
	return guests, err
}

// embeddedServer returns the embedded server of a relay on this machine, as its guests see it.
func embeddedServer(e config.Embedded, credentials string) (bus.Server, error) {
	s := bus.Server{URL: embeddedURL(e, fromHere(e.Listen)), User: e.User, PasswordFile: e.PasswordFile}
	if credentials != "" {
		s = bus.Server{URL: s.URL, CredentialsFile: credentials}
	}
	if e.TLS == nil {
		return s, nil
	}
	s.TLS = func() (*tls.Config, error) { return trusting(e.TLS.CertFile) }
	if _, err := s.TLS(); err != nil {
		return bus.Server{}, usagef("read nats.embedded.tls.cert_file: %w", err)
	}
	return s, nil
}

// embeddedURL returns the URL of an embedded server at an address.
func embeddedURL(e config.Embedded, address string) string {
	if e.TLS != nil {
		return "tls://" + address
	}
	return "nats://" + address
}
