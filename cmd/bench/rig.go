package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/meetbus/meetbus/cmd/internal/process"
)

// conditions are what a run is made under.
type conditions struct {
	signed bool
	// embedded: the NATS server is in the relay's process, not beside it.
	embedded bool
	// always: the NATS server syncs before each acknowledgement, not every two minutes.
	always bool
	// slowed: each sync of a server beside takes slowness longer.
	slowed bool
	// connections of a closed loop; with a rate, in webhooks a second, the loop is open.
	connections int
	rate        float64
	// settings changes the configuration of meetbus, and returns the path that webhooks are sent to.
	settings func(config map[string]any) (path string)
	// without is what of meetbus is left out, if anything.
	without string
	// before is done once everything runs.
	before func(ctx context.Context, r *running) error
	// meanwhile is done when the measuring begins, until it ends.
	meanwhile func(r *running, end time.Time) aftermath
}

// slowness is how much a slowed sync takes longer, in microseconds.
const slowness = "2000"

// path is where webhooks are sent to.
const path = "/webhooks/dyte"

// side is one of those that are compared.
type side struct {
	name  string
	start func(b *bench, r *running, c conditions, dir string) error
}

var (
	ours        = side{"meetbus", (*bench).startOurs}
	plain       = side{"bare", (*bench).startPlain}
	handmade    = side{"by hand", (*bench).startByHand}
	answersOnly = side{"answers only", (*bench).startAnswers}
)

// running is a side that runs.
type running struct {
	// server is the NATS server, if there is one beside the relay.
	relay, server *process.Process
	target        target
	// nats is the address of the NATS server, admin that of the relay's operators, if it has one.
	nats, admin string
	// stream is where the events are; without, nothing is stored.
	stream string
	// filled is how many messages are in it already.
	filled int
}

func (r *running) stop() {
	for _, p := range []*process.Process{r.relay, r.server} {
		if p != nil {
			p.Stop()
		}
	}
}

// start starts a side with fresh stores in dir. The caller must stop what is returned, also beside an error.
func (b *bench) start(s side, c conditions, dir string) (*running, error) {
	r := &running{}
	if c.signed {
		r.target.signed = b.pool
	}
	return r, s.start(b, r, c, dir)
}

func (b *bench) startOurs(r *running, c conditions, dir string) error {
	ports, err := process.FreePorts(2)
	if err != nil {
		return err
	}
	config := map[string]any{
		"data_dir": filepath.Join(dir, "data"), "http": map[string]any{"listen": ports[0]}, "admin": map[string]any{"listen": ports[1]},
		"log": map[string]any{"format": "json"},
	}
	endpoint := map[string]any{"provider": "dyte", "verify": "none"}
	if c.signed {
		endpoint = map[string]any{"provider": "dyte", "keys": map[string]any{"file": b.publicKey}}
	}
	config["endpoints"] = []any{endpoint}
	r.target.path = path
	if c.settings != nil {
		r.target.path = c.settings(config)
	}
	if err := r.startNATS(b, c, dir); err != nil {
		return err
	}
	config["nats"] = map[string]any{"url": "nats://" + r.nats}
	if c.embedded {
		config["nats"] = map[string]any{"embedded": map[string]any{"listen": r.nats, "sync": c.sync()}}
	}
	text, err := json.Marshal(config)
	if err != nil {
		return err
	}
	file := filepath.Join(dir, "meetbus.yaml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return err
	}
	r.stream, r.admin, r.target.address = "MEETBUS", ports[1], ports[0]
	command := []string{filepath.Join(b.dir, "meetbus"), "serve", "-c", file}
	if b.options.profiles != "" {
		command = append(command, "--pprof")
	}
	return r.startRelay(dir, command, ports[1])
}

func (b *bench) startPlain(r *running, c conditions, dir string) error { return b.startBare(r, c, dir) }

func (b *bench) startByHand(r *running, c conditions, dir string) error {
	return b.startBare(r, c, dir, "-event")
}

func (b *bench) startBare(r *running, c conditions, dir string, options ...string) error {
	if err := r.startNATS(b, c, dir); err != nil {
		return err
	}
	r.stream = bareStream
	command := append(options, "-nats", r.nats)
	if c.embedded {
		command = append(command, "-store", filepath.Join(dir, "bare"), fmt.Sprintf("-always=%t", c.always))
	}
	if c.signed {
		command = append(command, "-key", b.publicKey)
	}
	return b.startSelf(r, dir, command)
}

func (b *bench) startAnswers(r *running, _ conditions, dir string) error {
	return b.startSelf(r, dir, []string{"-answer"})
}

// startSelf starts this program as the bare relay.
func (b *bench) startSelf(r *running, dir string, options []string) error {
	ports, err := process.FreePorts(1)
	if err != nil {
		return err
	}
	r.target.address, r.target.path = ports[0], path
	return r.startRelay(dir, append([]string{b.self, bareCommand, "-listen", ports[0]}, options...), ports[0])
}

func (r *running) startRelay(dir string, command []string, ready string) error {
	r.relay = &process.Process{
		Name: "relay", Command: command, Log: filepath.Join(dir, "relay.log"), Ready: process.Answers("http://" + ready + "/readyz"),
	}
	if err := r.relay.Start(); err != nil {
		return err
	}
	return r.relay.Await()
}

// startNATS starts a NATS server beside, or finds the address for the one inside.
func (r *running) startNATS(b *bench, c conditions, dir string) error {
	ports, err := process.FreePorts(2)
	if err != nil {
		return err
	}
	r.nats = ports[0]
	if c.embedded {
		return nil
	}
	file := filepath.Join(dir, "nats.conf")
	config := fmt.Sprintf("listen: %q\nhttp: %q\njetstream { store_dir: %q, sync_interval: %s }\n",
		ports[0], ports[1], filepath.Join(dir, "nats"), c.sync())
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		return err
	}
	command := []string{filepath.Join(b.dir, "nats-server"), "-c", file}
	if c.slowed {
		if command, err = slowed(command); err != nil {
			return err
		}
	}
	r.server = &process.Process{
		Name: "nats-server", Command: command, Log: filepath.Join(dir, "nats.log"), Ready: process.Answers("http://" + ports[1] + "/healthz"),
	}
	if err := r.server.Start(); err != nil {
		return err
	}
	return r.server.Await()
}

func (c conditions) sync() string {
	if c.always {
		return "always"
	}
	return "2m"
}

// slowed is a command whose every sync takes longer. The command stays our own child (-D), and pays for no other system call.
func slowed(command []string) ([]string, error) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		return nil, errors.New("slowsync needs strace (the Debian package strace), which is not installed here")
	}
	return append([]string{
		strace, "-D", "-f", "--seccomp-bpf", "-o", "/dev/null",
		"-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:delay_enter=" + slowness,
	}, command...), nil
}
