package relay

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"go.uber.org/zap"
)

// maxHeader bounds the headers of a request, in bytes. A webhook has a few hundred; net/http allows 4 KiB more.
const maxHeader = 16 << 10

// DeadLetterOverhead is how much larger than the base64 of its body a dead letter can be, in bytes: its headers, which JSON
// may write six times as long, once in the data and some again as attributes, and the rest of the event.
const DeadLetterOverhead = 256 << 10

// Server is an HTTP server on one listener.
type Server struct {
	http     *http.Server
	listener net.Listener
	ended    chan struct{}
}

// ServerOptions of a Server.
type ServerOptions struct {
	Listener net.Listener
	Handler  http.Handler
	// TLS, if set, is what the server speaks.
	TLS *tls.Config
	// Deadline bounds the time for a request to arrive whole, so that it can be answered by then.
	Deadline time.Duration
	Log      *zap.Logger
	// Broken gets the error that ends the server without Shutdown. It must have room for it.
	Broken chan<- error
}

// Serve starts a server. The caller must call Shutdown.
func Serve(o ServerOptions) *Server {
	// Go's server complains about every stranger's broken handshake: debug, not more.
	complaints, _ := zap.NewStdLogAt(o.Log, zap.DebugLevel)
	s := &Server{
		listener: o.Listener,
		ended:    make(chan struct{}),
		http: &http.Server{
			Handler:           o.Handler,
			TLSConfig:         o.TLS,
			ReadHeaderTimeout: inTime(o.Deadline),
			ReadTimeout:       inTime(o.Deadline),
			WriteTimeout:      2 * o.Deadline,
			IdleTimeout:       2 * time.Minute,
			MaxHeaderBytes:    maxHeader,
			ErrorLog:          complaints,
		},
	}
	go func() {
		defer close(s.ended)
		if err := s.run(); !errors.Is(err, http.ErrServerClosed) {
			o.Broken <- fmt.Errorf("serve %s: %w", s.listener.Addr(), err)
		}
	}()
	return s
}

func (s *Server) run() error {
	if s.http.TLSConfig != nil {
		return s.http.ServeTLS(s.listener, "", "")
	}
	return s.http.Serve(s.listener)
}

// Shutdown stops accepting, and returns when every request under way was answered, or with an error when ctx ends first.
func (s *Server) Shutdown(ctx context.Context) error {
	defer func() { <-s.ended }()
	if err := s.http.Shutdown(ctx); err != nil {
		return errors.Join(fmt.Errorf("stop %s: %w", s.listener.Addr(), err), s.http.Close())
	}
	return nil
}
