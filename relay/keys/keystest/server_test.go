package keystest_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"testing"

	"github.com/meetbus/meetbus/relay/keys/keystest"
)

func TestServerServesTheKeyItSignsWith(t *testing.T) {
	server, other := keystest.New(t), keystest.New(t)
	body := []byte(`{"event":"meeting.started"}`)

	for range 2 {
		key := fetch(t, server.URL)
		if !verifies(t, key, body, server.Sign(body)) {
			t.Error("the served key does not verify the server's signature")
		}
		if verifies(t, key, body, other.Sign(body)) {
			t.Error("two servers share a key")
		}
		server.Rotate()
		if verifies(t, key, body, server.Sign(body)) {
			t.Error("the key is the same after Rotate")
		}
	}
	if got := server.Fetches(); got != 2 {
		t.Errorf("Fetches() = %d, want 2", got)
	}

	block, _ := pem.Decode(server.PrivatePEM())
	private, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	if !private.(*rsa.PrivateKey).PublicKey.Equal(fetch(t, server.URL)) {
		t.Error("PrivatePEM is not the key that is served")
	}
}

func TestFail(t *testing.T) {
	server := keystest.New(t)
	for _, failing := range []bool{true, false} {
		want := map[bool]int{true: http.StatusInternalServerError, false: http.StatusOK}[failing]
		server.Fail(failing)
		resp, err := http.Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("Fail(%v): status %d, want %d", failing, resp.StatusCode, want)
		}
	}
}

func fetch(t *testing.T, url string) *rsa.PublicKey {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var document struct{ Data struct{ PublicKey string } }
	if err := json.NewDecoder(resp.Body).Decode(&document); err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode([]byte(document.Data.PublicKey))
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return key.(*rsa.PublicKey)
}

func verifies(t *testing.T, key *rsa.PublicKey, body []byte, signature string) bool {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(signature)
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256(body)
	return rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], raw) == nil
}
