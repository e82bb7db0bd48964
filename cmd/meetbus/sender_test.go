package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/meetbus/meetbus/normalize"
)

func TestReadPrivateKey(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		text []byte
		// want is what the error says; empty where the key is read.
		want string
	}{
		"pkcs8":  {text: pkcs8(t, key)},
		"pkcs1":  {text: pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})},
		"curve":  {pkcs8(t, curve), "not an RSA key"},
		"public": {pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: []byte("x")}), "not a private key"},
		"words":  {[]byte("words"), "not PEM"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "key.pem")
			if err := os.WriteFile(file, c.text, 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := readPrivateKey(file)
			if c.want == "" && (err != nil || !got.Equal(key)) {
				t.Errorf("the key is not read: %v", err)
			}
			if c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func pkcs8(t *testing.T, key any) []byte {
	t.Helper()
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded})
}

func TestEndpoint(t *testing.T) {
	cases := map[string]string{
		"http://127.0.0.1:8080":              "http://127.0.0.1:8080/webhooks/dyte",
		"http://127.0.0.1:8080/":             "http://127.0.0.1:8080/webhooks/dyte",
		"127.0.0.1:8080":                     "http://127.0.0.1:8080/webhooks/dyte",
		"https://relay.example/webhooks":     "https://relay.example/webhooks",
		"https://relay.example/a/secret?x=y": "https://relay.example/a/secret?x=y",
	}
	for in, want := range cases {
		u, err := relayURL(in)
		if err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		if got := (&sender{url: u}).endpoint(normalize.Dyte).String(); got != want {
			t.Errorf("%s becomes %s, want %s", in, got, want)
		}
	}
	for _, in := range []string{"", "ftp://x", "http://", "http://%zz", "mailto:x"} {
		if u, err := relayURL(in); err == nil {
			t.Errorf("%q becomes %s", in, u)
		}
	}
}
