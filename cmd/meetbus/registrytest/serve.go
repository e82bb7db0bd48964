package registrytest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
)

// record returns the request as a line, and leaves its body readable.
func record(r *http.Request) string {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return r.Method + " " + r.URL.Path + " " + err.Error()
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return r.Method + " " + r.URL.Path + " " + string(body)
}

func (s *Server) serveAll(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch r.Method {
	case http.MethodGet:
		if len(s.hooks) == 0 && s.realtimeKit {
			s.refuse(w, http.StatusNotFound, "no webhooks found")
			return
		}
		succeed(w, http.StatusOK, append([]Webhook{}, s.hooks...))
	case http.MethodPost:
		s.create(w, r)
	default:
		s.refuse(w, http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED")
	}
}

func (s *Server) create(w http.ResponseWriter, r *http.Request) {
	var wanted Webhook
	if err := json.NewDecoder(r.Body).Decode(&wanted); err != nil {
		s.refuse(w, http.StatusBadRequest, "BAD_REQUEST: the body is no JSON")
		return
	}
	switch {
	case wanted.Name == "":
		s.refuse(w, http.StatusBadRequest, `BAD_REQUEST: "name" is required`)
		return
	case wanted.URL == "" || len(wanted.Events) == 0:
		s.refuse(w, http.StatusBadRequest, `BAD_REQUEST: "url" and "events" are required`)
		return
	case s.realtimeKit && slices.ContainsFunc(s.hooks, func(h Webhook) bool { return h.URL == wanted.URL }):
		s.refuse(w, http.StatusConflict, "a webhook with this url exists")
		return
	}
	wanted.ID = s.newID()
	wanted.CreatedAt, wanted.UpdatedAt = "2026-01-02T03:04:05.678Z", "2026-01-02T03:04:05.678Z"
	if s.realtimeKit && wanted.Enabled == nil {
		wanted.Enabled = new(true)
	}
	s.hooks = append(s.hooks, wanted)
	succeed(w, http.StatusCreated, wanted)
}

func (s *Server) serveOne(w http.ResponseWriter, r *http.Request, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := slices.IndexFunc(s.hooks, func(h Webhook) bool { return h.ID == id })
	if at < 0 {
		s.refuse(w, http.StatusNotFound, "NOT_FOUND: no such webhook")
		return
	}
	found := s.hooks[at]
	switch r.Method {
	case http.MethodGet:
	case http.MethodPatch:
		if err := json.NewDecoder(r.Body).Decode(&found); err != nil {
			s.refuse(w, http.StatusBadRequest, "BAD_REQUEST: the body is no JSON")
			return
		}
		s.hooks[at] = found
	case http.MethodDelete:
		s.hooks = slices.Delete(s.hooks, at, at+1)
	default:
		s.refuse(w, http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED")
		return
	}
	succeed(w, http.StatusOK, found)
}
