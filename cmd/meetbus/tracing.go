package main

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"
	"golang.org/x/time/rate"
)

// tracer returns where spans go: to the OTLP endpoint of the configuration, over HTTP, or nowhere if it is nil. The environment variables
// of OpenTelemetry's own count besides, such as OTEL_EXPORTER_OTLP_HEADERS for what a collector wants to see, and OTEL_TRACES_SAMPLER. A
// collector that is away costs spans and no webhook.
func (p *process) tracer(ctx context.Context) (trace.Tracer, error) {
	endpoint := p.config.Tracing.OTLPEndpoint
	if endpoint == "" {
		return nil, nil
	}
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(withPath(endpoint)))
	if err != nil {
		return nil, fmt.Errorf("trace to tracing.otlp_endpoint: %w", err)
	}
	of, err := resource.New(ctx, resource.WithFromEnv(), resource.WithTelemetrySDK(), resource.WithHost(),
		resource.WithAttributes(attribute.String("service.name", "meetbus"), attribute.String("service.version", release())))
	if err != nil {
		return nil, fmt.Errorf("trace to tracing.otlp_endpoint: %w", err)
	}
	provider := sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithResource(of), sdk.WithSampler(newSampler()))
	otel.SetErrorHandler(complaint(p.log))
	p.onStop(func() { _ = provider.Shutdown(p.leaving) }) // what it could not send, complaint has said
	return provider.Tracer("github.com/meetbus/meetbus"), nil
}

// withPath is an endpoint as the exporter wants it: one without a path has the usual one.
func withPath(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil || u.Path != "" && u.Path != "/" {
		return endpoint
	}
	return u.JoinPath("v1", "traces").String()
}

// complaint logs what tracing fails with, and not more often than once a minute.
func complaint(log *zap.Logger) otel.ErrorHandler {
	said := rate.Sometimes{Interval: time.Minute}
	return otel.ErrorHandlerFunc(func(err error) {
		said.Do(func() { log.Warn("spans are lost: is there a collector at tracing.otlp_endpoint?", zap.Error(err)) })
	})
}
