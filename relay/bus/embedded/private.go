package embedded

import (
	"fmt"
	"os"

	"github.com/nats-io/nats-server/v2/server"
	"go.uber.org/zap"

	"github.com/meetbus/meetbus/relay/bus"
)

// StartPrivate returns a server that nobody but this process can reach, with a store in dir that is synced before every
// acknowledgement. Messages may have up to maxPayload bytes. Private says how to connect.
func StartPrivate(dir string, maxPayload int32, log *zap.Logger) (*Server, error) {
	s, err := startPrivate(dir, maxPayload, log)
	if err != nil {
		return nil, fmt.Errorf("start a private NATS server in %s: %w", dir, err)
	}
	return s, nil
}

func startPrivate(dir string, maxPayload int32, log *zap.Logger) (*Server, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	maxStore, err := storeLimit(dir)
	if err != nil {
		return nil, err
	}
	s, l, err := newServer(&server.Options{
		ServerName: "meetbus-private", DontListen: true, NoSigs: true,
		JetStream: true, StoreDir: dir, JetStreamMaxStore: maxStore, JetStreamMaxMemory: maxMemory,
		SyncAlways: true, MaxPayload: maxPayload, DisableJetStreamBanner: true,
	}, log)
	if err != nil {
		return nil, err
	}
	err = s.run(l)
	if err == nil {
		err = whole(s.server.GlobalAccount(), dir)
	}
	if err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

// Private says how this process connects to a private server.
func (s *Server) Private() bus.Server {
	return bus.Server{InProcess: s.server, Synced: s.synced, Room: func() error { return room(s.dir) }}
}
