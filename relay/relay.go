package relay

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"

	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/relay/bus"
	"github.com/meetbus/meetbus/relay/inspect"
	"github.com/meetbus/meetbus/relay/route"
	"github.com/meetbus/meetbus/schemas"
)

// Bus is where events are stored: relay/bus, or an outbox before it.
type Bus interface {
	// Publish returns when the message is stored, or certainly not; see bus.Bus.
	Publish(ctx context.Context, m bus.Message) (bus.Ack, error)
	// State says what a stream holds.
	State(ctx context.Context, stream string) (bus.State, error)
}

// Options of a relay.
type Options struct {
	Endpoints []Endpoint
	Bus       Bus
	// Stream holds the events, DeadLetters what was authentic and could not become one.
	Stream, DeadLetters string
	// Table says where an event belongs.
	Table *route.Table
	// Envelope says how events are written. KeepSignature gives them the signature that was checked.
	Envelope      schemas.Envelope
	KeepSignature bool
	// MaxBody is the size of the largest body, in bytes.
	MaxBody int64
	// Deadline is the time for a whole answer, from the request's headers on.
	Deadline time.Duration
	// Hosts are public names under which unverified endpoints may be called.
	Hosts []string
	// TrustedProxies are those whose X-Forwarded-For is believed, and the sampling of their traceparent.
	TrustedProxies []netip.Prefix
	Log            *zap.Logger
	Metrics        *Metrics
	// Tracer, if set, gets a span for each webhook and for each step.
	Tracer trace.Tracer
	// Recent, if set, remembers what became of the last webhooks.
	Recent *inspect.Recent
}

// Relay takes webhooks in and puts events on the bus. Its handlers may be called by several goroutines at once.
type Relay struct {
	endpoints           []Endpoint
	bus                 Bus
	stream, deadLetters string
	rules               atomic.Pointer[rules]
	envelope            schemas.Envelope
	keepSignature       bool
	maxBody             int64
	deadline            time.Duration
	hosts               []string
	log                 *zap.Logger
	metrics             *Metrics
	recent              *inspect.Recent
	taken               atomic.Bool
	work                budget
	turns               turnstile
	proxies             []netip.Prefix
	tracer              trace.Tracer
}

// rules say where events belong, until others do.
type rules struct {
	*route.Table
	// untold are those of which the log has said that their condition cannot be told.
	untold sync.Map
}

// New returns a relay. It owns nothing that must be closed: the bus and the keys are the caller's.
func New(o Options) *Relay {
	r := &Relay{
		endpoints:     spelled(o.Endpoints),
		bus:           o.Bus,
		stream:        o.Stream,
		deadLetters:   o.DeadLetters,
		envelope:      o.Envelope,
		keepSignature: o.KeepSignature,
		maxBody:       o.MaxBody,
		deadline:      o.Deadline,
		hosts:         o.Hosts,
		log:           o.Log,
		metrics:       o.Metrics,
		proxies:       o.TrustedProxies,
		tracer:        o.Tracer,
		recent:        o.Recent,
		turns:         newTurnstile(),
		work:          budget{most: max(workMax, 16*(o.MaxBody+workEach))},
	}
	r.Remap(o.Table)
	if r.metrics != nil { // a relay that only foresees has none
		r.foretell()
	}
	return r
}

// Remap has the relay ask another table where events belong, from the next one on. The stream must hold its subjects already.
func (r *Relay) Remap(table *route.Table) { r.rules.Store(&rules{Table: table}) }

// HasTaken says whether a webhook was ever answered with 200.
func (r *Relay) HasTaken() bool { return r.taken.Load() }

// take is the whole product: one webhook, from its bytes to its receipt. What it returns has happened: a receipt means that
// JetStream, on the bus or in the outbox, has acknowledged the event, an error that nothing will be sent any more. Beside an error
// the receipt says only what is known of the webhook, or what it claims.
func (r *Relay) take(e *Endpoint, w http.ResponseWriter, q *http.Request) (*receipt, error) {
	ctx := context.WithoutCancel(q.Context()) // a sender that hangs up does not make us drop what it has sent
	load, err := r.admit()
	if err != nil {
		return &receipt{}, err
	}
	defer load.leave()

	arrived, err := r.receive(e, w, q, &load)
	if err != nil {
		return &receipt{claims: claimsOf(e, q)}, err
	}
	webhook, err := r.verify(ctx, arrived)
	if err != nil {
		return refused(arrived, webhook), err
	}
	leave, err := r.turns.pass(len(arrived.body), arrived.at.Add(inTime(r.deadline)))
	if err != nil {
		return refused(arrived, webhook), err
	}
	defer leave()
	event, err := r.normalize(ctx, webhook)
	if err != nil {
		if !webhook.Verified { // anybody could fill the stream
			return refused(arrived, webhook), fmt.Errorf("%w: %w", errUnintelligible, err)
		}
		return r.setAside(ctx, webhook, nil, err)
	}
	if err := accept(e, event); err != nil {
		return named(event), err
	}
	belongs, ruled := r.route(&event.Event)
	if belongs.Drop {
		return dropped(event, belongs.Rule, ruled), nil
	}
	return r.publish(ctx, webhook, event, belongs.Subject, ruled)
}

func (r *Relay) normalize(ctx context.Context, w *normalize.Webhook) (e *normalize.Event, err error) {
	_, done := r.step(ctx, "normalize")
	defer func() { done(err) }()
	return normalize.Normalize(w)
}

// route says where an event belongs, and by which rule, for people to read; it counts the rules that could not tell.
func (r *Relay) route(e *schemas.Event) (d route.Decision, ruled string) {
	in := r.rules.Load()
	d = in.Route(e)
	for _, rule := range d.Failed {
		r.metrics.ruleErrors.Inc()
		if _, said := in.untold.LoadOrStore(rule, true); !said {
			r.log.Warn("a rule's condition cannot be told of some events, and does not match them; this is said once a rule, and counted",
				zap.String("rule", ruleName(rule)), zap.String("type", shown(e.Type)))
		}
	}
	if d.Rule >= 0 {
		ruled = in.Said(d.Rule)
	}
	return d, ruled
}

// inTime is how long a webhook may take for its answer to be out by the deadline.
func inTime(deadline time.Duration) time.Duration { return deadline - deadline/10 }

// reason is the word for why a webhook cannot become an event: of a dead letter, of meetbus_dead_letters_total, and of the answer
// where there can be no dead letter.
func reason(err error) string {
	switch {
	case errors.Is(err, normalize.ErrNotUTF8):
		return normalize.ReasonNotUTF8
	case errors.Is(err, normalize.ErrNotJSON):
		return normalize.ReasonNotJSON
	case errors.Is(err, normalize.ErrNoEvent):
		return normalize.ReasonNoEvent
	case errors.Is(err, bus.ErrTooLarge):
		return normalize.ReasonTooLarge
	default:
		return normalize.ReasonRefused
	}
}
