package bus_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/meetbus/meetbus/relay/bus"
	"github.com/meetbus/meetbus/relay/bus/bustest"
)

const hidden = "s3cr3t-hidden"

func write(t *testing.T, file, content string) string {
	t.Helper()
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func keyPair(t *testing.T, prefix nkeys.PrefixByte) (pair nkeys.KeyPair, public, seed string) {
	t.Helper()
	pair, err := nkeys.CreatePair(prefix)
	if err != nil {
		t.Fatal(err)
	}
	public, err = pair.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	text, err := pair.Seed()
	if err != nil {
		t.Fatal(err)
	}
	return pair, public, string(text)
}

// operated makes the server trust an operator, and returns the .creds of a user whose account has JetStream.
func operated(t *testing.T) (change func(*server.Options), credentials string) {
	t.Helper()
	operator, operatorKey, _ := keyPair(t, nkeys.PrefixByteOperator)
	_, accountKey, accountSeed := keyPair(t, nkeys.PrefixByteAccount)
	account, err := nkeys.FromSeed([]byte(accountSeed))
	if err != nil {
		t.Fatal(err)
	}
	_, systemKey, _ := keyPair(t, nkeys.PrefixByteAccount)
	_, userKey, userSeed := keyPair(t, nkeys.PrefixByteUser)
	encode := func(claims jwt.Claims, by nkeys.KeyPair) string {
		text, err := claims.Encode(by)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	limited := jwt.NewAccountClaims(accountKey)
	limited.Limits.DiskStorage = -1
	owner := jwt.NewOperatorClaims(operatorKey)
	owner.SystemAccount = systemKey
	trusted, err := jwt.DecodeOperatorClaims(encode(owner, operator))
	if err != nil {
		t.Fatal(err)
	}
	accounts := &server.MemAccResolver{}
	for key, text := range map[string]string{
		accountKey: encode(limited, operator), systemKey: encode(jwt.NewAccountClaims(systemKey), operator),
	} {
		if err := accounts.Store(key, text); err != nil {
			t.Fatal(err)
		}
	}
	file, err := jwt.FormatUserConfig(encode(jwt.NewUserClaims(userKey), account), []byte(userSeed))
	if err != nil {
		t.Fatal(err)
	}
	return func(o *server.Options) {
		o.TrustedOperators, o.AccountResolver, o.SystemAccount = []*jwt.OperatorClaims{trusted}, accounts, systemKey
	}, string(file)
}

func TestCredentials(t *testing.T) {
	dir := t.TempDir()
	_, userKey, userSeed := keyPair(t, nkeys.PrefixByteUser)
	_, _, otherSeed := keyPair(t, nkeys.PrefixByteUser)
	operator, credentials := operated(t)
	_, foreign := operated(t)
	for name, c := range map[string]struct {
		server      func(*server.Options)
		right       string
		wrong       string
		credentials func(file string) bus.Server
	}{
		"user and password": {
			func(o *server.Options) { o.Username, o.Password = "relay", hidden }, hidden, hidden + "-not",
			func(file string) bus.Server { return bus.Server{User: "relay", PasswordFile: file} },
		},
		"token": {
			func(o *server.Options) { o.Authorization = hidden }, hidden, hidden + "-not",
			func(file string) bus.Server { return bus.Server{TokenFile: file} },
		},
		"nkey": {
			func(o *server.Options) { o.Nkeys = []*server.NkeyUser{{Nkey: userKey}} }, userSeed, otherSeed,
			func(file string) bus.Server { return bus.Server{NKeyFile: file} },
		},
		"credentials file": {
			operator, credentials, foreign,
			func(file string) bus.Server { return bus.Server{CredentialsFile: file} },
		},
	} {
		t.Run(name, func(t *testing.T) {
			n := bustest.Server(t, c.server)
			core, logs := observer.New(zap.DebugLevel)
			file := write(t, filepath.Join(dir, strings.ReplaceAll(name, " ", "-")), c.wrong+"\n")
			s := c.credentials(file)
			s.URL = n.URL()
			b := connect(t, bus.Options{Server: s, Streams: []bus.Stream{events}, Log: zap.New(core)})
			err := awaitFault(t, b)
			if !strings.Contains(err.Error(), "Authorization Violation") {
				t.Errorf("wrong credentials: %v", err)
			}
			write(t, file, c.right+"\n")
			waitReady(t, b)
			publish(t, b, message(1))
			for _, entry := range logs.All() {
				mustNotHold(t, entry.Message, c.right, c.wrong)
				for _, field := range entry.Context {
					mustNotHold(t, field.String, c.right, c.wrong)
					if err, ok := field.Interface.(error); ok {
						mustNotHold(t, err.Error(), c.right, c.wrong)
					}
				}
			}
			mustNotHold(t, err.Error(), c.right, c.wrong)
		})
	}
}

func mustNotHold(t *testing.T, text string, secrets ...string) {
	t.Helper()
	for _, secret := range secrets {
		if strings.Contains(text, secret) {
			t.Errorf("%q holds a secret", text)
		}
	}
}

// A password in the URL works, and is in no error when it is wrong or the server is away.
func TestCredentialsInURL(t *testing.T) {
	n := bustest.Server(t, func(o *server.Options) { o.Username, o.Password = "relay", hidden })
	b := ready(t, bus.Server{URL: "nats://relay:" + hidden + "@" + n.Addr()}, events)
	n.Stop()
	waitLost(t, b)
	_, err := b.Publish(t.Context(), message(1))
	mustNotHold(t, err.Error(), hidden)
	wrong := connect(t, bus.Options{Server: bus.Server{URL: "nats://relay:" + hidden + "-not@" + n.Addr()}})
	n.Restart()
	mustNotHold(t, awaitFault(t, wrong).Error(), hidden)
}

func TestOptionsThatCanNeverWork(t *testing.T) {
	dir := t.TempDir()
	full := write(t, filepath.Join(dir, "full"), hidden)
	empty := write(t, filepath.Join(dir, "empty"), "\n")
	const url = "nats://127.0.0.1:4222"
	for name, s := range map[string]bus.Server{
		"no URL":                     {},
		"no host":                    {URL: "nats://"},
		"bad port":                   {URL: "nats://user:" + hidden + "@127.0.0.1:port"},
		"bad second URL":             {URL: url + ",nats://user:" + hidden + "@:x"},
		"unknown scheme":             {URL: "http://user:" + hidden + "@127.0.0.1"},
		"missing credentials file":   {URL: url, CredentialsFile: filepath.Join(dir, "missing")},
		"missing nkey file":          {URL: url, NKeyFile: filepath.Join(dir, "missing")},
		"missing token file":         {URL: url, TokenFile: filepath.Join(dir, "missing")},
		"missing password file":      {URL: url, User: "relay", PasswordFile: filepath.Join(dir, "missing")},
		"empty token file":           {URL: url, TokenFile: empty},
		"no credentials in the file": {URL: url, CredentialsFile: full},
		"no seed in the nkey file":   {URL: url, NKeyFile: full},
		"two kinds":                  {URL: url, TokenFile: full, User: "relay", PasswordFile: full},
		"two kinds, one in the URL":  {URL: "nats://user:" + hidden + "@127.0.0.1", TokenFile: full},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := bus.Connect(bus.Options{Server: s})
			if err == nil {
				b.Close()
				t.Fatal("no error")
			}
			mustNotHold(t, err.Error(), hidden)
		})
	}
}

func TestTokenFileThatVanishes(t *testing.T) {
	dir := t.TempDir()
	n := bustest.Server(t, func(o *server.Options) { o.Authorization = hidden })
	file := write(t, filepath.Join(dir, "token"), hidden)
	b := ready(t, bus.Server{URL: n.URL(), TokenFile: file}, events)
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	n.Stop()
	n.Restart()
	if err := awaitFault(t, b); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("token file removed: %v", err)
	}
	write(t, file, hidden)
	waitReady(t, b)
}

// selfSigned makes a certificate for 127.0.0.1 and the pool that trusts it.
func selfSigned(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(certificate)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

func trusting(pool *x509.CertPool) func() (*tls.Config, error) {
	return func() (*tls.Config, error) { return &tls.Config{RootCAs: pool}, nil }
}

func TestTLS(t *testing.T) {
	certificate, pool := selfSigned(t)
	_, otherPool := selfSigned(t)
	encrypted := bustest.Server(t, func(o *server.Options) {
		o.TLSConfig, o.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}, true
	})
	b := ready(t, bus.Server{URL: encrypted.URL(), TLS: trusting(pool)}, events)
	publish(t, b, message(1))
	mutual := bustest.Server(t, func(o *server.Options) {
		o.TLSConfig, o.TLS = &tls.Config{
			Certificates: []tls.Certificate{certificate}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool,
		}, true
	})
	plain := bustest.Server(t)
	for name, c := range map[string]struct {
		server bus.Server
		want   string
	}{
		"unknown authority": {bus.Server{URL: encrypted.URL(), TLS: trusting(otherPool)}, "unknown authority"},
		"system's roots":    {bus.Server{URL: encrypted.URL()}, "certificate"},
		"none of ours":      {bus.Server{URL: mutual.URL(), TLS: trusting(pool)}, "tls"},
		"server without":    {bus.Server{URL: plain.URL(), TLS: trusting(pool)}, "secure connection not available"},
	} {
		t.Run(name, func(t *testing.T) {
			b := connect(t, bus.Options{Server: c.server, Streams: []bus.Stream{events}})
			if err := awaitFault(t, b); !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

func TestSeveralURLs(t *testing.T) {
	n, away := bustest.Server(t), bustest.Server(t)
	away.Stop()
	mute, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	b := ready(t, bus.Server{URL: away.URL() + ", nats://" + mute.Addr().String() + "," + n.URL()}, events)
	publish(t, b, message(1))
}

// Of a cluster, one URL is enough: the others are learned from it.
func TestOtherServersOfTheClusterAreUsed(t *testing.T) {
	clustered := func(routes ...string) func(*server.Options) {
		return func(o *server.Options) {
			o.JetStream, o.ServerName = false, fmt.Sprint("node-", len(routes))
			o.Cluster = server.ClusterOpts{Name: "test", Host: "127.0.0.1", Port: server.RANDOM_PORT}
			for _, route := range routes {
				o.Routes = append(o.Routes, &url.URL{Scheme: "nats", Host: route})
			}
		}
	}
	first := bustest.Server(t, clustered())
	bustest.Server(t, clustered(first.ClusterAddr()))
	b := connect(t, bus.Options{Server: bus.Server{URL: first.URL()}})
	waitReady(t, b)
	first.AwaitRoutes()
	awaitDiscovery(t, first)
	first.Stop()
	waitLost(t, b)
	waitReady(t, b)
}

// awaitDiscovery returns when a server tells its clients of the others: a moment after it knows them itself.
func awaitDiscovery(t *testing.T, n *bustest.Node) {
	t.Helper()
	for began := time.Now(); ; time.Sleep(time.Millisecond) {
		nc, err := nats.Connect(n.URL())
		if err != nil {
			t.Fatal(err)
		}
		told := len(nc.DiscoveredServers()) > 0
		nc.Close()
		switch {
		case told:
			return
		case time.Since(began) > patience:
			t.Fatalf("no other server was told after %s", patience)
		}
	}
}
