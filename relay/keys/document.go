package keys

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

const (
	// maxDocument is the size of the largest key document, in bytes. Real ones have less than one KiB.
	maxDocument = 64 << 10
	// maxKeys bounds what one forged signature costs, since every key of a document is tried on it.
	maxKeys = 32

	minBits = 1024
	maxBits = 8192
)

// Parse returns the RSA public keys in a key document, without repetition: at least one, or an error. A document is JSON
// with PEM in publicKey, in a list publicKeys, or in either of them under data; or PEM itself. PEM is SPKI or PKCS #1, one
// block or several; blanks around lines, CRLF and line ends written as backslash and n are understood. One bad block
// condemns the document. No error quotes it, because what was pasted by mistake may be a private key.
func Parse(document []byte) ([]*rsa.PublicKey, error) {
	keys, err := parse(document)
	if err != nil {
		return nil, fmt.Errorf("reading key document: %w", err)
	}
	return keys, nil
}

func readFile(name string) ([]*rsa.PublicKey, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("opening key file: %w", err)
	}
	defer file.Close()
	document, err := readBounded(file)
	if err != nil {
		return nil, fmt.Errorf("reading key file: %w", err)
	}
	keys, err := Parse(document)
	if err != nil {
		return nil, fmt.Errorf("key file %s: %w", name, err)
	}
	return keys, nil
}

// readBounded reads one byte more than a document may have, so that Parse sees the excess. The bound holds after
// decompression, which net/http does below it.
func readBounded(from io.Reader) ([]byte, error) {
	return io.ReadAll(io.LimitReader(from, maxDocument+1))
}

func parse(document []byte) ([]*rsa.PublicKey, error) {
	if len(document) > maxDocument {
		return nil, errTooLarge
	}
	texts, err := pemTexts(bytes.TrimSpace(document))
	if err != nil {
		return nil, err
	}
	var keys []*rsa.PublicKey
	for _, text := range texts {
		found, err := parsePEM(text)
		if err != nil {
			return nil, err
		}
		keys = append(keys, found...)
	}
	keys = distinct(keys)
	if len(keys) > maxKeys {
		return nil, fmt.Errorf("more than %d keys", maxKeys)
	}
	return keys, nil
}

var errTooLarge = fmt.Errorf("more than %d bytes", maxDocument)

// pemHolder is the part of a JSON key document that holds keys. A list was seen in no provider's answer yet, but one
// public receiver expects RealtimeKit to send one some day.
type pemHolder struct {
	PublicKey  string   `json:"publicKey"`
	PublicKeys []string `json:"publicKeys"`
}

func pemTexts(document []byte) ([]string, error) {
	if len(document) == 0 {
		return nil, errors.New("it is empty")
	}
	if document[0] != '{' {
		return []string{string(document)}, nil
	}
	var envelope struct {
		pemHolder
		Data pemHolder `json:"data"`
	}
	if json.Unmarshal(document, &envelope) != nil {
		return nil, errors.New("it is neither PEM nor JSON with PEM in data.publicKey or publicKey")
	}
	var texts []string
	for _, holder := range []pemHolder{envelope.Data, envelope.pemHolder} {
		for _, text := range append([]string{holder.PublicKey}, holder.PublicKeys...) {
			if strings.TrimSpace(text) != "" {
				texts = append(texts, text)
			}
		}
	}
	if len(texts) == 0 {
		return nil, errors.New("it is JSON, but data.publicKey and publicKey are both missing")
	}
	return texts, nil
}

func parsePEM(text string) ([]*rsa.PublicKey, error) {
	rest := unfold(text)
	begun := bytes.Count(rest, []byte("-----BEGIN "))
	if begun == 0 {
		return nil, errors.New("there is no PEM block in it")
	}
	var keys []*rsa.PublicKey
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		key, err := parseBlock(block)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	// pem.Decode passes over what it cannot read.
	if len(keys) != begun {
		return nil, errors.New("a PEM block in it cannot be decoded")
	}
	return keys, nil
}

var writtenLineEnds = strings.NewReplacer(`\r\n`, "\n", `\n`, "\n")

// unfold gives every line of a PEM text a line of its own that begins in the first column, as pem.Decode wants it.
func unfold(text string) []byte {
	lines := strings.Split(writtenLineEnds.Replace(text), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return []byte(strings.Join(lines, "\n") + "\n")
}

func parseBlock(block *pem.Block) (*rsa.PublicKey, error) {
	var key any
	var err error
	switch {
	case block.Type == "PUBLIC KEY":
		key, err = x509.ParsePKIXPublicKey(block.Bytes)
	case block.Type == "RSA PUBLIC KEY":
		key, err = x509.ParsePKCS1PublicKey(block.Bytes)
	case strings.Contains(block.Type, "PRIVATE KEY"):
		return nil, errors.New("there is a private key in it, where only the public half belongs")
	default:
		return nil, errors.New("a PEM block in it is neither PUBLIC KEY nor RSA PUBLIC KEY")
	}
	if err != nil {
		return nil, errors.New("a PEM block in it holds no readable public key")
	}
	public, ok := key.(*rsa.PublicKey)
	if !ok {
		return nil, errors.New("a key in it is not an RSA key")
	}
	return public, usable(public)
}

// usable returns why signatures cannot be checked with key. An impossible exponent or modulus is found by a check that
// must fail for the right reason.
func usable(key *rsa.PublicKey) error {
	if bits := key.N.BitLen(); bits < minBits || bits > maxBits {
		return fmt.Errorf("an RSA key in it has %d bits, not between %d and %d", bits, minBits, maxBits)
	}
	var digest [sha256.Size]byte
	if err := rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], nil); !errors.Is(err, rsa.ErrVerification) {
		return errors.New("an RSA key in it is one that no signature can be checked with")
	}
	return nil
}

func distinct(keys []*rsa.PublicKey) []*rsa.PublicKey {
	var seen []*rsa.PublicKey
	for _, key := range keys {
		if !contains(seen, key) {
			seen = append(seen, key)
		}
	}
	return seen
}

func contains(keys []*rsa.PublicKey, wanted *rsa.PublicKey) bool {
	for _, key := range keys {
		if key.Equal(wanted) {
			return true
		}
	}
	return false
}
