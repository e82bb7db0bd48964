package main

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"io/fs"
	"os"
	"testing"
)

func TestKeygen(t *testing.T) {
	private, public, err := keygen(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]fs.FileMode{private: 0o600, public: 0o644} {
		if info, err := os.Stat(name); err != nil || info.Mode() != want {
			t.Errorf("%s: got %v, %v, want %v", name, info.Mode(), err, want)
		}
	}
	secret, err := x509.ParsePKCS8PrivateKey(contents(t, private, "PRIVATE KEY"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := x509.ParsePKIXPublicKey(contents(t, public, "PUBLIC KEY"))
	if err != nil {
		t.Fatal(err)
	}
	if !secret.(*rsa.PrivateKey).PublicKey.Equal(key) || key.(*rsa.PublicKey).N.BitLen() != keyBits {
		t.Error("these are no pair of keys of the length wanted")
	}
}

func contents(t *testing.T, file, kind string) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	block, rest := pem.Decode(text)
	if block == nil || block.Type != kind || len(rest) > 0 {
		t.Fatalf("%s is not one PEM block of a %s", file, kind)
	}
	return block.Bytes
}
