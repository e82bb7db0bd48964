package main

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/spf13/pflag"

	"github.com/meetbus/meetbus/config"
	"github.com/meetbus/meetbus/relay/bus"
)

// connection holds the flags that say where the bus is.
type connection struct{ file, url, credentials string }

func (c *connection) addTo(flags *pflag.FlagSet) {
	addConfig(flags, &c.file)
	flags.StringVar(&c.url, "nats", "", "the NATS server's `URL`; several by commas (NATS_URL)")
	flags.StringVar(&c.credentials, "creds", "", "credentials `file` for it (NATS_CREDS)")
}

func addConfig(flags *pflag.FlagSet, file *string) {
	flags.StringVarP(file, "config", "c", "", "configuration `file` (MEETBUS_CONFIG)")
}

// resolve says where the bus is, and what the configuration is: the flags count first, then the file if there is one, then
// NATS_URL and NATS_CREDS; without any of them it is where a relay without a file has its own server.
func (c connection) resolve() (bus.Server, config.Config, error) {
	cfg, named, err := loadConfig(c.file)
	if err != nil {
		return bus.Server{}, config.Config{}, err
	}
	url, credentials := c.url, c.credentials
	if !named {
		url, credentials = cmp.Or(url, os.Getenv("NATS_URL")), cmp.Or(credentials, os.Getenv("NATS_CREDS"))
	}
	server, err := serverOf(cfg.NATS, url, credentials)
	return server, cfg, err
}

// loadConfig reads the file that is named by the flag, else by MEETBUS_CONFIG. Named is false if there is none, and the
// configuration then the default.
func loadConfig(file string) (c config.Config, named bool, err error) {
	if file = configFile(file); file == "" {
		return config.Default(), false, nil
	}
	c, err = config.Load(file, os.LookupEnv)
	if err != nil {
		return config.Config{}, false, usageError{err}
	}
	return c, true, nil
}

// configFile is the file that is named by the flag, else by MEETBUS_CONFIG.
func configFile(flag string) string { return cmp.Or(flag, os.Getenv("MEETBUS_CONFIG")) }

// located adds to an error of a server that was not reached, or is not the right one, how to say which.
func located(err error) error {
	if bus.IsFault(err) {
		return fmt.Errorf("%w: the server is there; -c names a file with the stream, the user and the TLS for it, --creds a credentials file", err)
	}
	return fmt.Errorf("%w: is the relay running (%s serve)? -c, --nats or NATS_URL says where its bus is, -c also its stream", err, program())
}

// serverOf returns the server of a configuration. A URL or a credentials file that is not empty replaces the configured one.
func serverOf(n config.NATS, url, credentials string) (bus.Server, error) {
	if url == "" && n.URL == "" {
		return embeddedServer(n.Embedded, credentials)
	}
	s := bus.Server{
		URL:             cmp.Or(url, string(n.URL)),
		CredentialsFile: n.CredentialsFile,
		NKeyFile:        n.NKeyFile,
		TokenFile:       n.TokenFile,
		User:            n.User,
		PasswordFile:    n.PasswordFile,
	}
	if credentials != "" {
		s = bus.Server{URL: s.URL, CredentialsFile: credentials}
	}
	if n.TLS == nil {
		return s, nil
	}
	s.TLS = func() (*tls.Config, error) { return clientTLS(*n.TLS) }
	if _, err := s.TLS(); err != nil {
		return bus.Server{}, usageError{err}
	}
	return s, nil
}

func clientTLS(t config.NATSTLS) (*tls.Config, error) {
	secured := &tls.Config{MinVersion: tls.VersionTLS12}
	if t.CAFile != "" {
		pem, err := os.ReadFile(t.CAFile)
		if err != nil {
			return nil, fmt.Errorf("read nats.tls.ca_file: %w", err)
		}
		secured.RootCAs = x509.NewCertPool()
		if !secured.RootCAs.AppendCertsFromPEM(pem) {
			return nil, errors.New("nats.tls.ca_file holds no certificate: " + t.CAFile)
		}
	}
	if t.CertFile != "" || t.KeyFile != "" {
		pair, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("read nats.tls.cert_file and key_file: %w", err)
		}
		secured.Certificates = []tls.Certificate{pair}
	}
	return secured, nil
}

// fromHere returns the address to dial for one that is listened on: loopback where it is every address of the machine.
func fromHere(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return listen
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}
