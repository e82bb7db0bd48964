package schemas_test

import (
	"errors"
	"maps"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/cloudevents/sdk-go/v2/binding"
	cehttp "github.com/cloudevents/sdk-go/v2/protocol/http"
	"pgregory.net/rapid"

	"github.com/meetbus/meetbus/schemas"
)

var binary = schemas.Envelope{Binary: true}

func TestBinaryModeHasAttributesInHeaders(t *testing.T) {
	e := joined()
	e.MeetingID, e.Signature, e.TraceParent = `50 % "Räume"`, "bD5w+Rn9/w==", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	header, data, err := schemas.Envelope{Binary: true, TypePrefix: "org.example."}.Seal(&e)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{
		"content-type":     {"application/json"},
		"ce-specversion":   {"1.0"},
		"ce-id":            {"sha256:5f0c"},
		"ce-source":        {"https://dyte.io"},
		"ce-type":          {"org.example.meeting.participantJoined"},
		"ce-subject":       {"bbb0a3c1"},
		"ce-time":          {"2026-06-03T10:05:00.12Z"},
		"ce-dataschema":    {"urn:meetbus:schema:v1:meeting.participantJoined"},
		"ce-provider":      {"dyte"},
		"ce-providertype":  {"meeting.participantJoined"},
		"ce-endpoint":      {"dyte"},
		"ce-verified":      {"true"},
		"ce-meetingid":     {"50%20%25%20%22R%C3%A4ume%22"},
		"ce-sessionid":     {"57ac"},
		"ce-participantid": {"p-1"},
		"ce-status":        {"LIVE"},
		"ce-deliveryid":    {"591edf"},
		"ce-webhookid":     {"58de232f"},
		"ce-recordedtime":  {"2026-06-03T10:05:01.123456789Z"},
		"ce-partitionkey":  {"bbb0a3c1"},
		"ce-digest":        {"5f0c"},
		"ce-signature":     {"bD5w+Rn9/w=="},
		"ce-traceparent":   {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"},
	}
	if !reflect.DeepEqual(header, want) {
		t.Errorf("header is %q, want %q", header, want)
	}
	if want := `{"original":"{\"event\":\"meeting.participantJoined\"}","participant":{"id":"p-1","name":"Ann <ann@example.org> & Bob"}}`; string(data) != want {
		t.Errorf("data is %s, want %s", data, want)
	}
}

// TestSDKReadsBinaryMode: the SDK has no binding for NATS that reads headers in the map that they come in, so its HTTP one does.
func TestSDKReadsBinaryMode(t *testing.T) {
	want := joined()
	header, data, err := binary.Seal(&want)
	if err != nil {
		t.Fatal(err)
	}
	asHTTP := http.Header{}
	for name, values := range header {
		asHTTP[http.CanonicalHeaderKey(name)] = values
	}
	message := cehttp.NewMessage(asHTTP, readCloser{strings.NewReader(string(data))})
	if message.ReadEncoding() != binding.EncodingBinary {
		t.Fatalf("encoding is %v", message.ReadEncoding())
	}
	got, err := binding.ToEvent(t.Context(), message)
	if err != nil {
		t.Fatal(err)
	}
	if got.Extensions()["verified"] != "true" {
		t.Errorf("verified is %v", got.Extensions()["verified"])
	}
	got.SetExtension("verified", true) // headers have no booleans
	checkAttributes(t, got, want)
	if string(got.Data()) != string(data) {
		t.Errorf("data is %s, want %s", got.Data(), data)
	}
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }

func TestDeadLettersAreStructuredAlways(t *testing.T) {
	e := schemas.Event{ID: "1", Source: "https://dyte.io", Type: schemas.TypeDeadLetter, Data: &schemas.DeadLetter{Reason: "not_json"}}
	header, _, err := binary.Seal(&e)
	if err != nil || header["content-type"][0] != schemas.ContentType || len(header) != 1 {
		t.Errorf("got %q, %v", header, err)
	}
}

// TestBothModesSayTheSame: whatever the attributes hold, binary mode read back is what structured mode writes, and its headers
// are printable ASCII without blanks.
func TestBothModesSayTheSame(t *testing.T) {
	printable := rapid.StringOf(rapid.RuneFrom([]rune(`a"\<&% %41é😀`+"\u2028"), unicode.GraphicRanges...))
	rapid.Check(t, func(t *rapid.T) {
		e := joined()
		for name, field := range map[string]*string{
			"meetingid": &e.MeetingID, "subject": &e.Subject, "status": &e.Status, "providertype": &e.ProviderType,
			"deliveryid": &e.DeliveryID, "tracestate": &e.TraceState, "replayof": &e.ReplayOf, "signature": &e.Signature, "participantid": &e.ParticipantID,
		} {
			*field = printable.Draw(t, name)
		}
		e.Verified, e.Time = rapid.Bool().Draw(t, "verified"), time.Unix(rapid.Int64Range(-1<<34, 1<<34).Draw(t, "time"), 0)
		e.Data.Shared().Original = rapid.String().Draw(t, "original")
		structuredHeader, want, err := schemas.Envelope{}.Seal(&e)
		if err != nil {
			t.Fatal(err)
		}
		header, data, err := binary.Seal(&e)
		if err != nil {
			t.Fatal(err)
		}
		for name, values := range header {
			if len(values) != 1 || strings.ContainsFunc(values[0], func(r rune) bool { return r <= ' ' || r > '~' }) {
				t.Fatalf("%s is %q", name, values)
			}
		}
		got, err := schemas.Structured(header, data)
		if err != nil {
			t.Fatal(err)
		}
		if a, b := decode(t, got), decode(t, want); !reflect.DeepEqual(a, b) {
			t.Fatalf("binary mode says %s\nstructured mode says %s", got, want)
		}
		if same, err := schemas.Structured(structuredHeader, want); err != nil || string(same) != string(want) {
			t.Fatalf("structured mode is read as %s, %v", same, err)
		}
	})
}

func TestStructuredReadsOthersToo(t *testing.T) {
	for _, tt := range []struct {
		name   string
		header map[string][]string
		data   string
		want   string
	}{
		{"an unknown attribute", map[string][]string{"ce-specversion": {"1.0"}, "ce-zebra": {"a%2"}, "ce-id": {"1"}}, `[1]`,
			`{"specversion":"1.0","id":"1","zebra":"a%2","data":[1]}`},
		{"names that no attribute can have", map[string][]string{
			"ce-specversion": {"1.0"}, "ce-data": {"forged"}, "ce-data_base64": {"x"}, "ce-datacontenttype": {"text/evil"}, "ce-": {"x"},
			"ce-a\"b": {"x"}, "content-type": {"application/json"},
		}, `{"a":1}`, `{"specversion":"1.0","datacontenttype":"application/json","data":{"a":1}}`},
		{"data that is no JSON", map[string][]string{"ce-specversion": {"1.0"}, "content-type": {"text/plain"}}, "hi",
			`{"specversion":"1.0","datacontenttype":"text/plain","data_base64":"aGk="}`},
		{"verified that is neither", map[string][]string{"ce-specversion": {"1.0"}, "ce-verified": {`x"`}}, "",
			`{"specversion":"1.0","verified":"x\""}`},
	} {
		got, err := schemas.Structured(tt.header, []byte(tt.data))
		if err != nil || string(got) != tt.want {
			t.Errorf("%s: got %s, %v, want %s", tt.name, got, err, tt.want)
		}
	}
	if _, err := schemas.Structured(map[string][]string{"content-type": {schemas.ContentType}}, []byte("\x1b[2J")); !errors.Is(err, schemas.ErrNoCloudEvent) {
		t.Errorf("what is no JSON: error is %v", err)
	}
	for _, header := range []map[string][]string{nil, {"content-type": {schemas.ContentType + "X"}}, {"content-type": {"application/json"}}, {"Ce-Specversion": {"1.0"}}} {
		if _, err := schemas.Structured(header, []byte(`{}`)); !errors.Is(err, schemas.ErrNoCloudEvent) {
			t.Errorf("%v: error is %v", header, err)
		}
	}
}

// TestAttributesAreNamedOnce: what rules can ask for is what the bus has, under the same name.
func TestAttributesAreNamedOnce(t *testing.T) {
	e := joined()
	_, data, err := schemas.Envelope{}.Seal(&e)
	if err != nil {
		t.Fatal(err)
	}
	written := decode(t, data)
	for _, a := range schemas.Attributes() {
		same, known := schemas.AttributeNamed(a.Name)
		if !known || same.Of(schemas.Envelope{}, &e) != a.Of(schemas.Envelope{}, &e) || a.About == "" {
			t.Errorf("%s is not found by its name", a.Name)
		}
		if got := written[a.Name]; got != nil && got != true && got != a.Of(schemas.Envelope{}, &e) {
			t.Errorf("%s is %v on the bus, and %q for rules", a.Name, got, a.Of(schemas.Envelope{}, &e))
		}
		delete(written, a.Name)
	}
	if delete(written, "data"); len(written) > 0 {
		t.Errorf("not in the list of attributes: %v", written)
	}
}

// TestSealWritesWhatTheSDKWrites: byte for byte, whatever extensions there are.
func TestSealWritesWhatTheSDKWrites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := joined()
		for _, field := range []*string{
			&e.Provider, &e.ProviderType, &e.Endpoint, &e.MeetingID, &e.SessionID, &e.ParticipantID, &e.Status, &e.DeliveryID,
			&e.WebhookID, &e.PartitionKey, &e.Digest, &e.Subject,
		} {
			*field = rapid.SampledFrom([]string{"", `,"deliveryid":"x"`, `\",\"digest\":`, "räume"}).Draw(t, "attribute")
		}
		e.Data.Shared().Original = rapid.String().Draw(t, "original")
		_, got, err := schemas.Envelope{}.Seal(&e)
		if err != nil {
			t.Fatal(err)
		}
		c, err := schemas.Envelope{}.CloudEvent(&e)
		if err != nil {
			t.Fatal(err)
		}
		if _, c.DataEncoded, err = binary.Seal(&e); err != nil {
			t.Fatal(err)
		}
		if want, err := c.MarshalJSON(); err != nil || string(got) != string(want) {
			t.Fatalf("sealed as %s\nthe SDK writes %s, %v", got, want, err)
		}
	})
}

// TestMessagesAreApart: what a message is made in is used again, and no message is a part of it.
func TestMessagesAreApart(t *testing.T) {
	for _, envelope := range []schemas.Envelope{{}, binary} {
		first, second := joined(), bare()
		header, data, err := envelope.Seal(&first)
		if err != nil {
			t.Fatal(err)
		}
		wantHeader, want := maps.Clone(header), string(data)
		for range 100 {
			if _, _, err := envelope.Seal(&second); err != nil {
				t.Fatal(err)
			}
		}
		if !reflect.DeepEqual(header, wantHeader) || string(data) != want {
			t.Errorf("the next message has changed %q and %s", header, data)
		}
		if again, data, err := envelope.Seal(&first); err != nil || !reflect.DeepEqual(again, wantHeader) || string(data) != want {
			t.Errorf("after another event it is sealed as %q and %s, %v", again, data, err)
		}
	}
}
