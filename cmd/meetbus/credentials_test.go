package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"log"
	"math/big"
	"net"
	"os"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nkeys"
)

// credentials is a program for scripts: it writes what a NATS server and its clients need to know each other by.
//
//	ca.pem, server.pem, client.pem      an authority, and certificates of it with their keys in server-key.pem and client-key.pem
//	listener.pem, listener-key.pem      a certificate of its own, for a name that is not the listener's address
//	operator.conf, operator.creds       a server that trusts an operator, and the credentials of a user there
//	another.conf, another.creds         the same of another operator
//	nkey.conf, nkey.seed, another.seed  a server that knows a key, the key's seed, and one of a key that it does not know
func credentials() {
	for _, write := range []func() error{
		writeCertificates,
		func() error { return writeOperator("operator") },
		func() error { return writeOperator("another") },
		writeNKeys,
	} {
		if err := write(); err != nil {
			log.Fatal(err)
		}
	}
}

// signer is a certificate that may sign others.
type signer struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func writeCertificates() error {
	ca, err := writeCertificate("ca", nil, &x509.Certificate{
		Subject: pkix.Name{CommonName: "an authority"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	})
	if err != nil {
		return err
	}
	for name, c := range map[string]struct {
		by       *signer
		template x509.Certificate
	}{
		"server":   {ca, x509.Certificate{IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}},
		"client":   {ca, x509.Certificate{Subject: pkix.Name{CommonName: "relay"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}},
		"listener": {nil, x509.Certificate{DNSNames: []string{"relay.example"}}},
	} {
		if _, err := writeCertificate(name, c.by, &c.template); err != nil {
			return err
		}
	}
	return nil
}

// writeCertificate writes NAME.pem and NAME-key.pem. Without a signer it signs itself.
func writeCertificate(name string, by *signer, template *x509.Certificate) (*signer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template.SerialNumber, err = rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		return nil, err
	}
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	if by == nil {
		by = &signer{template, key}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, by.certificate, key.Public(), by.key)
	if err != nil {
		return nil, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	for file, block := range map[string]pem.Block{
		name + ".pem": {Type: "CERTIFICATE", Bytes: der}, name + "-key.pem": {Type: "PRIVATE KEY", Bytes: private},
	} {
		if err := os.WriteFile(file, pem.EncodeToMemory(&block), 0o600); err != nil {
			return nil, err
		}
	}
	certificate, err := x509.ParseCertificate(der)
	return &signer{certificate, key}, err
}

// writeOperator writes NAME.conf and NAME.creds: operator, account with JetStream, user.
func writeOperator(name string) error {
	operator, operatorKey, err := newKey(nkeys.CreateOperator)
	if err != nil {
		return err
	}
	account, accountKey, err := newKey(nkeys.CreateAccount)
	if err != nil {
		return err
	}
	_, systemKey, err := newKey(nkeys.CreateAccount)
	if err != nil {
		return err
	}
	user, userKey, err := newKey(nkeys.CreateUser)
	if err != nil {
		return err
	}
	trusted := jwt.NewOperatorClaims(operatorKey)
	trusted.SystemAccount = systemKey
	storing := jwt.NewAccountClaims(accountKey)
	storing.Limits.DiskStorage = -1
	var texts []string
	for _, c := range []struct {
		claims jwt.Claims
		by     nkeys.KeyPair
	}{{trusted, operator}, {storing, operator}, {jwt.NewAccountClaims(systemKey), operator}, {jwt.NewUserClaims(userKey), account}} {
		text, err := c.claims.Encode(c.by)
		if err != nil {
			return err
		}
		texts = append(texts, text)
	}
	conf := fmt.Sprintf("operator: %s\nsystem_account: %s\nresolver: MEMORY\nresolver_preload: { %s: %s, %s: %s }\n",
		texts[0], systemKey, accountKey, texts[1], systemKey, texts[2])
	if err := os.WriteFile(name+".conf", []byte(conf), 0o600); err != nil {
		return err
	}
	seed, err := user.Seed()
	if err != nil {
		return err
	}
	creds, err := jwt.FormatUserConfig(texts[3], seed)
	if err != nil {
		return err
	}
	return os.WriteFile(name+".creds", creds, 0o600)
}

func writeNKeys() error {
	for _, name := range []string{"nkey", "another"} {
		pair, public, err := newKey(nkeys.CreateUser)
		if err != nil {
			return err
		}
		seed, err := pair.Seed()
		if err != nil {
			return err
		}
		if err := os.WriteFile(name+".seed", seed, 0o600); err != nil {
			return err
		}
		if name == "another" {
			continue
		}
		conf := fmt.Sprintf("authorization { users: [ { nkey: %s } ] }\n", public)
		if err := os.WriteFile(name+".conf", []byte(conf), 0o600); err != nil {
			return err
		}
	}
	return nil
}

func newKey(create func() (nkeys.KeyPair, error)) (pair nkeys.KeyPair, public string, err error) {
	if pair, err = create(); err != nil {
		return nil, "", err
	}
	public, err = pair.PublicKey()
	return pair, public, err
}
