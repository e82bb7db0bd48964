package outbox

import (
	"context"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/meetbus/meetbus/relay/bus"
)

// headerTrace is the trace that an entry is part of, for when it is forwarded.
const headerTrace = ofUs + "Trace"

var traceContext propagation.TraceContext

// tracer gives spans; without one there are none.
type tracer struct{ trace.Tracer }

// storing begins the span of a message that is put into the store, and notes it there. done ends it.
func (t tracer) storing(ctx context.Context, entry bus.Message) (_ context.Context, done func(error)) {
	if t.Tracer == nil {
		return ctx, func(error) {}
	}
	ctx, span := t.Start(ctx, "outbox")
	carrier := propagation.MapCarrier{}
	traceContext.Inject(ctx, carrier)
	entry.Header[headerTrace] = []string{carrier["traceparent"]}
	return ctx, func(err error) {
		if err != nil {
			span.SetStatus(codes.Error, err.Error())
		}
		span.End()
	}
}

// forwarded is a span from when an entry was accepted until the bus had it.
func (t tracer) forwarded(ctx context.Context, e entry) {
	if t.Tracer == nil {
		return
	}
	carrier := propagation.MapCarrier{"traceparent": first(e.stored, headerTrace)}
	_, span := t.Start(traceContext.Extract(ctx, carrier), "forward", trace.WithTimestamp(e.accepted), trace.WithSpanKind(trace.SpanKindProducer))
	span.End()
}
