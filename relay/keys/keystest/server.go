// Package keystest plays a provider's key server in tests: a real HTTP server on 127.0.0.1 that serves the public half of a
// real RSA key, and signs as the provider does. Only tests import it.
package keystest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// Server is a provider's key server. No two servers that live at the same time share a key. All methods may be called by
// several goroutines at once.
type Server struct {
	// URL of the key document.
	URL string

	tb testing.TB

	mu      sync.Mutex
	lent    []*rsa.PrivateKey
	failing bool
	fetches int
}

// New starts a key server that tb's cleanup closes.
func New(tb testing.TB) *Server {
	tb.Helper()
	s := &Server{tb: tb}
	s.Rotate()
	web := httptest.NewServer(s)
	tb.Cleanup(func() {
		web.Close()
		giveBack(s.lent)
	})
	s.URL = web.URL + "/.well-known/webhooks.json"
	return s
}

// ServeHTTP answers every path with the key document, or with 500 while Fail is set.
func (s *Server) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	s.fetches++
	failing := s.failing
	s.mu.Unlock()
	if failing {
		http.Error(w, "broken on purpose", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(s.Document())
}

// Document is what the server answers: RealtimeKit's envelope around the public key.
func (s *Server) Document() []byte {
	document, err := json.Marshal(map[string]any{
		"success": true,
		"data":    map[string]string{"publicKey": string(s.PublicPEM())},
		"message": "",
	})
	s.check(err)
	return document
}

// Sign returns the signature of body as a provider writes it into its header: PKCS #1 v1.5 over SHA-256, standard base64.
func (s *Server) Sign(body []byte) string {
	digest := sha256.Sum256(body)
	signature, err := rsa.SignPKCS1v15(nil, s.key(), crypto.SHA256, digest[:])
	s.check(err)
	return base64.StdEncoding.EncodeToString(signature)
}

// Rotate replaces the key with one that this server has not had before.
func (s *Server) Rotate() {
	key := lend(s.tb)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lent = append(s.lent, key)
}

// Fail makes the server answer 500 from now on, or stops that.
func (s *Server) Fail(failing bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failing = failing
}

// Fetches returns how many requests have come so far, those answered with 500 included.
func (s *Server) Fetches() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fetches
}

// PublicPEM is the public key of now, as SPKI.
func (s *Server) PublicPEM() []byte {
	der, err := x509.MarshalPKIXPublicKey(s.key().Public())
	s.check(err)
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// PrivatePEM is the private key of now, as PKCS #8.
func (s *Server) PrivatePEM() []byte {
	der, err := x509.MarshalPKCS8PrivateKey(s.key())
	s.check(err)
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

func (s *Server) key() *rsa.PrivateKey {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lent[len(s.lent)-1]
}

// check panics instead of failing tb, because handlers and helpers of a test run in goroutines that may not call FailNow.
func (s *Server) check(err error) {
	if err != nil {
		panic(err)
	}
}

// Making a key takes a tenth of a second or more, so those of closed servers are used again.
var (
	mu   sync.Mutex
	free []*rsa.PrivateKey
)

func lend(tb testing.TB) *rsa.PrivateKey {
	tb.Helper()
	mu.Lock()
	defer mu.Unlock()
	if last := len(free) - 1; last >= 0 {
		key := free[last]
		free = free[:last]
		return key
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		tb.Fatalf("making an RSA key: %v", err)
	}
	return key
}

func giveBack(keys []*rsa.PrivateKey) {
	mu.Lock()
	defer mu.Unlock()
	free = append(free, keys...)
}
