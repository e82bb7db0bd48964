package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/meetbus/meetbus/normalize"
)

const (
	// sendPatience is how long an answer may take; the relay's own deadline is shorter.
	sendPatience = 10 * time.Second
	// registration is the id of the webhook's registration that samples carry. It is always the same, so that an endpoint can
	// list it in webhook_ids.
	registration = "5a3b1e00-0000-4000-8000-000000000001"
)

// sender sends webhooks to one relay as providers do.
type sender struct {
	url *url.URL
	// key, if set, signs.
	key *rsa.PrivateKey
}

// relayURL reads the URL of a relay.
func relayURL(s string) (*url.URL, error) {
	if !strings.Contains(s, "://") {
		s = "http://" + s
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, usagef("--url must be an http or https URL, such as http://127.0.0.1:8080")
	}
	return u, nil
}

// readPrivateKey reads an RSA key in PKCS#8 or PKCS#1.
func readPrivateKey(file string) (*rsa.PrivateKey, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read --key: %w", err)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("--key %s is not PEM: meetbus keygen makes a key", file)
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("--key %s is not a private key in PKCS#8 or PKCS#1 without a passphrase: meetbus keygen makes one", file)
	}
	if key, ok := key.(*rsa.PrivateKey); ok {
		return key, nil
	}
	return nil, fmt.Errorf("--key %s is not an RSA key, and the providers sign with RSA", file)
}

// send posts a body as p does, and returns the relay's answer, whatever its status. An error means that there was none.
func (s *sender) send(ctx context.Context, p normalize.Provider, body []byte) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, sendPatience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.endpoint(p).String(), bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "meetbus-trigger")
	setFirst(request.Header, p.Headers.Delivery, uuid.NewString())
	setFirst(request.Header, p.Headers.Registration, registration)
	if s.key != nil {
		signature, err := sign(s.key, body)
		if err != nil {
			return answer{}, err
		}
		setFirst(request.Header, p.Headers.Signature, signature)
	}
	response, err := direct.Do(request)
	if err != nil {
		return answer{}, withoutURL(err)
	}
	defer response.Body.Close()
	return readAnswer(response)
}

// direct follows no redirects: no provider does.
var direct = http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// withoutURL takes the URL out of a client's error: its path may be a secret.
func withoutURL(err error) error {
	if named := new(url.Error); errors.As(err, &named) {
		return named.Err
	}
	return err
}

// endpoint returns where p's webhooks go.
func (s *sender) endpoint(p normalize.Provider) *url.URL {
	if strings.Trim(s.url.Path, "/") != "" {
		return s.url
	}
	return s.url.JoinPath("webhooks", p.Name)
}

// setFirst sets the first of the names that a provider's header may have, if it has the header at all.
func setFirst(h http.Header, names []string, value string) {
	if len(names) > 0 {
		h.Set(names[0], value)
	}
}

// sign signs as all providers do.
func sign(key *rsa.PrivateKey, body []byte) (string, error) {
	digest := sha256.Sum256(body)
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest[:])
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	return base64.StdEncoding.EncodeToString(signature), nil
}
