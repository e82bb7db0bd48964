// The race detector has sync.Pool forget at random, which allocates.
//go:build !race

package bus

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"net/http"
	"net/textproto"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"golang.org/x/tools/txtar"

	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/schemas"
)

// allocationsMax is how many allocations the way of a body of 1,000 bytes to a message may take.
const allocationsMax = 45

// TestBodyToMessageAllocates is BenchmarkBodyToMessage for those who run no benchmarks.
func TestBodyToMessageAllocates(t *testing.T) {
	checkAllocations(t, kilobyte(t))
}

// BenchmarkBodyToMessage makes a message in structured mode, with the original, of a join at Dyte: all that is done between
// the check of the signature and NATS but for the rules. It fails if that allocates more than allocationsMax times.
func BenchmarkBodyToMessage(b *testing.B) {
	w := kilobyte(b)
	checkAllocations(b, w)
	b.SetBytes(int64(len(w.Body)))
	b.ReportAllocs()
	for b.Loop() {
		message(b, w)
	}
}

func checkAllocations(t testing.TB, w normalize.Webhook) {
	t.Helper()
	if got := testing.AllocsPerRun(500, func() { message(t, w) }); got > allocationsMax {
		t.Fatalf("a body of %d bytes takes %v allocations to be a message, more than %d", len(w.Body), got, allocationsMax)
	}
}

// message does what the relay does with a webhook that is authentic.
func message(t testing.TB, w normalize.Webhook) *nats.Msg {
	e, err := normalize.Normalize(&w)
	if err != nil {
		t.Fatal(err)
	}
	header, data, err := schemas.Envelope{}.Seal(&e.Event)
	if err != nil {
		t.Fatal(err)
	}
	m := Message{
		Stream: "MEETBUS", Subject: "meetbus.dyte", ID: e.Source + "#" + e.ID, Key: e.PartitionKey, Header: header, Data: data,
	}
	return m.natsMsg()
}

func kilobyte(t testing.TB) normalize.Webhook {
	t.Helper()
	archive, err := txtar.ParseFile("../../normalize/testdata/dyte/case-kilobyte.txtar")
	if err != nil {
		t.Fatal(err)
	}
	text := map[string][]byte{}
	for _, f := range archive.Files {
		text[f.Name] = f.Data
	}
	header, err := textproto.NewReader(bufio.NewReader(bytes.NewReader(append(text["headers"], '\n')))).ReadMIMEHeader()
	if err != nil {
		t.Fatal(err)
	}
	body := bytes.TrimSuffix(text["body"], []byte{'\n'})
	return normalize.Webhook{
		Provider: normalize.Dyte, Endpoint: "dyte", Verified: true, Header: http.Header(header),
		Body: body, Digest: sha256.Sum256(body), Received: time.Now(),
	}
}
