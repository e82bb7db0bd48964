package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/meetbus/meetbus/cmd/internal/process"
	"github.com/meetbus/meetbus/relay/bus"
	"github.com/meetbus/meetbus/relay/bus/bustest"
)

const (
	// settleTimeout is how long what waits may take to reach the bus once everything is healed.
	settleTimeout = 2 * time.Minute
	streamName    = "MEETBUS"
)

// setup is what is tortured: NATS servers, relays, and the wires between them.
type setup struct {
	servers, relays []*process.Process
	// stores are the servers', in their order.
	stores []store
	// wires are before the servers, one for each relay and server.
	wires    []*bustest.Proxy
	balancer *balancer
	natsURL  string
	// admins are the relays' admin addresses.
	admins []string
	// sync is how often the stores are synced.
	sync string
	// network is what the servers are on, if they can have one of their own.
	network *network
	// disk is the folder that can be filled, if there is one.
	disk *smallDisk
}

// store is the disk of a server; current says whether the server has caught up with the others.
type store struct {
	dir     string
	current func() bool
}

func setUp(ctx context.Context, o options) (*setup, error) {
	s := &setup{sync: o.sync}
	if err := s.make(ctx, o.setup, o.dir); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

func (s *setup) make(ctx context.Context, kind, dir string) error {
	servers, relays := 0, 1
	switch kind {
	case "embedded":
	case "beside":
		servers = 1
	case "cluster":
		servers, relays = 3, 2
	default:
		return fmt.Errorf("-setup %s: there is embedded, beside and cluster", kind)
	}
	if err := process.Build(ctx, dir); err != nil {
		return err
	}
	addresses, err := s.startServers(dir, servers)
	if err != nil {
		return err
	}
	return s.startRelays(dir, relays, addresses)
}

func (s *setup) startServers(dir string, n int) (addresses []string, err error) {
	if n == 0 {
		return nil, nil
	}
	if s.network, err = newNetwork(n); err != nil {
		fmt.Println("no server is taken off the network:", err)
	}
	var of [3][]string // for clients, for the other servers, for health checks
	for i := range of {
		if of[i], err = s.network.addresses(n, 4222+2000*i); err != nil {
			return nil, err
		}
	}
	addresses, routes, monitors := of[0], of[1], of[2]
	for i := range n {
		name := fmt.Sprint("nats-", i+1)
		config := fmt.Sprintf("server_name: %s\nlisten: %q\nhttp: %q\njetstream { store_dir: %q, sync_interval: %s }\n",
			name, addresses[i], monitors[i], filepath.Join(dir, name), s.sync)
		if n > 1 {
			config += fmt.Sprintf("cluster { name: torture, listen: %q, no_advertise: true, routes: [%s] }\n", routes[i], urls("nats-route", routes))
		}
		file := filepath.Join(dir, name+".conf")
		if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
			return nil, err
		}
		p := &process.Process{
			Name: name, Command: s.network.within(i, []string{filepath.Join(dir, "nats-server"), "-c", file}), Log: filepath.Join(dir, name+".log"),
			Ready: process.Answers("http://" + monitors[i] + "/healthz?js-server-only=true"),
		}
		if err := p.Start(); err != nil {
			return nil, err
		}
		s.servers = append(s.servers, p)
		s.stores = append(s.stores, store{filepath.Join(dir, name), process.Answers("http://" + monitors[i] + "/healthz")})
	}
	for _, p := range s.servers {
		if err := p.Await(); err != nil {
			return nil, err
		}
	}
	s.natsURL = strings.ReplaceAll(urls("nats", addresses), `"`, "")
	return addresses, nil
}

func urls(scheme string, addresses []string) string {
	var all []string
	for _, a := range addresses {
		all = append(all, fmt.Sprintf("%q", scheme+"://"+a))
	}
	return strings.Join(all, ",")
}

func (s *setup) startRelays(dir string, n int, servers []string) error {
	ports, err := process.FreePorts(2*n + 1)
	if err != nil {
		return err
	}
	if len(servers) == 0 {
		s.natsURL = "nats://" + ports[2*n]
	}
	var fronts []string
	for i := range n {
		front, admin := ports[2*i], ports[2*i+1]
		name := fmt.Sprint("relay-", i+1)
		data := filepath.Join(dir, name)
		if i == 0 {
			if s.disk, err = newSmallDisk(data); err != nil {
				return err
			}
		}
		nats, err := s.natsOf(servers, ports[2*n])
		if err != nil {
			return err
		}
		file := filepath.Join(dir, name+".yaml")
		text, err := json.Marshal(map[string]any{
			"data_dir": data, "http": map[string]any{"listen": front}, "admin": map[string]any{"listen": admin}, "nats": nats,
			"stream": map[string]any{"replicas": max(1, len(servers))}, "log": map[string]any{"format": "json"},
			"endpoints": []any{map[string]any{"provider": "dyte", "verify": "none"}, map[string]any{"provider": "videosdk", "verify": "none"}},
		})
		if err != nil {
			return err
		}
		if err := os.WriteFile(file, text, 0o600); err != nil {
			return err
		}
		p := &process.Process{
			Name: name, Command: []string{filepath.Join(dir, "meetbus"), "serve", "-c", file}, Log: filepath.Join(dir, name+".log"),
			Ready: process.Answers("http://" + admin + "/readyz"),
		}
		if err := p.Start(); err != nil {
			return err
		}
		s.relays, s.admins, fronts = append(s.relays, p), append(s.admins, admin), append(fronts, front)
	}
	for _, p := range s.relays {
		if err := p.Await(); err != nil {
			return err
		}
	}
	s.balancer, err = newBalancer(fronts)
	return err
}

// natsOf is a relay's section nats: the servers, each behind a wire of its own that can be cut.
func (s *setup) natsOf(servers []string, embedded string) (map[string]any, error) {
	if len(servers) == 0 {
		return map[string]any{"embedded": map[string]any{"listen": embedded, "sync": s.sync}}, nil
	}
	var all []string
	for _, a := range servers {
		wire, err := bustest.OpenProxy(a)
		if err != nil {
			return nil, err
		}
		s.wires = append(s.wires, wire)
		all = append(all, wire.URL())
	}
	return map[string]any{"url": strings.Join(all, ",")}, nil
}

// url is where providers send to.
func (s *setup) url() string { return s.balancer.url() }

// heal undoes what is still broken, and waits until everything runs.
func (s *setup) heal(ctx context.Context) error {
	if err := s.disk.empty(); err != nil {
		return err
	}
	for _, w := range s.wires {
		w.Thaw()
		w.Join()
	}
	for _, p := range append(append([]*process.Process{}, s.servers...), s.relays...) {
		if err := p.Await(); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// settle waits until nothing waits in an outbox.
func (s *setup) settle(ctx context.Context) error {
	for end := time.Now().Add(settleTimeout); ; time.Sleep(100 * time.Millisecond) {
		waiting := 0
		for _, admin := range s.admins {
			n, err := waitingAt(admin)
			if err != nil {
				waiting++
			}
			waiting += n
		}
		switch {
		case waiting == 0:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case time.Now().After(end):
			return fmt.Errorf("%d events still wait in outboxes after %s", waiting, settleTimeout)
		}
	}
}

// stored reads what the streams hold.
func (s *setup) stored(ctx context.Context) ([]bus.Stored, error) {
	var all []bus.Stored
	err := errors.New("no attempt")
	for range 10 {
		all = nil
		err = bus.Read(ctx, bus.ReadOptions{
			Server: bus.Server{URL: s.natsURL}, Stream: streamName, Start: bus.Start{All: true},
		}, func(m bus.Stored) error { all = append(all, m); return nil })
		if err == nil {
			return all, nil
		}
		time.Sleep(time.Second)
	}
	return nil, err
}

func (s *setup) stop() {
	if s.balancer != nil {
		s.balancer.close()
	}
	for _, p := range append(append([]*process.Process{}, s.relays...), s.servers...) {
		p.Stop()
	}
	for _, w := range s.wires {
		w.Close()
	}
	s.disk.remove()
	s.network.remove()
}

// waitingAt asks a relay how much waits in its outbox.
func waitingAt(admin string) (int, error) {
	client := http.Client{Timeout: 2 * time.Second}
	r, err := client.Get("http://" + admin + "/readyz")
	if err != nil {
		return 0, err
	}
	defer r.Body.Close()
	var said struct{ Outbox struct{ Messages int } }
	err = json.NewDecoder(r.Body).Decode(&said)
	return said.Outbox.Messages, err
}
