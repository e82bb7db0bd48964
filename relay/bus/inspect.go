package bus

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Report says what a bus would find on a server, and do there.
type Report struct {
	// Server that answered, host:port, or how an embedded one calls itself; Name is what it calls itself always.
	Server, Name string
	// Faults of the server, or of our rights there. After one, the streams that could not be asked for are left out.
	Faults []string
	// Warnings say what could not be found out.
	Warnings []string
	Streams  []StreamReport
}

// StreamReport says how one of the streams is, and what a bus would do about it: nothing if there is a fault.
type StreamReport struct {
	Name   string
	Exists bool
	// Create is true if the stream would be made. Add are the subjects that it would be given, all of them if it is new; Drop are
	// those that would make way, since new ones cover them.
	Create    bool
	Add, Drop []string
	Widen     []Widening
	// Faults are all that keep the bus from being ready; Warnings are what is weaker, or other, than the configuration says.
	Faults, Warnings []Finding
}

// Ready says whether a bus would become ready, as far as can be seen without doing anything: whether a new stream fits, and
// whether we may create it, only the server knows.
func (r Report) Ready() bool {
	for _, s := range r.Streams {
		if len(s.Faults) > 0 {
			return false
		}
	}
	return len(r.Faults) == 0
}

// Meet connects once and says who answers: the report has only Server and Name. It fails if the server cannot be reached.
func Meet(ctx context.Context, s Server) (Report, error) {
	if err := s.check(); err != nil {
		return Report{}, err
	}
	c, err := connect(ctx, "", s, nil)
	if err != nil {
		return Report{}, err
	}
	defer func() { c.drop(); <-c.gone }()
	return Report{Server: c.nc.ConnectedAddr(), Name: c.nc.ConnectedServerName()}, nil
}

// Inspect connects once and says what a bus with these options would find and do. It changes nothing on the server. Overlaps with
// other streams are found by listing all that there are. It fails if the server cannot be reached, or does not answer before ctx
// ends.
func Inspect(ctx context.Context, o Options) (Report, error) {
	if err := o.Server.check(); err != nil {
		return Report{}, fmt.Errorf("inspect the bus: %w", err)
	}
	c, err := connect(ctx, o.Name, o.Server, nil)
	if err != nil {
		return Report{}, fmt.Errorf("inspect the bus: %w", err)
	}
	defer func() { c.drop(); <-c.gone }()
	r := Report{Server: c.nc.ConnectedAddr(), Name: c.nc.ConnectedServerName()}
	for _, f := range serverFaults(c.nc, o.MinPayload) {
		r.Faults = append(r.Faults, f.Error())
	}
	if err := c.inspect(&r, o); err != nil {
		return Report{}, fmt.Errorf("inspect the bus: %w", err)
	}
	return r, nil
}

func (c *connection) inspect(r *Report, o Options) error {
	others, err := c.listed()
	switch {
	case errors.Is(err, nats.ErrPermissionViolation):
		r.Warnings = append(r.Warnings,
			fmt.Sprintf("overlaps with other streams were not looked for, since they cannot be listed: %s", err))
	case IsFault(err):
		r.Faults = append(r.Faults, err.Error())
		return nil
	case err != nil:
		return fmt.Errorf("list the streams: %w", err)
	}
	for _, want := range o.Streams {
		p, err := c.planned(o, others, want)
		switch {
		case IsFault(err):
			r.Faults = append(r.Faults, err.Error())
		case err != nil:
			return err
		default:
			p.faults = append(p.faults, c.unreplicated(p)...)
			r.Streams = append(r.Streams, p.report())
		}
	}
	return nil
}

// listed and planned ask each on their own, so that a missing permission for one is not one for the other.
func (c *connection) listed() ([]jetstream.StreamConfig, error) {
	ctx, done := c.asking()
	defer done()
	all, err := c.streams(ctx)
	if err != nil {
		err = answer(c.nc, err)
	}
	return all, err
}

func (c *connection) planned(o Options, others []jetstream.StreamConfig, want Stream) (plan, error) {
	ctx, done := c.asking()
	defer done()
	p, err := c.plan(ctx, o.planner(), others, want)
	if err != nil {
		return plan{}, inStream(ctx, want.Name, err)
	}
	return p, nil
}

// unreplicated finds a stream that would be made with more replicas than a server can have that is in no cluster. A bus does not look:
// it tries, and the server knows better.
func (c *connection) unreplicated(p plan) []Finding {
	if p.have != nil || p.want.Replicas <= 1 || c.nc.ConnectedClusterName() != "" {
		return nil
	}
	return []Finding{{
		Setting: fmt.Sprintf("would have %d replicas", p.want.Replicas), Breaks: "the server is in no cluster, and keeps one",
		Mend: oneReplica,
	}}
}

func (p plan) report() StreamReport {
	return StreamReport{
		Name: p.want.Name, Exists: p.have != nil, Create: p.have == nil && len(p.faults) == 0,
		Add: p.add, Drop: p.drop, Widen: p.widen, Faults: p.faults, Warnings: p.warnings,
	}
}
