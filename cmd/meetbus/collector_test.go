package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"os"

	collect "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	spans "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// collector is a program for scripts: it takes spans at an address, as OTLP over HTTP has them, and writes each in a line: its trace,
// itself, its parent, its name, its status, and its attributes.
func collector() {
	http.HandleFunc("POST /v1/traces", func(w http.ResponseWriter, q *http.Request) {
		body, err := io.ReadAll(q.Body)
		if err != nil {
			log.Fatal(err)
		}
		var said collect.ExportTraceServiceRequest
		if err := proto.Unmarshal(body, &said); err != nil {
			log.Fatal(err)
		}
		for _, from := range said.ResourceSpans {
			for _, scope := range from.ScopeSpans {
				for _, s := range scope.Spans {
					fmt.Println(spanLine(s), from.Resource.Attributes)
				}
			}
		}
		w.Header().Set("Content-Type", "application/x-protobuf")
	})
	fmt.Println("listening")
	log.Fatal(http.ListenAndServe(os.Args[1], nil))
}

func spanLine(s *spans.Span) string {
	return fmt.Sprintf("trace %x span %x parent %x %q %v %v", s.TraceId, s.SpanId, s.ParentSpanId, s.Name, s.GetStatus().GetMessage(), s.Attributes)
}
