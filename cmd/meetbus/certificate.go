package main

import (
	"crypto/tls"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/meetbus/meetbus/config"
)

// certificate is that of one of our listeners. It can be read again while the listener is open: connections that begin then get it.
type certificate struct {
	// listener is the setting that it belongs to.
	listener string
	pair     config.KeyPair
	current  atomic.Pointer[tls.Certificate]
}

// openCertificate reads a certificate and its key.
func openCertificate(listener string, pair config.KeyPair) (*certificate, error) {
	c := &certificate{listener: listener, pair: pair}
	return c, c.read()
}

// read reads the files again. On an error, what was read before stays.
func (c *certificate) read() error {
	pair, err := tls.LoadX509KeyPair(c.pair.CertFile, c.pair.KeyFile)
	if err != nil {
		return usageError{fmt.Errorf("read %s.tls: %w", c.listener, err)}
	}
	c.current.Store(&pair)
	return nil
}

// tls is what the listener speaks.
func (c *certificate) tls() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.current.Load(), nil },
	}
}

// ends is when it is no longer valid.
func (c *certificate) ends() time.Time { return c.current.Load().Leaf.NotAfter }
