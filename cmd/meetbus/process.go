package main

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"

	"github.com/meetbus/meetbus/config"
	"github.com/meetbus/meetbus/relay"
	"github.com/meetbus/meetbus/relay/bus"
	"github.com/meetbus/meetbus/relay/bus/embedded"
	"github.com/meetbus/meetbus/relay/bus/outbox"
	"github.com/meetbus/meetbus/relay/inspect"
	"github.com/meetbus/meetbus/relay/keys"
	"github.com/meetbus/meetbus/relay/route"
)

const (
	// leave is the time for finishing what was accepted, once the listener closes.
	leave = 8 * time.Second
	// adminDeadline is the time for a request of an operator to arrive; its answer may take twice as long. A page waits for the bus for longer
	// than a provider waits for us, whatever http.deadline is.
	adminDeadline = 5 * time.Second
)

// process is a running relay: what was started, in order, so that it can be stopped in the reverse one.
type process struct {
	config config.Config
	table  *route.Table
	log    *zap.Logger
	// profiles are served to operators.
	profiles bool
	bus      *bus.Bus
	// inside is the embedded server, if that is the bus.
	inside *embedded.Server
	// outbox, if there is one, is before the bus.
	outbox *outbox.Outbox
	relay  *relay.Relay
	// recent is what the inspector remembers.
	recent *inspect.Recent
	// reloads takes in what changes in files. Its load and file are given.
	reloads  reloader
	draining atomic.Bool
	// leaving ends when everything should have stopped.
	leaving context.Context
	// broken gives the error that ended a listener, or that the store has.
	broken chan error
	stops  []func()
}

func (p *process) start(ctx context.Context) error {
	p.broken = make(chan error, 3)
	c := p.config
	p.reloads.begin(c)
	var err error
	if p.table, err = c.Table(); err != nil {
		return usageError{err}
	}
	front, err := p.listen("http", c.HTTP.Listen, "--listen", c.HTTP.TLS)
	if err != nil {
		return err
	}
	admin, err := p.listen("admin", c.Admin.Listen, "--admin", c.Admin.TLS)
	if err != nil {
		return err
	}
	if err := p.lock(); err != nil {
		return err
	}
	tracer, err := p.tracer(ctx)
	if err != nil {
		return err
	}
	if err := p.connect(tracer); err != nil {
		return err
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		buildInfo(), p.readiness())
	if err := p.assemble(ctx, registry, tracer); err != nil {
		return err
	}
	operators, err := p.adminOptions(admin, registry)
	if err != nil {
		return err
	}
	inspector := p.inspector(operators)
	operators.Inspector = inspector
	p.serve(admin, relay.Admin(operators), adminDeadline)
	p.onStop(inspector.Close) // before the server waits for the pages that are open
	p.serve(front, p.relay.Front(), c.HTTP.Deadline)
	p.followFiles(ctx)
	return nil
}

// followFiles starts to take in what changes in files.
func (p *process) followFiles(ctx context.Context) {
	r := &p.reloads
	r.relay, r.widen, r.log = p.relay, p.widen, p.log
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	running.Go(func() { r.run(ctx) })
	running.Go(func() { r.certificates.remind(ctx, p.log) })
	p.onStop(func() { cancel(); running.Wait() })
}

// assemble makes the relay, from what the configuration says and what was started.
func (p *process) assemble(ctx context.Context, registry *prometheus.Registry, tracer trace.Tracer) error {
	c, metrics := p.config, relay.NewMetrics(registry)
	p.recent = inspect.NewRecent()
	p.reloads.metrics = metrics
	endpoints, err := p.endpoints(ctx, metrics)
	if err != nil {
		return err
	}
	p.relay = relay.New(relay.Options{
		Endpoints:      endpoints,
		Bus:            p.store(),
		Stream:         c.Stream.Name,
		DeadLetters:    deadLetters(c.Stream.Name),
		Table:          p.table,
		Envelope:       c.Envelope(),
		KeepSignature:  c.CloudEvents.Signature,
		MaxBody:        int64(c.HTTP.MaxBody),
		Deadline:       c.HTTP.Deadline,
		Hosts:          c.HTTP.Hosts,
		TrustedProxies: c.HTTP.Proxies(),
		Log:            p.log,
		Metrics:        metrics,
		Tracer:         tracer,
		Recent:         p.recent,
	})
	registry.MustRegister(p.relay, p.reloads.certificates)
	if backlog := p.backlog(); backlog != nil {
		registry.MustRegister(backlog)
	}
	return nil
}

// lock makes the data folder ours alone: two servers on one store would destroy it.
func (p *process) lock() error {
	dir := p.config.DataDir
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make data_dir: %w", err)
	}
	lock := flock.New(filepath.Join(dir, "lock"))
	held, err := lock.TryLock()
	if err != nil {
		return fmt.Errorf("lock data_dir: %w", err)
	}
	if !held {
		return fmt.Errorf("data_dir %s is in use by another meetbus: stop that one, or try it with --data DIR", dir)
	}
	p.onStop(func() { _ = lock.Unlock() })
	return nil
}

// endpoints returns the relay's endpoints, and starts to keep their keys fresh.
func (p *process) endpoints(ctx context.Context, metrics *relay.Metrics) ([]relay.Endpoint, error) {
	rings := newKeyrings(p.config, keys.Options{
		Dir: filepath.Join(p.config.DataDir, "keys"), Log: p.log, Refreshed: metrics.KeyRefreshed,
	})
	endpoints, err := endpointsOf(p.config, rings)
	if err != nil {
		return nil, usageError{err}
	}
	p.reloads.rings = slices.Collect(maps.Values(rings.rings))
	p.onStop(rings.run(ctx))
	return endpoints, nil
}

func (p *process) adminOptions(l listener, registry *prometheus.Registry) (relay.AdminOptions, error) {
	a := p.config.Admin
	token, err := openToken(a.TokenFile)
	if err != nil {
		return relay.AdminOptions{}, err
	}
	p.reloads.token = token
	if err := p.reloads.describe(p.config, p.table); err != nil {
		return relay.AdminOptions{}, err
	}
	return relay.AdminOptions{
		Ready:     p.ready,
		Backlog:   p.backlog(),
		Keys:      p.relay.KeyStates,
		Token:     token.get(),
		CheckHost: a.TokenFile == "" || l.onLoopback(),
		Hosts:     a.Hosts,
		AsyncAPI:  p.reloads.described,
		Profiles:  p.profiles,
		Metrics:   registry,
		Log:       p.log,
	}, nil
}

func (p *process) serve(l listener, handler http.Handler, deadline time.Duration) {
	server := relay.Serve(relay.ServerOptions{
		Listener: l, Handler: handler, TLS: l.tls, Deadline: deadline, Log: p.log, Broken: p.broken,
	})
	p.onStop(func() {
		if err := server.Shutdown(p.leaving); err != nil {
			p.log.Error("not every request was finished in time", zap.Error(err))
		}
	})
}

func (p *process) drain() {
	p.draining.Store(true)
	p.log.Info("stopping: finishing what was accepted", zap.Duration("drain", p.config.HTTP.Drain))
	_ = p.log.Sync() // whoever stops it may not wait for its end
	time.Sleep(p.config.HTTP.Drain)
}

func (p *process) onStop(f func()) { p.stops = append(p.stops, f) }

// stop undoes what start did, last first.
func (p *process) stop() {
	var cancel context.CancelFunc
	p.leaving, cancel = context.WithTimeout(context.Background(), leave)
	defer cancel()
	for i := len(p.stops) - 1; i >= 0; i-- {
		p.stops[i]()
	}
}
