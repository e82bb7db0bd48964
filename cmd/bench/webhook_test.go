package main

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"io"
	"net/http"
	"testing"
)

// TestRequests: what is patched in place are requests that net/http reads, of events that are all others.
func TestRequests(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	made, err := newPool(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string]*pool{"unsigned": nil, "signed": made} {
		deliveries, bodies := map[string]bool{}, map[string]bool{}
		for sender := range 3 {
			r := newRequest("127.0.0.1:8080", path, sender, p)
			for range poolSize + 2 {
				q, body := parsed(t, r.next())
				deliveries[q.Header.Get("dyte-uuid")], bodies[string(body)] = true, true
				if len(body) != bodySize || !json.Valid(body) || q.URL.Path != path {
					t.Fatalf("%s: body of %d bytes at %s: %s", name, len(body), q.URL, body)
				}
				if p != nil && !signed(&key.PublicKey, q.Header.Get("dyte-signature"), body) {
					t.Fatalf("%s: wrong signature over %s", name, body)
				}
			}
		}
		sent := 3 * (poolSize + 2)
		if len(deliveries) != sent {
			t.Errorf("%s: %d deliveries of %d webhooks", name, len(deliveries), sent)
		}
		if want := map[bool]int{true: sent, false: poolSize}[p == nil]; len(bodies) != want {
			t.Errorf("%s: %d bodies, want %d", name, len(bodies), want)
		}
	}
}

func parsed(t *testing.T, request []byte) (*http.Request, []byte) {
	t.Helper()
	rest := bufio.NewReader(bytes.NewReader(request))
	q, err := http.ReadRequest(rest)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(q.Body)
	if err != nil {
		t.Fatal(err)
	}
	if rest.Buffered() > 0 {
		t.Fatalf("%d bytes after the body", rest.Buffered())
	}
	return q, body
}
