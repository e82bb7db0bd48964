package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net"
	"net/http"
	"sync/atomic"
)

// keyServer is where a relay fetches the provider's key. It can be out of order.
type keyServer struct {
	key      *rsa.PrivateKey
	document []byte
	listener net.Listener
	broken   atomic.Bool
}

func newKeyServer() (*keyServer, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return nil, err
	}
	document, err := json.Marshal(map[string]string{"publicKey": string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}))})
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &keyServer{key: key, document: document, listener: listener}
	go http.Serve(listener, s) // until close
	return s, nil
}

func (s *keyServer) url() string {
	return "http://" + s.listener.Addr().String() + "/.well-known/webhooks.json"
}

// ServeHTTP answers with the key document, or with 500 while it is broken.
func (s *keyServer) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	if s.broken.Load() {
		http.Error(w, "out of order", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(s.document)
}

func (s *keyServer) close() { _ = s.listener.Close() }
