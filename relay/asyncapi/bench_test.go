package asyncapi_test

import (
	"testing"

	"github.com/meetbus/meetbus/relay/asyncapi"
)

// BenchmarkDocument is what a relay does once at its start.
func BenchmarkDocument(b *testing.B) {
	d := plain(b)
	for b.Loop() {
		if _, err := asyncapi.Document(d); err != nil {
			b.Fatal(err)
		}
	}
}
