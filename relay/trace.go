package relay

import (
	"context"
	"net/http"
	"net/netip"
	"slices"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/schemas"
)

// traceContext is how requests and events say which trace they are part of: W3C Trace Context.
var traceContext propagation.TraceContext

// toldByStranger is the key of a context whose trace a stranger has named.
type toldByStranger struct{}

// ToldByStranger says whether the trace of a context is what a request says that came from none of Options.TrustedProxies: no signature
// covers it. The span may be part of it, but whether it is sampled must not follow from it.
func ToldByStranger(ctx context.Context) bool { return ctx.Value(toldByStranger{}) != nil }

// isProxy says whether a request came from a proxy that is trusted.
func (r *Relay) isProxy(remote string) bool {
	peer, err := netip.ParseAddrPort(remote)
	return err == nil && slices.ContainsFunc(r.proxies, func(p netip.Prefix) bool { return p.Contains(peer.Addr().Unmap()) })
}

// trace begins the span of one webhook, as part of the trace that its sender says it is part of. Its names are those of OpenTelemetry's
// semantic conventions, where it has one; nothing of the payload is in it, and no path: it may be a secret.
func (r *Relay) trace(e *Endpoint, q *http.Request) (*http.Request, trace.Span) {
	if r.tracer == nil {
		return q, nil
	}
	parent, state := normalize.TraceOf(q.Header) // in its bounds: the event has it
	ctx := traceContext.Extract(q.Context(), propagation.MapCarrier{"traceparent": parent, "tracestate": state})
	if !r.isProxy(q.RemoteAddr) {
		ctx = context.WithValue(ctx, toldByStranger{}, true)
	}
	ctx, span := r.tracer.Start(ctx, "webhook "+e.Name, trace.WithSpanKind(trace.SpanKindServer),
		trace.WithAttributes(attribute.String("http.request.method", q.Method), attribute.String("meetbus.endpoint", e.Name)))
	return q.WithContext(ctx), span
}

// traced ends the span of a webhook with what became of it.
func traced(span trace.Span, taken *receipt, err error) {
	if span == nil {
		return
	}
	defer span.End()
	if err != nil {
		p := explain(err)
		span.SetAttributes(attribute.Int("http.response.status_code", p.Status), attribute.String("meetbus.outcome", string(p.outcome())))
		if p.Status >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, cause(err))
		}
		return
	}
	span.SetAttributes(attribute.Int("http.response.status_code", http.StatusOK), attribute.String("meetbus.outcome", string(taken.outcome())),
		attribute.String("meetbus.provider", taken.provider), attribute.String("cloudevents.event_type", shown(taken.kind)),
		attribute.String("cloudevents.event_id", taken.id))
}

// step begins the span of one of the five calls. done ends it, with the error that the call has ended with.
func (r *Relay) step(ctx context.Context, name string) (_ context.Context, done func(error)) {
	if r.tracer == nil {
		return ctx, untraced
	}
	ctx, span := r.tracer.Start(ctx, name)
	return ctx, func(err error) {
		if err != nil {
			span.SetStatus(codes.Error, cause(err))
		}
		span.End()
	}
}

func untraced(error) {}

// carry has an event say which span it comes out of, if there is one, instead of the one that its webhook named, and that span where
// the event goes.
func (r *Relay) carry(ctx context.Context, e *schemas.Event, subject string) {
	if r.tracer == nil {
		return
	}
	trace.SpanFromContext(ctx).SetAttributes(attribute.String("messaging.system", "nats"), attribute.String("messaging.operation.type", "send"),
		attribute.String("messaging.destination.name", subject), attribute.String("messaging.message.id", e.ID))
	carrier := propagation.MapCarrier{}
	traceContext.Inject(ctx, carrier)
	e.TraceParent, e.TraceState = carrier["traceparent"], carrier["tracestate"]
}
