package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"strings"
)

// trusting returns the TLS of a client of one of our own listeners. It trusts exactly the certificate of the listener, by the
// name that is in it: the listener is dialled on an address that no certificate names.
func trusting(certFile string) (*tls.Config, error) {
	leaf, err := certificateIn(certFile)
	if err != nil {
		return nil, err
	}
	trusted := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: x509.NewCertPool(), ServerName: nameIn(leaf)}
	trusted.RootCAs.AddCert(leaf)
	return trusted, nil
}

// certificateIn returns the first certificate of a PEM file, which is the one that a server shows.
func certificateIn(file string) (*x509.Certificate, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, fmt.Errorf("%s does not begin with a PEM certificate", file)
	}
	return x509.ParseCertificate(block.Bytes)
}

// nameIn returns a name that c is valid for.
func nameIn(c *x509.Certificate) string {
	switch {
	case len(c.DNSNames) > 0:
		return strings.Replace(c.DNSNames[0], "*", "any", 1)
	case len(c.IPAddresses) > 0:
		return c.IPAddresses[0].String()
	}
	return c.Subject.CommonName
}
