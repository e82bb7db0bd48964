package main

import (
	"context"
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/meetbus/meetbus/config"
)

// The answers of an admin listener, and what the check says of them; empty: ready.
var healths = []struct {
	name   string
	answer http.HandlerFunc
	want   string
}{
	{"ready", func(http.ResponseWriter, *http.Request) {}, ""},
	{"not ready", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "bus is away\x1b[2J", http.StatusServiceUnavailable)
	}, "not ready: bus is away[2J"},
	{"a problem", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
		w.Write([]byte(`{"title":"Not ready","detail":"stream is full"}`))
	}, "not ready: Not ready: stream is full"},
	{"no reason", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }, "not ready: 503 Service Unavailable"},
	{"a redirect", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) }, "not ready: "},
	{"silence", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "has not answered within 2s"},
}

func TestHealthcheck(t *testing.T) {
	for _, h := range healths {
		t.Run(h.name, func(t *testing.T) {
			t.Parallel()
			mux := http.NewServeMux()
			mux.Handle("GET /readyz", h.answer)
			server := httptest.NewServer(mux)
			defer server.Close()
			err := healthcheck(context.Background(), config.Admin{Listen: server.Listener.Addr().String()})
			if h.want == "" && err != nil || h.want != "" && (err == nil || !strings.Contains(err.Error(), h.want)) {
				t.Errorf("got %v, want %q", err, h.want)
			}
		})
	}
}

// TestHealthcheckTLS trusts the configured certificate although it names no loopback address, and no other.
func TestHealthcheckTLS(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	file := filepath.Join(t.TempDir(), "cert.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	admin := config.Admin{Listen: server.Listener.Addr().String(), TLS: &config.KeyPair{CertFile: file}}
	if err := healthcheck(context.Background(), admin); err != nil {
		t.Error(err)
	}
	if err := healthcheck(context.Background(), config.Admin{Listen: admin.Listen}); err == nil {
		t.Error("a TLS listener passes without TLS")
	}
	admin.TLS.CertFile = filepath.Join(t.TempDir(), "missing.pem")
	if err := healthcheck(context.Background(), admin); err == nil {
		t.Error("a certificate that cannot be read passes")
	}
}

func TestHealthcheckNobody(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	err = healthcheck(context.Background(), config.Admin{Listen: l.Addr().String()})
	if err == nil || !strings.Contains(err.Error(), "is the relay running") {
		t.Errorf("got %v", err)
	}
}
