package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	"github.com/meetbus/meetbus/cmd/internal/process"
)

// stage is a relay with a NATS server of its own, where one scene is played. Only the goroutine that plays may use it, but for its
// traffic.
type stage struct {
	scene
	// programs is the folder with the programs; dir has what the two store, their configurations and logs.
	programs, dir string
	// natsPort, monitor, front and admin are addresses.
	natsPort, monitor, front, admin string
	// config is the relay's configuration, and natsExtra what the NATS server's has besides.
	config        settings
	natsExtra     string
	server, relay *process.Process
	keys          *keyServer
	traffic       *traffic
}

// settings are a part of a configuration.
type settings = map[string]any

// newStage makes a stage with everything that the dashboard asks for: an outbox, limits, a key that is fetched, a certificate.
func newStage(s scene, programs, dir string) (*stage, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	ports, err := process.FreePorts(4)
	if err != nil {
		return nil, err
	}
	at := &stage{scene: s, programs: programs, dir: dir, natsPort: ports[0], monitor: ports[1], front: ports[2], admin: ports[3]}
	if at.keys, err = newKeyServer(); err != nil {
		return nil, err
	}
	certificate, key := at.file("cert.pem"), at.file("cert-key.pem")
	client, err := makeCertificate(certificate, key, fresh)
	if err != nil {
		return nil, err
	}
	at.traffic = newTraffic("https://"+at.front+"/webhooks/dyte", at.keys.key, client)
	at.config = settings{
		"data_dir": at.file("data"), "admin": settings{"listen": at.admin}, "log": settings{"format": "json"},
		"http": settings{"listen": at.front, "tls": settings{"cert_file": certificate, "key_file": key}},
		"nats": settings{"url": "nats://" + at.natsPort}, "stream": settings{"max_bytes": "64MiB"},
		"endpoints": []any{settings{"provider": "dyte", "keys": settings{"url": at.keys.url(), "refresh": "1m"}}},
	}
	if s.adapt != nil {
		s.adapt(at.config)
	}
	return at, nil
}

func (s *stage) file(name string) string { return filepath.Join(s.dir, name) }

// start starts both programs, and waits until they do their work.
func (s *stage) start() error {
	s.server = &process.Process{
		Name: "nats-server", Command: []string{filepath.Join(s.programs, "nats-server"), "-c", s.file("nats.conf")},
		Log: s.file("nats.log"), Ready: process.Answers("http://" + s.monitor + "/healthz"),
	}
	s.relay = &process.Process{
		Name: "meetbus", Command: []string{filepath.Join(s.programs, "meetbus"), "serve", "-c", s.file("meetbus.yaml")},
		Log: s.file("meetbus.log"), Ready: process.Answers("http://" + s.admin + "/readyz"),
	}
	if err := s.startServer(); err != nil {
		return err
	}
	if err := s.startRelay(); err != nil {
		return err
	}
	return s.relay.Until(s.verifies)
}

func (s *stage) startServer() error {
	text := fmt.Sprintf("listen: %q\nhttp: %q\njetstream { store_dir: %q }\n%s\n", s.natsPort, s.monitor, s.file("nats"), s.natsExtra)
	if err := os.WriteFile(s.file("nats.conf"), []byte(text), 0o600); err != nil {
		return err
	}
	if err := s.server.Start(); err != nil {
		return err
	}
	return s.server.Await()
}

// startRelay does not wait for the key, which may be what is missing.
func (s *stage) startRelay() error {
	if err := s.configure(); err != nil {
		return err
	}
	if err := s.relay.Start(); err != nil {
		return err
	}
	return s.relay.Await()
}

// configure writes the relay's configuration.
func (s *stage) configure() error {
	text, err := json.MarshalIndent(s.config, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(s.file("meetbus.yaml"), text, 0o600)
}

// verifies says whether the relay knows the provider's key.
func (s *stage) verifies() bool {
	r, err := http.Get("http://" + s.admin + "/readyz")
	if err != nil {
		return false
	}
	defer r.Body.Close()
	var said struct {
		Keys map[string]struct{ Known bool }
	}
	return json.NewDecoder(r.Body).Decode(&said) == nil && said.Keys["dyte"].Known
}

func (s *stage) stop() {
	if s.traffic != nil {
		s.traffic.stop()
	}
	for _, p := range []*process.Process{s.relay, s.server} {
		if p != nil {
			p.Stop()
		}
	}
	s.keys.close()
}
