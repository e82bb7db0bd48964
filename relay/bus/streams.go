package bus

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"
)

// checkTimeout bounds the checks of one connection: a stream of 1,000 new subjects takes the server a second.
const checkTimeout = 10 * time.Second

// fault is what only people can mend.
type fault struct{ error }

func (f fault) Unwrap() error { return f.error }

func faultf(format string, args ...any) error { return fault{fmt.Errorf(format, args...)} }

// IsFault says whether an error of this package is one that people must mend: waiting will not.
func IsFault(err error) bool {
	var f fault
	return errors.As(err, &f)
}

// checks returns nil if everything is there that Publish needs: a fault if people must mend it, another error if waiting may.
func (b *Bus) checks(c *connection, streams []Stream) error {
	if faults := serverFaults(c.nc, b.o.MinPayload); len(faults) > 0 {
		return fault{faults[0]}
	}
	ctx, done := c.asking()
	defer done()
	o := b.o
	o.Streams = streams
	plans, err := c.plans(ctx, o)
	if err != nil {
		return err
	}
	if err := faultOf(plans); err != nil {
		return err
	}
	for _, p := range inOrder(plans) {
		if err := c.makeWay(ctx, p); err != nil {
			return inStream(ctx, p.want.Name, err)
		}
	}
	for _, p := range plans {
		is, err := c.apply(ctx, p)
		if err != nil {
			return inStream(ctx, p.want.Name, err)
		}
		b.warn(p)
		b.remember(is)
	}
	return nil
}

// remember keeps what a stream can do, as the server has it: how long it recognises a duplicate, and which batches it takes. A group of
// which it is not clear what is stored is sent again, which a stream must recognise.
func (b *Bus) remember(is jetstream.StreamConfig) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.windows[is.Name] = is.Duplicates
	recognised := is.Duplicates >= 10*answerMax
	b.batched[is.Name] = batches{atomic: is.AllowAtomicPublish && recognised, fast: is.AllowBatchPublish && recognised}
}

// asking bounds requests to JetStream. They end when the server says that a permission is missing: then no answer comes.
func (c *connection) asking() (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(c.ctx)
	c.onDenied.Store(&cancel)
	ctx, done := context.WithTimeout(ctx, checkTimeout)
	return ctx, func() {
		done()
		c.onDenied.Store(nil)
		cancel(nil)
	}
}

// inStream says which stream an error is about, and prefers the missing permission to the end of the request.
func inStream(ctx context.Context, name string, err error) error {
	if denied := context.Cause(ctx); !IsFault(err) && IsFault(denied) {
		err = denied
	}
	return fmt.Errorf("stream %s: %w", name, err)
}

func serverFaults(nc *nats.Conn, minPayload int64) []error {
	var faults []error
	if !nc.HeadersSupported() {
		faults = append(faults, fmt.Errorf("server at %s does not support headers: they must be enabled", nc.ConnectedAddr()))
	}
	if most := nc.MaxPayload(); most < minPayload {
		faults = append(faults, fmt.Errorf("server at %s takes messages of at most %d bytes and %d are needed: "+
			"set max_payload: %d there, or a smaller http.max_body here", nc.ConnectedAddr(), most, minPayload, minPayload))
	}
	return faults
}

// plans says what is to be done about each of the streams, before anything is.
func (c *connection) plans(ctx context.Context, o Options) ([]plan, error) {
	var plans []plan
	for _, want := range o.Streams {
		p, err := c.plan(ctx, o.planner(), nil, want)
		if err != nil {
			return nil, inStream(ctx, want.Name, err)
		}
		plans = append(plans, p)
	}
	return plans, nil
}

func (c *connection) plan(ctx context.Context, by planner, others []jetstream.StreamConfig, want Stream) (plan, error) {
	var info struct {
		Config json.RawMessage `json:"config"`
	}
	err := c.api(ctx, "STREAM.INFO."+want.Name, nil, &info)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return by.plan(nil, others, want), nil
	}
	if err != nil {
		return plan{}, answer(c.nc, err)
	}
	var have jetstream.StreamConfig
	if err := json.Unmarshal(info.Config, &have); err != nil {
		return plan{}, fmt.Errorf("read its configuration: %w", err)
	}
	p := by.plan(&have, others, want)
	return p, json.Unmarshal(info.Config, &p.have)
}

// faultOf joins what people must mend in one line: whoever mends it wants to know all.
func faultOf(plans []plan) error {
	var all []string
	for _, p := range plans {
		for _, f := range p.faults {
			all = append(all, p.says(f))
		}
	}
	if len(all) == 0 {
		return nil
	}
	return fault{errors.New(strings.Join(all, "; and "))}
}

// inOrder puts the plans that leave a stream some subjects before those that leave it none.
func inOrder(plans []plan) []plan {
	sorted := slices.Clone(plans)
	slices.SortStableFunc(sorted, func(a, b plan) int { return cmp.Compare(len(b.left), len(a.left)) })
	return sorted
}

// makeWay takes away the subjects of an existing stream that stand in the way of others. A stream cannot be without any, so the last
// ones make way to its new ones at once.
func (c *connection) makeWay(ctx context.Context, p plan) error {
	if p.left == nil {
		return nil
	}
	subjects := p.left
	if len(subjects) == 0 {
		subjects = p.subjects
	}
	p.have["subjects"], _ = json.Marshal(subjects)
	if err := c.api(ctx, "STREAM.UPDATE."+p.want.Name, p.have, nil); err != nil {
		return answer(c.nc, fmt.Errorf("take away %s: %w", some(p.drop), err))
	}
	return nil
}

// apply returns the stream as it is then.
func (c *connection) apply(ctx context.Context, p plan) (jetstream.StreamConfig, error) {
	if p.have == nil {
		return c.create(ctx, p.want)
	}
	return c.change(ctx, p)
}

// config makes a stream that keeps the promises: on disk, and full instead of forgetful. A server that does not know batches makes one
// without.
func (s Stream) config() jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: s.Name, Subjects: s.Subjects, Replicas: max(s.Replicas, 1),
		Storage: jetstream.FileStorage, Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardNew,
		MaxAge: s.MaxAge, MaxBytes: unlimited(s.MaxBytes), MaxMsgs: -1, MaxMsgsPerSubject: -1, MaxConsumers: -1,
		Duplicates: s.DuplicateWindow, AllowDirect: true, AllowAtomicPublish: true, AllowBatchPublish: true,
	}
}

func (c *connection) create(ctx context.Context, want Stream) (jetstream.StreamConfig, error) {
	s, err := c.js.CreateStream(ctx, want.config())
	if err != nil {
		return jetstream.StreamConfig{}, c.refusal(ctx, want, want.Subjects, fmt.Errorf("create: %w", err))
	}
	return s.CachedInfo().Config, nil
}

// change does what is planned for an existing stream and changes nothing else, not even settings that this library does not
// know.
func (c *connection) change(ctx context.Context, p plan) (is jetstream.StreamConfig, err error) {
	var doing []string
	if len(p.add) > 0 {
		p.have["subjects"], _ = json.Marshal(p.subjects)
		doing = append(doing, "add "+some(p.add))
	}
	for _, w := range p.widen {
		p.have[w.Setting], _ = json.Marshal(w.value)
		doing = append(doing, fmt.Sprintf("make %s %s", w.Setting, w.To))
	}
	if len(doing) > 0 {
		if err := c.api(ctx, "STREAM.UPDATE."+p.want.Name, p.have, nil); err != nil {
			return is, c.refusal(ctx, p.want, p.add, fmt.Errorf("%s: %w", strings.Join(doing, ", "), err))
		}
	}
	now, err := json.Marshal(p.have)
	if err != nil {
		return is, err
	}
	return is, json.Unmarshal(now, &is)
}

// warn says, once, what an existing stream makes weaker, and what was changed to make it stronger.
func (b *Bus) warn(p plan) {
	if p.left != nil {
		b.log.Info("stream has new subjects in place of old ones; what it holds stays", zap.String("stream", p.want.Name),
			zap.String("old", some(p.drop)))
	}
	for _, w := range p.widen {
		b.log.Info("stream was widened", zap.String("stream", p.want.Name), zap.String("setting", w.Setting),
			zap.String("from", w.From), zap.String("to", w.To))
	}
	for _, f := range p.warnings {
		if said := p.says(f); !b.warned[said] {
			b.warned[said] = true
			b.log.Warn("stream is not as it should be", zap.String("stream", p.want.Name),
				zap.String("setting", f.Setting), zap.String("breaks", f.Breaks), zap.String("mend", f.Mend))
		}
	}
}
