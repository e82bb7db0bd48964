// Package registrytest plays a provider's webhook API in tests: a real HTTP server on 127.0.0.1 that keeps registrations, with the
// paths, the authorization and the answers that the providers' public documentation has. Only tests import it.
package registrytest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
)

// The two APIs. A customer of each is known; all others get 401.
const (
	DyteAuthorization        = "Basic b3JnLTE6ZHl0ZS1rZXktNDcxMQ==" // org-1:dyte-key-4711
	RealtimeKitAuthorization = "Bearer rtk-token-4711"
	dytePath                 = "/webhooks"
	realtimeKitPath          = "/accounts/account-1/realtime/kit/app-1/webhooks"
)

// Webhook is one registration.
type Webhook struct {
	ID        string   `json:"id"`
	Name      string   `json:"name"`
	URL       string   `json:"url"`
	Events    []string `json:"events"`
	Enabled   *bool    `json:"enabled,omitempty"`
	CreatedAt string   `json:"created_at"`
	UpdatedAt string   `json:"updated_at"`
}

// Fault answers a request in the server's place if it wants to, and says whether it did.
type Fault func(s *Server, w http.ResponseWriter, r *http.Request) bool

// Server is one provider's API. All methods may be called by several goroutines at once.
type Server struct {
	// URL is what --api is set to.
	URL string

	web                 *httptest.Server
	path, authorization string
	realtimeKit         bool

	mu     sync.Mutex
	hooks  []Webhook
	made   int
	calls  []string
	faults []Fault
}

// Dyte starts a server as Dyte's.
func Dyte() *Server { return start(&Server{path: dytePath, authorization: DyteAuthorization}) }

// RealtimeKit starts a server as RealtimeKit's. A list of nothing is 404 there, and a URL that is registered already is 409.
func RealtimeKit() *Server {
	return start(&Server{path: realtimeKitPath, authorization: RealtimeKitAuthorization, realtimeKit: true})
}

func start(s *Server) *Server {
	s.web = httptest.NewServer(s)
	s.URL = s.web.URL
	return s
}

// Close ends the server.
func (s *Server) Close() { s.web.Close() }

// Calls returns what was asked so far: method, path and body of each request, also of those that a fault has answered.
func (s *Server) Calls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// Webhooks returns what is registered.
func (s *Server) Webhooks() []Webhook {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.hooks)
}

// Add registers w as if somebody else had done it.
func (s *Server) Add(w Webhook) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hooks = append(s.hooks, w)
}

// Break lets each fault handle one of the next requests, in order.
func (s *Server) Break(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, faults...)
}

// Serve handles a request as if there were no faults.
func (s *Server) Serve(w http.ResponseWriter, r *http.Request) {
	id, ours := strings.CutPrefix(r.URL.Path, s.path)
	id = strings.TrimPrefix(id, "/")
	switch {
	case r.Header.Get("Authorization") != s.authorization:
		answer(w, http.StatusUnauthorized, map[string]any{"message": "Unauthorized"})
	case !ours:
		s.refuse(w, http.StatusNotFound, "NOT_FOUND: no such route")
	case id == "":
		s.serveAll(w, r)
	default:
		s.serveOne(w, r, id)
	}
}

// ServeHTTP makes Server an http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	text := record(r)
	s.mu.Lock()
	s.calls = append(s.calls, text)
	var fault Fault
	if len(s.faults) > 0 {
		fault, s.faults = s.faults[0], s.faults[1:]
	}
	s.mu.Unlock()
	if fault == nil || !fault(s, w, r) {
		s.Serve(w, r)
	}
}

func (s *Server) refuse(w http.ResponseWriter, status int, message string) {
	if s.realtimeKit {
		answer(w, status, map[string]any{"success": false, "errors": []any{map[string]any{"code": status, "message": message}}})
		return
	}
	answer(w, status, map[string]any{"success": false, "error": map[string]any{"code": status, "message": message}})
}

func answer(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value)
}

func succeed(w http.ResponseWriter, status int, data any) {
	answer(w, status, map[string]any{"success": true, "data": data})
}

func (s *Server) newID() string {
	s.made++
	return fmt.Sprintf("5a3b1e00-0000-4000-8000-%012d", s.made)
}
