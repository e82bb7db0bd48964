// Command verify checks again, at the subscriber, what the provider has signed. It trusts the provider's key, and neither the
// relay nor the stream.
//
//	verify.go  the recipe: the bytes of an event that the provider has signed
//	key.go     the key, as providers publish it
//	main.go    the program around it: reads the stream, and says of every event what it is worth
package main

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/meetbus/meetbus/schemas"
)

// Why an event is not believed.
var (
	ErrUnsigned = errors.New("the event has no signature or no original: set cloudevents.signature: true, and original: full")
	ErrDigest   = errors.New("the original is not the body whose digest the event has")
	ErrForged   = errors.New("the signature is not of this key and this original")
)

// Signed returns what the provider has signed: the webhook's body, byte for byte. Nothing else of the event is covered by the
// signature, so who trusts nobody reads these bytes, and neither e.Type nor any other part of e.Data.
func Signed(e schemas.Event, key *rsa.PublicKey) ([]byte, error) {
	original := []byte(e.Data.Shared().Original)
	if e.Signature == "" || len(original) == 0 {
		return nil, ErrUnsigned
	}
	signature, err := base64.StdEncoding.DecodeString(e.Signature)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrForged, err)
	}
	digest := sha256.Sum256(original)
	if hex.EncodeToString(digest[:]) != e.Digest {
		return nil, ErrDigest
	}
	if err := rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], signature); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrForged, err)
	}
	return original, nil
}
