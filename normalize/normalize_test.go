package normalize

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"strings"
	"sync"
	"testing"
	"unicode"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/meetbus/meetbus/schemas"
)

var update = flag.Bool("update", false, "rewrite what the webhooks of testdata become")

func TestFixtures(t *testing.T) {
	for _, f := range fixtures(t) {
		t.Run(strings.TrimPrefix(f.path, "testdata/"), func(t *testing.T) {
			kind, got := outcome(t, f.webhook)
			if *update {
				f.rewrite(t, kind, got)
				return
			}
			if wantKind, want := f.want(); kind != wantKind || got != want {
				t.Errorf("%s:\n%s\nwant %s:\n%s", kind, got, wantKind, want)
			}
		})
	}
}

// outcome returns what w becomes, as a fixture writes it.
func outcome(t *testing.T, w Webhook) (kind, text string) {
	t.Helper()
	e, err := Normalize(&w)
	if err != nil {
		return "error", kindOf(t, err).Error() + "\n"
	}
	sealed := checkEvent(t, w, e)
	checkSchema(t, e)
	return "want", describeSealed(t, e, sealed)
}

// kindOf returns the error that callers decide on.
func kindOf(t *testing.T, err error) error {
	t.Helper()
	for _, kind := range []error{ErrNotUTF8, ErrNotJSON, ErrNoEvent} {
		if errors.Is(err, kind) {
			return kind
		}
	}
	t.Fatalf("%v is none of our errors", err)
	return nil
}

// describeSealed writes an event as subscribers see it, and what the relay knows beside. The original is not repeated, and a
// fresh id has no digits.
func describeSealed(t *testing.T, e *Event, sealed []byte) string {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(sealed))
	d.UseNumber()
	var c map[string]any
	if err := d.Decode(&c); err != nil {
		t.Fatal(err)
	}
	delete(c["data"].(map[string]any), "original")
	if !e.Identified {
		c["id"] = "(fresh)"
	}
	var b bytes.Buffer
	w := json.NewEncoder(&b)
	w.SetEscapeHTML(false)
	w.SetIndent("", "  ")
	if err := w.Encode(map[string]any{
		"event": c, "organization": e.Organization, "mapped": e.Mapped, "identified": e.Identified,
	}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// checkEvent checks what is true of every event: the SDK reads back what was sealed, and in it is the body.
func checkEvent(t *testing.T, w Webhook, e *Event) (sealed []byte) {
	t.Helper()
	header, sealed, err := schemas.Envelope{}.Seal(&e.Event)
	if err != nil {
		t.Fatal(err)
	}
	if got := header["content-type"]; len(got) != 1 || got[0] != event.ApplicationCloudEventsJSON {
		t.Fatalf("content-type is %q", got)
	}
	var c event.Event
	if err := json.Unmarshal(sealed, &c); err != nil {
		t.Fatalf("the SDK does not read it: %v", err)
	}
	if err := c.Validate(); err != nil {
		t.Fatalf("the SDK finds it invalid: %v", err)
	}
	checkAttributes(t, c)
	checkBody(t, w, c)
	if e.Mapped != schemas.Known(e.Type) {
		t.Errorf("mapped is %v, type is %s", e.Mapped, e.Type)
	}
	return sealed
}

func checkAttributes(t *testing.T, c event.Event) {
	t.Helper()
	texts := map[string]any{"id": c.ID(), "type": c.Type(), "subject": c.Subject(), "source": c.Source()}
	for name, value := range c.Extensions() {
		texts[name] = value
	}
	for name, value := range texts {
		for _, r := range fmt.Sprint(value) {
			if unicode.IsControl(r) || unicode.Is(unicode.Noncharacter_Code_Point, r) {
				t.Errorf("attribute %s holds %U", name, r)
			}
		}
	}
}

func checkBody(t *testing.T, w Webhook, c event.Event) {
	t.Helper()
	var data struct{ Original *string }
	if err := json.Unmarshal(c.Data(), &data); err != nil {
		t.Fatalf("data is not JSON: %v", err)
	}
	switch {
	case w.NoOriginal && data.Original != nil:
		t.Error("data has the original")
	case !w.NoOriginal && (data.Original == nil || *data.Original != string(w.Body)):
		t.Errorf("original differs from the body")
	}
	digest := sha256.Sum256(w.Body)
	if got := c.Extensions()["digest"]; got != hex.EncodeToString(digest[:]) {
		t.Errorf("digest is %v", got)
	}
}

// checkSchema checks the data against the JSON Schema of its type.
func checkSchema(t *testing.T, e *Event) {
	t.Helper()
	name := e.Type
	if !e.Mapped && name != schemas.TypeDeadLetter {
		name = schemas.SchemaUnmapped
	}
	data, err := json.Marshal(e.Data)
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if err := compiled(t, name).Validate(v); err != nil {
		t.Errorf("data does not fit its schema: %v\n%s", err, data)
	}
}

var compiler = struct {
	sync.Mutex
	schemas map[string]*jsonschema.Schema
}{schemas: map[string]*jsonschema.Schema{}}

func compiled(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	compiler.Lock()
	defer compiler.Unlock()
	if s := compiler.schemas[name]; s != nil {
		return s
	}
	text, found := schemas.Schema(name)
	if !found {
		t.Fatalf("no schema of %s", name)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	url := "urn:test:" + name
	if err := c.AddResource(url, doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(url)
	if err != nil {
		t.Fatal(err)
	}
	compiler.schemas[name] = s
	return s
}

// What is too large for a file.
func TestLargeBodies(t *testing.T) {
	long := strings.Repeat("é", 100_000)
	arrays := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	objects := func(n int) string { return strings.Repeat(`{"event":`, n) + "1" + strings.Repeat("}", n) }
	for name, c := range map[string]struct {
		body string
		err  error
	}{
		"nested arrays":     {`{"event":"meeting.started","x":` + arrays(100_000) + "}", ErrNotJSON},
		"nested and open":   {strings.Repeat("[", 100_000), ErrNotJSON},
		"nested objects":    {objects(100_000), ErrNotJSON},
		"long event":        {`{"event":"` + long + `"}`, nil},
		"long ids":          {`{"event":"meeting.started","meeting":{"id":"` + long + `","sessionId":"` + long + `"}}`, nil},
		"many duplicates":   {`{` + strings.Repeat(`"event":"meeting.ended",`, 10_000) + `"event":"meeting.started"}`, nil},
		"many empty names":  {`{` + strings.Repeat(`"":0,`, 50_000) + `"event":"meeting.started"}`, nil},
		"deep but possible": {`{"event":"meeting.ended","error":` + arrays(9_000) + "}", nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := Webhook{Provider: Dyte, Endpoint: "dyte", Body: []byte(c.body), Received: arrival}
			e, err := Normalize(&w)
			if !errors.Is(err, c.err) {
				t.Fatalf("error is %.200v, want %v", err, c.err)
			}
			if err == nil {
				checkEvent(t, w, e)
			} else if len(err.Error()) > 300 {
				t.Errorf("error has %d bytes", len(err.Error()))
			}
		})
	}
}

// TestErrors: what went wrong is there as far as readers take it; all of it is in the original.
func TestErrors(t *testing.T) {
	text := func(n int) string { return `"` + strings.Repeat("x", n-len(`""`)) + `"` }
	for name, c := range map[string]struct{ sent, want string }{
		"an object":               {`{"code": 7, "code": 8}`, `{"code":8}`},
		"the longest":             {text(anythingMax), text(anythingMax)},
		"longer":                  {text(anythingMax + 1), ""},
		"the deepest":             {strings.Repeat("[", depthMax) + strings.Repeat("]", depthMax), strings.Repeat("[", depthMax) + strings.Repeat("]", depthMax)},
		"deeper":                  {strings.Repeat("[", depthMax+1) + strings.Repeat("]", depthMax+1), ""},
		"the largest number":      {`[1e308]`, `[1e308]`},
		"a larger one":            {`{"a":{"b":1e400},"c":{"x":1}}`, ""},
		"the longest number":      {strings.Repeat("1", numberMax), strings.Repeat("1", numberMax)},
		"a longer one":            {strings.Repeat("1", numberMax+1), ""},
		"a number that is a name": {`{"1e400":"1e400"}`, `{"1e400":"1e400"}`},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := Normalize(&Webhook{Provider: Dyte, Endpoint: "main", Body: []byte(`{"event":"meeting.ended","error":` + c.sent + `}`)})
			if err != nil {
				t.Fatal(err)
			}
			if got := string(e.Data.(*schemas.MeetingEnded).Error); got != c.want {
				t.Errorf("%.100s, want %.100s", got, c.want)
			}
		})
	}
}

func TestSettings(t *testing.T) {
	w := Webhook{
		Provider: Dyte, Endpoint: "rounds", Source: "https://rounds.example.com", NoOriginal: true, Received: arrival,
		Body: []byte(`{"event":"meeting.started","meeting":{"id":"m"}}`),
	}
	w.Digest = sha256.Sum256(w.Body)
	e, err := Normalize(&w)
	if err != nil {
		t.Fatal(err)
	}
	checkEvent(t, w, e)
	if e.Source != w.Source || e.Endpoint != w.Endpoint || e.Verified {
		t.Errorf("source %s, endpoint %s, verified %v", e.Source, e.Endpoint, e.Verified)
	}
}

// A caller may use the body again: an event holds no part of it.
func TestNothingIsKept(t *testing.T) {
	for _, f := range fixtures(t) {
		w := f.webhook
		w.Body = bytes.Clone(w.Body)
		e, err := Normalize(&w)
		if err != nil {
			continue
		}
		before := describeSealed(t, e, checkEvent(t, w, e))
		for i := range w.Body {
			w.Body[i] = 'x'
		}
		_, sealed, err := schemas.Envelope{}.Seal(&e.Event)
		if err != nil {
			t.Fatal(err)
		}
		if after := describeSealed(t, e, sealed); after != before {
			t.Errorf("%s: the event has changed with the body", f.path)
		}
	}
}

func FuzzNormalize(f *testing.F) {
	for _, fixture := range fixtures(f) {
		w := fixture.webhook
		f.Add(w.Provider.Name, w.Header.Get(sender(w.Provider)), w.Body)
	}
	f.Fuzz(func(t *testing.T, provider, delivery string, body []byte) {
		p, found := Lookup(provider)
		if !found {
			p = Dyte
		}
		w := Webhook{Provider: p, Endpoint: p.Name, Body: body, Received: arrival}
		w.Header = map[string][]string{"Dyte-Uuid": {delivery}, "Dyte-Webhook-Id": {delivery}}
		e, err := Normalize(&w)
		if err != nil {
			kindOf(t, err)
			checkLetter(t, w, err)
			return
		}
		checkEvent(t, w, e)
	})
}

// sender is the header that tells one delivery of p from another, if p has one.
func sender(p Provider) string {
	if len(p.Headers.Delivery) == 0 {
		return ""
	}
	return p.Headers.Delivery[0]
}

// BenchmarkNormalize reads the samples, and bodies of about 1,000 bytes as the relay has them: with headers, and their digest.
func BenchmarkNormalize(b *testing.B) {
	for _, s := range Samples() {
		if s.Type != schemas.TypeParticipantJoined && s.Status != "UPLOADED" {
			continue
		}
		w := Webhook{Provider: s.Provider, Endpoint: s.Provider.Name, Body: s.Body, Received: arrival}
		b.Run(s.Provider.Name+"/"+s.Event, w.benchmark)
	}
	for _, p := range []Provider{Dyte, VideoSDK} {
		w := load(b, p, "testdata/"+p.Name+"/case-kilobyte.txtar").webhook
		w.Digest = sha256.Sum256(w.Body)
		b.Run(p.Name+"/kilobyte", w.benchmark)
	}
}

func (w *Webhook) benchmark(b *testing.B) {
	b.SetBytes(int64(len(w.Body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Normalize(w); err != nil {
			b.Fatal(err)
		}
	}
}
