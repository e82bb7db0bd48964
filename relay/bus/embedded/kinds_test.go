package embedded

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/meetbus/meetbus/relay/bus"
)

// kind is one of the servers that there are, and how its guests connect.
type kind struct {
	user, password string
	// secured says that guests speak TLS.
	secured bool
}

var (
	anybody = kind{}
	named   = kind{user: "readers", password: "hunter2-of-the-readers", secured: true}

	// Both make the same promises, to guests and of guests.
	kinds = map[string]kind{"anybody": anybody, "named, over TLS": named}
)

// eachKind runs a test for both, at once: most of it is waiting.
func eachKind(t *testing.T, test func(*testing.T, kind)) {
	for name, k := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, k)
		})
	}
}

func (k kind) options(t *testing.T) Options {
	o := options(t.TempDir())
	o.Guests = Guests{User: k.user, Password: k.password}
	if k.secured {
		certificate, _ := certified(t)
		o.Guests.TLS = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{certificate}}
	}
	return o
}

func (k kind) start(t *testing.T) *Server {
	t.Helper()
	return mustStart(t, k.options(t))
}

// trust is what the TLS of clients is, if they speak it.
func (k kind) trust(t *testing.T) *tls.Config {
	if !k.secured {
		return nil
	}
	_, pool := certified(t)
	return &tls.Config{RootCAs: pool}
}

// as returns the options of a client with a name and a password; without a name it gives none.
func (k kind) as(t *testing.T, user, password string) []nats.Option {
	options := []nats.Option{nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {})}
	if k.secured {
		options = append(options, nats.Secure(k.trust(t)))
	}
	if user != "" {
		options = append(options, nats.UserInfo(user, password))
	}
	return options
}

// guest is a client over TCP, with what guests have.
func (k kind) guest(t *testing.T, s *Server) *nats.Conn {
	t.Helper()
	nc, err := nats.Connect(s.URL(), k.as(t, k.user, k.password)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

// reader is the same in the words of package bus.
func (k kind) reader(t *testing.T, s *Server) bus.Server {
	server := bus.Server{URL: s.URL(), User: k.user, Password: k.password}
	if trusted := k.trust(t); trusted != nil {
		server.TLS = func() (*tls.Config, error) { return trusted, nil }
	}
	return server
}

type certificate struct {
	pair tls.Certificate
	pool *x509.CertPool
}

// ours is made once, for 127.0.0.1.
var ours = sync.OnceValues(func() (certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return certificate{}, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return certificate{}, err
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return certificate{tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool}, nil
})

func certified(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	c, err := ours()
	must(t, err)
	return c.pair, c.pool
}
