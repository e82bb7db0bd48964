package schemas_test

import (
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/schemas"
)

// BenchmarkSeal writes what a join at Dyte of about 1,000 bytes becomes, with the original.
func BenchmarkSeal(b *testing.B) {
	archive, err := txtar.ParseFile("../normalize/testdata/dyte/case-kilobyte.txtar")
	if err != nil {
		b.Fatal(err)
	}
	var body []byte
	for _, f := range archive.Files {
		if f.Name == "body" {
			body = f.Data
		}
	}
	e, err := normalize.Normalize(&normalize.Webhook{
		Provider: normalize.Dyte, Endpoint: "dyte", Verified: true, Body: body, Received: time.Now(),
		Header: map[string][]string{"Dyte-Uuid": {"8c1f6a52-0b7d-4e39-9a64-d2f5e7031b8c"}, "Dyte-Webhook-Id": {"90c3e1a7-2b64-4f8d-a5d9-6e7f10b84c2d"}},
	})
	if err != nil {
		b.Fatal(err)
	}
	for _, mode := range []struct {
		name     string
		envelope schemas.Envelope
	}{{"structured", schemas.Envelope{}}, {"binary", schemas.Envelope{Binary: true}}} {
		b.Run(mode.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := mode.envelope.Seal(&e.Event); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
