package main

import (
	"context"

	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/meetbus/meetbus/relay"
)

// sampler says which spans are sent. It is the one that OTEL_TRACES_SAMPLER names, all by default, but that no stranger's traceparent
// has a say in it: neither its flag nor its trace, of which a ratio is made. Else anybody could have each request traced, or none.
// What is within a span of ours goes with that.
type sampler struct {
	// asked is a tracer whose spans go nowhere, of a provider that has the sampler of the environment: the SDK gives it to nobody.
	asked trace.Tracer
}

func newSampler() sampler { return sampler{asked: sdk.NewTracerProvider().Tracer("sampler")} }

func (s sampler) ShouldSample(p sdk.SamplingParameters) sdk.SamplingResult {
	parent := trace.SpanContextFromContext(p.ParentContext)
	result := sdk.SamplingResult{Decision: sdk.Drop, Tracestate: parent.TraceState()}
	sampled := parent.IsSampled()
	if !parent.IsValid() || parent.IsRemote() {
		sampled = s.ask(p)
	}
	if sampled {
		result.Decision = sdk.RecordAndSample
	}
	return result
}

// ask begins a span like the one that is meant. Where a stranger says what it is part of, it is part of nothing.
func (s sampler) ask(p sdk.SamplingParameters) bool {
	ctx := p.ParentContext
	if relay.ToldByStranger(ctx) {
		ctx = context.Background()
	}
	_, span := s.asked.Start(ctx, p.Name, trace.WithSpanKind(p.Kind), trace.WithAttributes(p.Attributes...))
	defer span.End()
	return span.SpanContext().IsSampled()
}

// Description is for the SDK's own log.
func (s sampler) Description() string { return "OTEL_TRACES_SAMPLER, without strangers" }
