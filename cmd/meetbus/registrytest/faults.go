package registrytest

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"time"
)

// Pass is no fault: the request is handled.
func Pass(*Server, http.ResponseWriter, *http.Request) bool { return false }

// Answer answers with a status and a body, and does nothing.
func Answer(status int, body string, headers ...string) Fault {
	return func(_ *Server, w http.ResponseWriter, _ *http.Request) bool {
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
		return true
	}
}

// Lost does what the request asks for, and loses the answer.
func Lost(s *Server, _ http.ResponseWriter, r *http.Request) bool {
	s.Serve(httptest.NewRecorder(), r)
	panic(http.ErrAbortHandler)
}

// Garbled does what the request asks for, and answers with a status and a body that says nothing of it.
func Garbled(status int, body string) Fault {
	return func(s *Server, w http.ResponseWriter, r *http.Request) bool {
		s.Serve(httptest.NewRecorder(), r)
		return Answer(status, body)(s, w, r)
	}
}

// Slow waits until the caller has gone, at most for d.
func Slow(d time.Duration) Fault {
	return func(_ *Server, _ http.ResponseWriter, r *http.Request) bool {
		select {
		case <-r.Context().Done():
		case <-time.After(d):
		}
		panic(http.ErrAbortHandler)
	}
}

// Huge answers with more bytes than anybody should read.
func Huge(_ *Server, w http.ResponseWriter, _ *http.Request) bool {
	block := []byte(strings.Repeat(" ", 64<<10))
	for range 64 {
		if _, err := w.Write(block); err != nil {
			return true
		}
	}
	return true
}
