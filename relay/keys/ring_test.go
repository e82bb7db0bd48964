package keys

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/meetbus/meetbus/relay/keys/keystest"
)

// clock is one that stands still until it is moved.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// diary is a log that tests read.
type diary struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (d *diary) Write(line []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.text.Write(line)
}

func (d *diary) Sync() error { return nil }

func (d *diary) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.text.String()
}

func (d *diary) logger() *zap.Logger {
	return zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), d, zapcore.DebugLevel))
}

func newRing(t testing.TB, s Source, o Options) *Ring {
	t.Helper()
	s.Provider = "dyte"
	r, err := New(s, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// run runs the ring until the test ends, or stop is called.
func run(t testing.TB, r *Ring) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() { r.Run(ctx) })
	stop = func() {
		cancel()
		done.Wait()
	}
	t.Cleanup(stop)
	return stop
}

// running returns a ring that has made its first fetch.
func running(t testing.TB, s Source, o Options) (r *Ring, stop func()) {
	t.Helper()
	fetched := make(chan error, 100)
	o.Refreshed = func(_ string, err error) { fetched <- err }
	r = newRing(t, s, o)
	stop = run(t, r)
	<-fetched
	return r, stop
}

var body = []byte(`{"event":"meeting.started"}`)

// verify checks a signature of body, in base64, of a webhook that arrived at this time. It waits for ten seconds at most.
func verify(r *Ring, signature string, arrived time.Time) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return verifyWith(ctx, r, signature, arrived)
}

func verifyWith(ctx context.Context, r *Ring, signature string, arrived time.Time) error {
	raw, err := base64.StdEncoding.DecodeString(signature)
	if err != nil {
		return err
	}
	return r.Verify(ctx, sha256.Sum256(body), raw, arrived)
}

func wantErr(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func wantFetches(t *testing.T, server *keystest.Server, want int) {
	t.Helper()
	if got := server.Fetches(); got != want {
		t.Errorf("%d fetches, want %d", got, want)
	}
}

func TestRotation(t *testing.T) {
	server, clock, log := keystest.New(t), newClock(), &diary{}
	r, _ := running(t, Source{URL: server.URL}, Options{Now: clock.now, Log: log.logger()})
	old := server.Sign(body)
	wantErr(t, "first key", verify(r, old, clock.now()), nil)

	server.Rotate()
	clock.move(2 * time.Minute)
	wantErr(t, "old key before the refetch", verify(r, old, clock.now()), nil)
	wantFetches(t, server, 1)
	wantErr(t, "new key", verify(r, server.Sign(body), clock.now()), nil)
	wantFetches(t, server, 2)

	clock.move(time.Hour - time.Nanosecond)
	wantErr(t, "old key within the hour", verify(r, old, clock.now()), nil)
	wantFetches(t, server, 2)
	clock.move(time.Nanosecond)
	wantErr(t, "old key after the hour", verify(r, old, clock.now()), ErrSignature)
	wantErr(t, "new key after the hour", verify(r, server.Sign(body), clock.now()), nil)
	wantFetches(t, server, 3)

	if got := strings.Count(log.String(), `"msg":"key replaced"`); got != 1 {
		t.Errorf("%d lines about a replaced key, want 1:\n%s", got, log)
	}
	if want := `"by":["` + fingerprintOf(t, server.PublicPEM()) + `"]`; !strings.Contains(log.String(), want) {
		t.Errorf("log lacks %s:\n%s", want, log)
	}
}

func fingerprintOf(t *testing.T, document []byte) string {
	t.Helper()
	keys, err := Parse(document)
	if err != nil {
		t.Fatal(err)
	}
	return fingerprint(keys[0])
}

func TestKeyThatComesBackIsNotReplacedAnyMore(t *testing.T) {
	a, b := &twoKeys()[0].PublicKey, &twoKeys()[1].PublicKey
	now := newClock().now()
	var k known
	for i, step := range []struct {
		served, replaced, valid []*rsa.PublicKey
	}{
		{served: []*rsa.PublicKey{a}, valid: []*rsa.PublicKey{a}},
		{served: []*rsa.PublicKey{b}, replaced: []*rsa.PublicKey{a}, valid: []*rsa.PublicKey{b, a}},
		{served: []*rsa.PublicKey{b, a}, valid: []*rsa.PublicKey{b, a}},
		{served: []*rsa.PublicKey{a}, replaced: []*rsa.PublicKey{b}, valid: []*rsa.PublicKey{a, b}},
	} {
		keys, replaced := k.replacedBy(step.served, now)
		var valid []*rsa.PublicKey
		for _, key := range keys {
			valid = append(valid, key.public)
			if key.until.IsZero() != contains(step.served, key.public) {
				t.Errorf("step %d: a key ends at %v", i, key.until)
			}
		}
		if !sameKeys(valid, step.valid) || !sameKeys(replaced, step.replaced) {
			t.Errorf("step %d: valid %v, replaced %v", i, fingerprints(valid), fingerprints(replaced))
		}
		k.keys = keys
	}
}

func TestForgedSignatureCausesOneFetchAMinute(t *testing.T) {
	server, forger, clock := keystest.New(t), keystest.New(t), newClock()
	start := clock.now()
	r, _ := running(t, Source{URL: server.URL}, Options{Now: clock.now})
	forged := forger.Sign(body)

	steps := []struct {
		what    string
		move    time.Duration
		arrived time.Duration // since start
		want    error
		fetches int
	}{
		{"before the first fetch, which condemns it", 0, -time.Nanosecond, ErrSignature, 1},
		{"right after the first fetch", time.Second, time.Second, ErrDoubtful, 1},
		{"just within the minute", 58 * time.Second, 59 * time.Second, ErrDoubtful, 1},
		{"a minute after the first fetch", time.Second, time.Minute, ErrSignature, 2},
		{"at the same time", 0, time.Minute, ErrDoubtful, 2},
		{"half a minute later", 30 * time.Second, 90 * time.Second, ErrDoubtful, 2},
		{"late to be looked at", 0, 59 * time.Second, ErrSignature, 2},
		{"much later", time.Hour, 90*time.Second + time.Hour, ErrSignature, 3},
	}
	for _, step := range steps {
		clock.move(step.move)
		wantErr(t, step.what, verify(r, forged, start.Add(step.arrived)), step.want)
		wantErr(t, step.what+", genuine", verify(r, server.Sign(body), clock.now()), nil)
		wantFetches(t, server, step.fetches)
	}
	wantFetches(t, forger, 0)
}

func TestFailingFetchIsUnavailable(t *testing.T) {
	server, forger, clock, log := keystest.New(t), keystest.New(t), newClock(), &diary{}
	r, _ := running(t, Source{URL: server.URL}, Options{Now: clock.now, Log: log.logger()})
	server.Fail(true)
	clock.move(2 * time.Hour)

	for range 2 {
		err := verify(r, forger.Sign(body), clock.now())
		wantErr(t, "forged", err, ErrUnavailable)
		if errors.Is(err, ErrDoubtful) {
			t.Errorf("forged: %v, though the newest key is not known", err)
		}
	}
	wantFetches(t, server, 2)
	wantErr(t, "genuine, by a stale key", verify(r, server.Sign(body), clock.now()), nil)
	wantErr(t, "forged, arrived before the first fetch", verify(r, forger.Sign(body), clock.now().Add(-3*time.Hour)), ErrSignature)
	if !strings.Contains(log.String(), "stale ones stay in use") || !strings.Contains(log.String(), "status 500") {
		t.Errorf("no warning of stale keys:\n%s", log)
	}
	if age, ok := r.Age(); !ok || age != 2*time.Hour {
		t.Errorf("Age() = %v, %v; want 2h", age, ok)
	}

	server.Fail(false)
	wantErr(t, "forged, within the minute", verify(r, forger.Sign(body), clock.now()), ErrUnavailable)
	clock.move(time.Minute)
	wantErr(t, "forged, a minute later", verify(r, forger.Sign(body), clock.now()), ErrSignature)
	wantFetches(t, server, 3)
}

func TestFilesOnly(t *testing.T) {
	server, other, clock := keystest.New(t), keystest.New(t), newClock()
	file := filepath.Join(t.TempDir(), "public.pem")
	if err := os.WriteFile(file, append(server.PublicPEM(), other.PublicPEM()...), 0o600); err != nil {
		t.Fatal(err)
	}
	r := newRing(t, Source{File: file}, Options{Now: clock.now})
	r.Run(context.Background()) // returns at once

	wantErr(t, "first key", verify(r, server.Sign(body), clock.now()), nil)
	wantErr(t, "second key", verify(r, other.Sign(body), clock.now()), nil)
	wantErr(t, "other key", verify(r, keystest.New(t).Sign(body), clock.now()), ErrSignature)
	if age, ok := r.Age(); ok {
		t.Errorf("Age() = %v, want none", age)
	}
}

func TestFileBesideURL(t *testing.T) {
	pinned, server, clock := keystest.New(t), keystest.New(t), newClock()
	file := filepath.Join(t.TempDir(), "public.pem")
	if err := os.WriteFile(file, pinned.PublicPEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	r, _ := running(t, Source{URL: server.URL, File: file}, Options{Now: clock.now})
	wantErr(t, "the file's", verify(r, pinned.Sign(body), clock.now()), nil)
	wantErr(t, "the URL's", verify(r, server.Sign(body), clock.now()), nil)
	clock.move(time.Hour * 24 * 365)
	wantErr(t, "the file's after a year", verify(r, pinned.Sign(body), clock.now()), nil)
	wantFetches(t, server, 1)
}

func TestKnowsFetchesNothing(t *testing.T) {
	server, clock := keystest.New(t), newClock()
	r, _ := running(t, Source{URL: server.URL}, Options{Now: clock.now})
	clock.move(2 * time.Minute)
	digest := sha256.Sum256(body)
	for _, want := range []bool{true, false} {
		signature := must(base64.StdEncoding.DecodeString(server.Sign(body)))
		if got := r.Knows(digest, signature); got != want {
			t.Errorf("Knows() = %v, want %v", got, want)
		}
		server.Rotate()
	}
	wantErr(t, "new key", verify(r, server.Sign(body), clock.now()), nil)
	wantFetches(t, server, 2) // the first, and the one for Verify
}

func TestWhatIsNotASignature(t *testing.T) {
	server, clock := keystest.New(t), newClock()
	file := filepath.Join(t.TempDir(), "public.pem")
	if err := os.WriteFile(file, server.PublicPEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	r := newRing(t, Source{File: file}, Options{Now: clock.now})

	block, _ := pem.Decode(server.PrivatePEM())
	private, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256(body)
	good := must(base64.StdEncoding.DecodeString(server.Sign(body)))
	otherHash := sha256.Sum256(append([]byte(" "), body...))
	wide := make([]byte, 64)
	tests := map[string][]byte{
		"PSS":            must(rsa.SignPSS(rand.Reader, private.(*rsa.PrivateKey), crypto.SHA256, digest[:], nil)),
		"SHA-512":        must(rsa.SignPKCS1v15(nil, private.(*rsa.PrivateKey), crypto.SHA512, wide)),
		"no hash named":  must(rsa.SignPKCS1v15(nil, private.(*rsa.PrivateKey), 0, digest[:])),
		"other body":     must(rsa.SignPKCS1v15(nil, private.(*rsa.PrivateKey), crypto.SHA256, otherHash[:])),
		"nothing":        nil,
		"truncated":      good[:len(good)-1],
		"longer":         append(bytes.Clone(good), 0),
		"zero in front":  append([]byte{0}, good...),
		"zeros":          make([]byte, len(good)),
		"ones":           bytes.Repeat([]byte{0xff}, len(good)),
		"a bit is wrong": append(bytes.Clone(good[:len(good)-1]), good[len(good)-1]^1),
	}
	for name, signature := range tests {
		wantErr(t, name, r.Verify(t.Context(), digest, signature, clock.now()), ErrSignature)
	}
	wantErr(t, "good", r.Verify(t.Context(), digest, good, clock.now()), nil)
}

func must(signature []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return signature
}

func TestNewRefuses(t *testing.T) {
	tests := map[string]struct {
		source Source
		reason string
	}{
		"nothing":          {Source{}, "neither a URL nor a file"},
		"http":             {Source{URL: "http://keys.example/pub"}, "not https"},
		"no file":          {Source{File: filepath.Join(t.TempDir(), "none.pem")}, "none.pem"},
		"folder":           {Source{File: t.TempDir()}, "reading key file"},
		"negative refresh": {Source{URL: "https://keys.example/pub", Refresh: -time.Second}, "negative"},
	}
	for name, test := range tests {
		test.source.Provider = "videosdk"
		r, err := New(test.source, Options{})
		if err == nil || !strings.Contains(err.Error(), "keys of videosdk: ") || !strings.Contains(err.Error(), test.reason) {
			t.Errorf("%s: error %v, want one with %q", name, err, test.reason)
		}
		if r != nil {
			t.Errorf("%s: a ring beside the error", name)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	server, forger := keystest.New(b), keystest.New(b)
	r, _ := running(b, Source{URL: server.URL}, Options{})
	digest := sha256.Sum256(body)
	for name, test := range map[string]struct {
		signer *keystest.Server
		want   error
	}{
		"genuine": {server, nil},
		"forged":  {forger, ErrUnavailable},
	} {
		signature := must(base64.StdEncoding.DecodeString(test.signer.Sign(body)))
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := r.Verify(b.Context(), digest, signature, time.Now()); !errors.Is(err, test.want) {
					b.Fatal(err)
				}
			}
		})
	}
}
