package main

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
)

// KeyOf reads a provider's key: PEM, as SPKI (Dyte, RealtimeKit, meetbus keygen) or as PKCS #1 (VideoSDK).
func KeyOf(text []byte) (*rsa.PublicKey, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("the key is no PEM: take publicKey out of the provider's JSON, with real line ends")
	}
	if block.Type == "RSA PUBLIC KEY" {
		return x509.ParsePKCS1PublicKey(block.Bytes)
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("read the key: %w", err)
	}
	of, isRSA := key.(*rsa.PublicKey)
	if !isRSA {
		return nil, fmt.Errorf("the key is a %T, and providers sign with RSA", key)
	}
	return of, nil
}
