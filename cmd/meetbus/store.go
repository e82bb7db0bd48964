package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"syscall"
	"time"

	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"

	"github.com/meetbus/meetbus/config"
	"github.com/meetbus/meetbus/relay"
	"github.com/meetbus/meetbus/relay/bus"
	"github.com/meetbus/meetbus/relay/bus/embedded"
	"github.com/meetbus/meetbus/relay/bus/outbox"
)

// connect starts the connection to the bus, and opens the outbox before it if there is to be one.
func (p *process) connect(tracer trace.Tracer) error {
	c := p.config
	server, err := p.server()
	if err != nil {
		return err
	}
	streams, err := streamsOf(c, p.table)
	if err != nil {
		return err
	}
	p.bus, err = bus.Connect(bus.Options{
		Name: "meetbus", Server: server, Streams: streams, MinPayload: minPayload(c.HTTP), Log: p.log,
	})
	if err != nil {
		return usageError{err}
	}
	p.onStop(p.bus.Close)
	switch {
	case c.NATS.URL == "":
		p.watch(p.bus.Silent)
	case c.Outbox.Enabled:
		return p.openOutbox(tracer)
	}
	return nil
}

const (
	// watchEvery is how often our own store is looked at, and silenceMax how long it may not answer.
	watchEvery = time.Second
	silenceMax = 15 * time.Second
)

// watch ends the relay if its own store does not answer for long: only a new process can open it again, and it loses nothing that
// was acknowledged.
func (p *process) watch(silent func(context.Context) time.Duration) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		for ctx.Err() == nil {
			if lasts := silent(ctx); lasts > silenceMax {
				p.broken <- fmt.Errorf("the store in %s has not answered for %s, and a new process must open it: start meetbus again",
					p.config.DataDir, lasts.Round(time.Second))
				return
			}
			select {
			case <-ctx.Done():
			case <-time.After(watchEvery):
			}
		}
	})
	p.onStop(func() { cancel(); running.Wait() })
}

// openOutbox puts an outbox before the bus.
func (p *process) openOutbox(tracer trace.Tracer) error {
	o, err := outboxOf(p.config)
	if err != nil {
		return err
	}
	o.Bus, o.Log, o.Tracer = p.bus, p.log, tracer
	if p.outbox, err = outbox.Open(o); err != nil {
		return err
	}
	p.onStop(p.outbox.Close)
	p.watch(p.outbox.Silent)
	return nil
}

// store is where the relay's events go.
func (p *process) store() relay.Bus {
	if p.outbox != nil {
		return p.outbox
	}
	return p.bus
}

// server returns the NATS server: the embedded one, which it starts, if there is no other.
func (p *process) server() (bus.Server, error) {
	if p.config.NATS.URL != "" {
		return serverOf(p.config.NATS, "", "")
	}
	inside, err := p.startEmbedded()
	if err != nil {
		return bus.Server{}, err
	}
	p.inside = inside
	return inside.Relay(), nil
}

func (p *process) startEmbedded() (*embedded.Server, error) {
	c := p.config
	guests, err := p.guests(c.NATS.Embedded)
	if err != nil {
		return nil, err
	}
	inside, err := embedded.Start(embedded.Options{
		Listen:       c.NATS.Embedded.Listen,
		Dir:          c.DataDir,
		SyncInterval: time.Duration(c.NATS.Embedded.Sync),
		MaxPayload:   int32(max(minPayload(c.HTTP), 1<<20)),
		Stream:       c.Stream.Name,
		Subjects:     p.table.Subjects(),
		Replays:      replays(c.Stream.Name),
		Guests:       guests,
		Log:          p.log,
	})
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, inUse(c.NATS.Embedded.Listen)
	}
	if err != nil {
		return nil, err
	}
	p.onStop(inside.Stop)
	return inside, nil
}

// ready says whether an event could be taken now, or why not.
func (p *process) ready() error {
	if p.draining.Load() {
		return errors.New("the relay is stopping")
	}
	if p.outbox != nil {
		return p.outbox.Ready()
	}
	return p.bus.Ready()
}

// backlog says what waits in the outbox; nil without one.
func (p *process) backlog() relay.BacklogOf {
	if p.outbox == nil {
		return nil
	}
	return func(ctx context.Context) (relay.Backlog, error) {
		s, err := p.outbox.Status(ctx)
		return relay.Backlog(s), err
	}
}

// widen makes the streams hold what the rules of a configuration say, and waits for the bus if it is away.
func (p *process) widen(ctx context.Context, c config.Config) error {
	table, err := c.Table()
	if err != nil {
		return err
	}
	streams, err := streamsOf(c, table)
	if err != nil {
		return err
	}
	if p.bus.Ready() != nil {
		p.log.Info("new subject rules wait for the bus")
	}
	if err := p.bus.Hold(ctx, streams); err != nil {
		return fmt.Errorf("give the stream new subjects: %w", err)
	}
	return p.shareWithGuests(streams)
}

// shareWithGuests lets guests of the embedded server, if there is one, hear the new subjects.
func (p *process) shareWithGuests(streams []bus.Stream) error {
	if p.inside == nil {
		return nil
	}
	later, err := p.inside.Share(streams[0].Subjects)
	if len(later) > 0 {
		p.log.Warn("subscriptions that are not of JetStream hear some of the new subjects only after a restart, since they overlap earlier ones",
			zap.Strings("subjects", later))
	}
	return err
}
