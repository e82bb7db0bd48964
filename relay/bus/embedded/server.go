package embedded

import (
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"go.uber.org/zap"

	"github.com/meetbus/meetbus/relay/bus"
)

const (
	// readyTimeout bounds the start, which reads the index of the store.
	readyTimeout = 30 * time.Second
	// maxMemory is for the state of the guests' ephemeral consumers.
	maxMemory = 256 << 20
	// Guests are strangers: what one of them can take is bounded. Each connection may have this many subscriptions, and this
	// many bytes that it has not read yet.
	maxConnections   = 1000
	maxSubscriptions = 1000
	maxPending       = 16 << 20
)

// Name is what the server calls itself, so that a client can tell that it is a relay's own.
const Name = "meetbus-embedded"

// Options of an embedded server.
type Options struct {
	// Listen is host:port for guests.
	Listen string
	// Dir is where the store and the relay's password are kept: jetstream/ and password below it.
	Dir string
	// SyncInterval is how often what was written is synced to disk; 0 syncs before every acknowledgement.
	SyncInterval time.Duration
	// MaxPayload in bytes; 0 means 1 MiB.
	MaxPayload int32
	// Stream is the main stream, which guests may read; Subjects are what it holds.
	Stream   string
	Subjects []string
	// Replays is a stream that guests may read, too, once it is there.
	Replays string
	Guests  Guests
	Log     *zap.Logger
}

// Guests says who is a guest, and how they connect. Without anything set it is anybody, over plain TCP.
type Guests struct {
	// User and Password, at most 72 bytes of it, are what they must give. The user cannot be relay or porter.
	User, Password string
	// TLS, with a certificate, is what they must speak.
	TLS *tls.Config
}

// Server is a running embedded server.
type Server struct {
	server   *server.Server
	porter   *porter
	password string
	url      string
	dir      string
	// synced says that the disk is synced before each acknowledgement.
	synced bool
	// shared are the subjects that guests can hear.
	shared []string
}

// Start returns a server that accepts connections. It fails if the port is in use (errors.Is syscall.EADDRINUSE), or the
// folder cannot be used.
func Start(o Options) (*Server, error) {
	s, err := start(o)
	if err != nil {
		return nil, fmt.Errorf("start the embedded NATS server: %w", err)
	}
	return s, nil
}

func start(o Options) (*Server, error) {
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	if err := o.Guests.check(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, err
	}
	password, err := ownPassword(filepath.Join(o.Dir, "password"))
	if err != nil {
		return nil, err
	}
	porterPassword := rand.Text()
	options, err := serverOptions(o, password, porterPassword)
	if err != nil {
		return nil, err
	}
	s, log, err := newServer(options, o.Log)
	if err != nil {
		return nil, err
	}
	s.password, s.shared = password, o.Subjects
	if err := s.open(o, log, porterPassword); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

func newServer(options *server.Options, log *zap.Logger) (*Server, *logger, error) {
	ns, err := server.NewServer(options)
	if err != nil {
		return nil, nil, err
	}
	l := &logger{log: log.Sugar()}
	ns.SetLoggerV2(l, log.Core().Enabled(zap.DebugLevel), false, false)
	return &Server{server: ns, dir: options.StoreDir, synced: options.SyncAlways}, l, nil
}

func (g Guests) check() error {
	switch {
	case g.User == relayUser || g.User == porterUser:
		return fmt.Errorf("user %s is the server's own", g.User)
	case g.User != "" && g.Password == "":
		return errors.New("user has no password")
	case g.User == "" && g.Password != "":
		return errors.New("password has no user")
	}
	return nil
}

// open returns when relay and guests can connect.
func (s *Server) open(o Options, log *logger, porterPassword string) error {
	if err := s.run(log); err != nil {
		return err
	}
	scheme := "nats://"
	if o.Guests.TLS != nil {
		scheme = "tls://"
	}
	s.url = scheme + s.server.Addr().String()
	if err := s.openStore(o); err != nil {
		return err
	}
	var err error
	s.porter, err = newPorter(s.server, o.readable(), porterPassword, o.Log)
	return err
}

func (s *Server) run(log *logger) error {
	s.server.Start()
	if err := log.fatal(); err != nil {
		return err
	}
	if !s.server.ReadyForConnections(readyTimeout) {
		return errors.Join(fmt.Errorf("not ready after %s", readyTimeout), log.fatal())
	}
	return nil
}

// openStore gives the relay's account its JetStream. A stream that the server cannot read again is only a warning to it, and
// the relay would then make an empty one in its place.
func (s *Server) openStore(o Options) error {
	account, err := s.server.LookupAccount(relayAccount)
	if err != nil {
		return err
	}
	if err := account.EnableJetStream(nil, nil); err != nil {
		return fmt.Errorf("open the store in %s: %w", o.Dir, err)
	}
	return whole(account, o.Dir)
}

// whole wants every stream that is kept in a store to have been opened.
func whole(account *server.Account, dir string) error {
	kept, err := filepath.Glob(filepath.Join(dir, server.JetStreamStoreDir, account.Name, "streams", "*"))
	if err != nil {
		return err
	}
	if opened := account.JetStreamUsage().Streams; opened < len(kept) {
		return fmt.Errorf("only %d of the %d streams in %s could be read: see the warnings above", opened, len(kept), dir)
	}
	return nil
}

func serverOptions(o Options, password, porterPassword string) (*server.Options, error) {
	host, port, err := listenAddress(o.Listen)
	if err != nil {
		return nil, err
	}
	maxStore, err := storeLimit(o.Dir)
	if err != nil {
		return nil, err
	}
	options := &server.Options{
		ServerName: Name, Host: host, Port: port, NoSigs: true,
		JetStream: true, StoreDir: o.Dir, JetStreamMaxStore: maxStore, JetStreamMaxMemory: maxMemory,
		SyncAlways: o.SyncInterval == 0, SyncInterval: o.SyncInterval, MaxPayload: o.MaxPayload,
		TLS: o.Guests.TLS != nil, TLSConfig: o.Guests.TLS, DisableJetStreamBanner: true,
		MaxConn: maxConnections, MaxSubs: maxSubscriptions, MaxPending: max(maxPending, 4*int64(o.MaxPayload)),
	}
	return options, addAccounts(options, o, password, porterPassword)
}

func listenAddress(listen string) (host string, port int, err error) {
	host, text, err := net.SplitHostPort(listen)
	if err != nil {
		return "", 0, fmt.Errorf("listen address: %w", err)
	}
	if port, err = strconv.Atoi(text); err != nil || port < 0 || port > 65535 {
		return "", 0, fmt.Errorf("listen address %s: port is no number up to 65535", listen)
	}
	if port == 0 {
		port = server.RANDOM_PORT
	}
	return host, port, nil
}

// Relay says how the relay connects: in-process, as its own user.
func (s *Server) Relay() bus.Server {
	return bus.Server{
		InProcess: s.server, User: relayUser, Password: s.password, Synced: s.synced,
		Room: func() error { return room(s.dir) },
	}
}

// URL for guests: nats://host:port, or tls:// where they must speak it.
func (s *Server) URL() string { return s.url }

// stopTimeout is how long a server may take to stop. What it has acknowledged is on disk anyhow.
const stopTimeout = 3 * time.Second

// Stop closes all connections and returns when everything is on disk. A server whose store has locked up is left behind.
func (s *Server) Stop() {
	if s.porter != nil {
		s.porter.close()
	}
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		s.server.Shutdown()
		s.server.WaitForShutdown()
	}()
	select {
	case <-stopped:
	case <-time.After(stopTimeout):
	}
}
