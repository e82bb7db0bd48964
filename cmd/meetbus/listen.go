package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"

	"github.com/meetbus/meetbus/config"
)

// listener is a socket that is listened on, and the TLS that it is to speak.
type listener struct {
	net.Listener
	tls *tls.Config
}

func (l listener) onLoopback() bool {
	address, ok := l.Addr().(*net.TCPAddr)
	return ok && address.IP.IsLoopback()
}

// listen opens the listener of a section of the configuration; flag is the one that gives it another address.
func (p *process) listen(section, address, flag string, pair *config.KeyPair) (listener, error) {
	l := listener{}
	if pair != nil {
		var err error
		if l.tls, err = p.certified(section, *pair); err != nil {
			return listener{}, err
		}
	}
	socket, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return listener{}, fmt.Errorf("%s is in use by another program: try it with %s %s", address, flag, nextTo(address))
	}
	if err != nil {
		return listener{}, fmt.Errorf("listen: %w", err)
	}
	p.onStop(func() { _ = socket.Close() })
	l.Listener = socket
	return l, nil
}

// certified is the TLS of a listener, with a certificate that is read again when its files change.
func (p *process) certified(section string, pair config.KeyPair) (*tls.Config, error) {
	c, err := openCertificate(section, pair)
	if err != nil {
		return nil, err
	}
	p.reloads.certificates = append(p.reloads.certificates, c)
	return c.tls(), nil
}

// nextTo returns an address that may well be free.
func nextTo(address string) string {
	host, port, _ := net.SplitHostPort(address)
	n, _ := strconv.Atoi(port)
	return net.JoinHostPort(host, strconv.Itoa(n+10))
}
