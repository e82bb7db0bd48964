package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/meetbus/meetbus/cmd/internal/process"
)

// rig is a NATS server and a relay that publishes there in one content mode, each on a port of its own.
type rig struct {
	// programs is the folder that process.Build filled; dir has stores and logs.
	programs, dir string
	nats, front   string
	server, relay *process.Process
	// key signs, and keyFile is the file with it.
	key     *rsa.PrivateKey
	keyFile string
}

// setUp starts both, with a fresh store in dir.
func setUp(m mode, programs, dir string) (*rig, error) {
	r := &rig{programs: programs, dir: dir}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	ports, err := process.FreePorts(4)
	if err != nil {
		return nil, err
	}
	publicKey, err := r.makeKey()
	if err != nil {
		return nil, err
	}
	if err := r.start(ports, configuration(m, dir, publicKey, ports)); err != nil {
		r.stop()
		return nil, err
	}
	return r, nil
}

// configuration is the relay's file: every provider's webhooks are verified with our key.
func configuration(m mode, dir, publicKey string, ports []string) map[string]any {
	var endpoints []any
	for _, provider := range []string{"dyte", "realtimekit", "videosdk"} {
		endpoints = append(endpoints, map[string]any{"provider": provider, "keys": map[string]any{"file": publicKey}})
	}
	return map[string]any{
		"data_dir": filepath.Join(dir, "data"), "http": map[string]any{"listen": ports[2]}, "admin": map[string]any{"listen": ports[3]},
		"nats": map[string]any{"url": "nats://" + ports[0]}, "cloudevents": map[string]any{"mode": m},
		"log": map[string]any{"format": "json"}, "endpoints": endpoints,
	}
}

// start starts the NATS server on the first two ports, and the relay.
func (r *rig) start(ports []string, config map[string]any) error {
	r.nats, r.front = "nats://"+ports[0], "http://"+ports[2]
	natsConfig := fmt.Sprintf("listen: %q\nhttp: %q\njetstream { store_dir: %q }\n", ports[0], ports[1], filepath.Join(r.dir, "nats"))
	relayConfig, err := json.Marshal(config)
	if err != nil {
		return err
	}
	if r.server, err = r.launch("nats-server", []byte(natsConfig), "http://"+ports[1]+"/healthz"); err != nil {
		return err
	}
	r.relay, err = r.launch("meetbus", relayConfig, "http://"+ports[3]+"/readyz", "serve")
	return err
}

// launch starts a program with a configuration, and waits until the URL ready answers.
func (r *rig) launch(program string, config []byte, ready string, args ...string) (*process.Process, error) {
	file := filepath.Join(r.dir, program+".conf")
	if err := os.WriteFile(file, config, 0o600); err != nil {
		return nil, err
	}
	p := &process.Process{
		Name: program, Command: append(append([]string{filepath.Join(r.programs, program)}, args...), "-c", file),
		Log: filepath.Join(r.dir, program+".log"), Ready: process.Answers(ready),
	}
	if err := p.Start(); err != nil {
		return nil, err
	}
	if err := p.Await(); err != nil {
		p.Stop()
		return nil, err
	}
	return p, nil
}

func (r *rig) stop() {
	for _, p := range []*process.Process{r.relay, r.server} {
		if p != nil {
			p.Stop()
		}
	}
}

// makeKey makes the key that webhooks are signed with, and returns the file of its public half.
func (r *rig) makeKey() (publicKey string, err error) {
	if r.key, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		return "", err
	}
	private, err := x509.MarshalPKCS8PrivateKey(r.key)
	if err != nil {
		return "", err
	}
	public, err := x509.MarshalPKIXPublicKey(&r.key.PublicKey)
	if err != nil {
		return "", err
	}
	r.keyFile, publicKey = filepath.Join(r.dir, "private.pem"), filepath.Join(r.dir, "public.pem")
	return publicKey, errors.Join(
		os.WriteFile(r.keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600),
		os.WriteFile(publicKey, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}), 0o600),
	)
}

// runs runs a command to its end, and returns what it said if it failed.
func runs(ctx context.Context, command []string) error {
	out, err := exec.CommandContext(ctx, command[0], command[1:]...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%q: %w: %s", command, err, out)
	}
	return nil
}
