package schemas_test

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/cloudevents/sdk-go/v2/binding"
	"github.com/cloudevents/sdk-go/v2/binding/format"
	"github.com/cloudevents/sdk-go/v2/binding/utils"
	"github.com/cloudevents/sdk-go/v2/event"
	"pgregory.net/rapid"

	"github.com/meetbus/meetbus/schemas"
)

// joined is an event with every attribute.
func joined() schemas.Event {
	return schemas.Event{
		ID:            "sha256:5f0c",
		Source:        "https://dyte.io",
		Type:          schemas.TypeParticipantJoined,
		Subject:       "bbb0a3c1",
		Time:          time.Date(2026, 6, 3, 10, 5, 0, 120_000_000, time.UTC),
		Provider:      "dyte",
		ProviderType:  "meeting.participantJoined",
		Endpoint:      "dyte",
		Verified:      true,
		MeetingID:     "bbb0a3c1",
		SessionID:     "57ac",
		ParticipantID: "p-1",
		Status:        "LIVE",
		DeliveryID:    "591edf",
		WebhookID:     "58de232f",
		RecordedTime:  time.Date(2026, 6, 3, 12, 5, 1, 123456789, time.FixedZone("CEST", 2*60*60)),
		PartitionKey:  "bbb0a3c1",
		Digest:        "5f0c",
		Data: &schemas.ParticipantJoined{
			Common:      schemas.Common{Original: `{"event":"meeting.participantJoined"}`},
			Participant: &schemas.Participant{ID: "p-1", Name: "Ann <ann@example.org> & Bob"},
		},
	}
}

// bare is an event with no more attributes than it must have.
func bare() schemas.Event {
	return schemas.Event{ID: "1", Source: "https://videosdk.live", Type: "videosdk.new", Data: new(schemas.Unmapped)}
}

func TestSealWritesEveryAttributeThatIsThere(t *testing.T) {
	for _, tt := range []struct {
		name     string
		envelope schemas.Envelope
		event    schemas.Event
		want     string
	}{{
		name:  "all",
		event: joined(),
		want: `{
			"specversion": "1.0",
			"id": "sha256:5f0c",
			"source": "https://dyte.io",
			"type": "meeting.participantJoined",
			"subject": "bbb0a3c1",
			"time": "2026-06-03T10:05:00.12Z",
			"datacontenttype": "application/json",
			"dataschema": "urn:meetbus:schema:v1:meeting.participantJoined",
			"provider": "dyte",
			"providertype": "meeting.participantJoined",
			"endpoint": "dyte",
			"verified": true,
			"meetingid": "bbb0a3c1",
			"sessionid": "57ac",
			"participantid": "p-1",
			"status": "LIVE",
			"deliveryid": "591edf",
			"webhookid": "58de232f",
			"recordedtime": "2026-06-03T10:05:01.123456789Z",
			"partitionkey": "bbb0a3c1",
			"digest": "5f0c",
			"data": {
				"original": "{\"event\":\"meeting.participantJoined\"}",
				"participant": {"id": "p-1", "name": "Ann <ann@example.org> & Bob"}
			}
		}`,
	}, {
		name:  "none",
		event: bare(),
		want: `{
			"specversion": "1.0",
			"id": "1",
			"source": "https://videosdk.live",
			"type": "videosdk.new",
			"datacontenttype": "application/json",
			"dataschema": "urn:meetbus:schema:v1:meetbus.unmapped",
			"verified": false,
			"data": {}
		}`,
	}, {
		name:     "prefix and base",
		envelope: schemas.Envelope{TypePrefix: "org.example.", SchemaBase: "https://example.org/schemas"},
		event:    with(bare(), func(e *schemas.Event) { e.Type, e.Subject = schemas.TypeMeetingEnded, " " }),
		want: `{
			"specversion": "1.0",
			"id": "1",
			"source": "https://videosdk.live",
			"type": "org.example.meeting.ended",
			"datacontenttype": "application/json",
			"dataschema": "https://example.org/schemas/v1/meeting.ended.json",
			"verified": false,
			"data": {}
		}`,
	}} {
		t.Run(tt.name, func(t *testing.T) {
			header, data, err := tt.envelope.Seal(&tt.event)
			if err != nil {
				t.Fatal(err)
			}
			if want := map[string][]string{"content-type": {"application/cloudevents+json"}}; !reflect.DeepEqual(header, want) {
				t.Errorf("header is %q, want %q", header, want)
			}
			if got, want := decode(t, data), decode(t, []byte(tt.want)); !reflect.DeepEqual(got, want) {
				t.Errorf("event is %s, want %s", data, tt.want)
			}
		})
	}
}

func with(e schemas.Event, change func(*schemas.Event)) schemas.Event {
	change(&e)
	return e
}

func decode(t rapid.TB, b []byte) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatalf("%v in %s", err, b)
	}
	return m
}

func TestDataschemaNamesASchemaThatIsThere(t *testing.T) {
	for _, tt := range []struct{ base, typ, want string }{
		{"", schemas.TypeHLSUpdate, "urn:meetbus:schema:v1:hls.statusUpdate"},
		{"", schemas.TypeDeadLetter, "urn:meetbus:schema:v1:meetbus.deadletter"},
		{"", "dyte.brandNew", "urn:meetbus:schema:v1:meetbus.unmapped"},
		{"", "dyte.a b/c?d", "urn:meetbus:schema:v1:meetbus.unmapped"},
		{"https://example.org", schemas.TypeHLSUpdate, "https://example.org/v1/hls.statusUpdate.json"},
		{"https://example.org/a/", schemas.TypeDeadLetter, "https://example.org/a/v1/meetbus.deadletter.json"},
		{"https://example.org/a", "dyte.brandNew", "https://example.org/a/v1/meetbus.unmapped.json"},
	} {
		_, data, err := schemas.Envelope{SchemaBase: tt.base}.Seal(new(with(bare(), func(e *schemas.Event) { e.Type = tt.typ })))
		if err != nil {
			t.Errorf("%s below %q: %v", tt.typ, tt.base, err)
			continue
		}
		got := decode(t, data)["dataschema"].(string)
		if got != tt.want {
			t.Errorf("%s below %q: dataschema is %s, want %s", tt.typ, tt.base, got, tt.want)
		}
		name := got[strings.LastIndexAny(got, ":/")+1:]
		if _, found := schemas.Schema(strings.TrimSuffix(name, ".json")); !found {
			t.Errorf("%s: there is no schema %s", tt.typ, name)
		}
	}
}

func TestSealRefusesWhatNoCloudEventMayHave(t *testing.T) {
	for _, tt := range []struct {
		name     string
		envelope schemas.Envelope
		change   func(*schemas.Event)
		want     string
	}{
		{"no id", schemas.Envelope{}, func(e *schemas.Event) { e.ID = "" }, "id: MUST be a non-empty string"},
		{"blank id", schemas.Envelope{}, func(e *schemas.Event) { e.ID = " " }, "id: MUST be a non-empty string"},
		{"no source", schemas.Envelope{}, func(e *schemas.Event) { e.Source = "" }, "source: REQUIRED"},
		{"source is no URI", schemas.Envelope{}, func(e *schemas.Event) { e.Source = "http://[::1" }, "source: parse"},
		{"no type", schemas.Envelope{}, func(e *schemas.Event) { e.Type = "" }, "type: MUST be a non-empty string"},
		{"neither id nor type", schemas.Envelope{}, func(e *schemas.Event) { e.ID, e.Type = "", "" }, "; "},
		{"no data", schemas.Envelope{}, func(e *schemas.Event) { e.Data = nil }, "there is no data"},
		{"base is no URL", schemas.Envelope{SchemaBase: "://"}, func(*schemas.Event) {}, "dataschema: parse"},
		{"base is relative", schemas.Envelope{SchemaBase: "/schemas"}, func(*schemas.Event) {}, "dataschema: if present"},
		{"control in prefix", schemas.Envelope{TypePrefix: "a\x00"}, func(*schemas.Event) {}, "type has the character U+0000"},
		{"control in id", schemas.Envelope{}, func(e *schemas.Event) { e.ID = "a\nb" }, "id has the character U+000A"},
		{"control in subject", schemas.Envelope{}, func(e *schemas.Event) { e.Subject = "a\u0085" }, "subject has the character U+0085"},
		{"noncharacter", schemas.Envelope{}, func(e *schemas.Event) { e.MeetingID = "\uffff" }, "meetingid has the character U+FFFF"},
		{"noncharacter of plane 16", schemas.Envelope{}, func(e *schemas.Event) { e.Status = "\U0010fffe" }, "status has"},
		{"noncharacter in Arabic", schemas.Envelope{}, func(e *schemas.Event) { e.Digest = "\ufdd0" }, "digest has the character U+FDD0"},
		{"not UTF-8", schemas.Envelope{}, func(e *schemas.Event) { e.ParticipantID = "a\xff" }, "participantid is not UTF-8"},
		{"year 10000", schemas.Envelope{}, func(e *schemas.Event) {
			e.Time = time.Date(9999, 12, 31, 23, 0, 0, 0, time.FixedZone("", -2*60*60))
		}, "time is in the year 10000"},
		{"year -1", schemas.Envelope{}, func(e *schemas.Event) {
			e.RecordedTime = time.Date(0, 1, 1, 0, 0, 0, 0, time.FixedZone("", 2*60*60))
		}, "recordedtime is in the year -1"},
		{"data is no JSON", schemas.Envelope{}, func(e *schemas.Event) {
			e.Data = &schemas.MeetingEnded{Error: json.RawMessage("{")}
		}, "write the data"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			header, data, err := tt.envelope.Seal(new(with(joined(), tt.change)))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, want one with %q", err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), "\n") {
				t.Errorf("error has several lines: %q", err)
			}
			if header != nil || data != nil {
				t.Errorf("returned %q and %q beside the error", header, data)
			}
		})
	}
}

// tester is what testing.T and rapid.T have in common.
type tester interface {
	rapid.TB
	Context() context.Context
}

// open reads a message as a subscriber with the SDK does, in both ways that the SDK has.
func open(t tester, header map[string][]string, data []byte) *event.Event {
	f := format.Lookup(header["content-type"][0])
	if f == nil {
		t.Fatalf("the SDK knows no format %q", header)
	}
	message := utils.NewStructuredMessage(f, bytes.NewReader(data))
	if message.ReadEncoding() != binding.EncodingStructured {
		t.Fatalf("encoding is %v", message.ReadEncoding())
	}
	bound, err := binding.ToEvent(t.Context(), message)
	if err != nil {
		t.Fatalf("bind: %v", err)
	}
	var plain event.Event
	if err := plain.UnmarshalJSON(data); err != nil {
		t.Fatalf("unmarshal: %v", err)
	}
	if !reflect.DeepEqual(*bound, plain) {
		t.Fatalf("the SDK reads %v and %v", bound, plain)
	}
	if err := plain.Validate(); err != nil {
		t.Fatalf("the SDK finds fault: %v", err)
	}
	return &plain
}

func TestSDKReadsASealedEvent(t *testing.T) {
	want := joined()
	want.Subject, want.MeetingID, want.ParticipantID = "räume/会議 42", "räume/会議 42", `"Ünal" \ 😀 `+"\u2028"
	header, data, err := schemas.Envelope{}.Seal(&want)
	if err != nil {
		t.Fatal(err)
	}
	checkAttributes(t, open(t, header, data), want)
}

// checkAttributes compares what the SDK read with the event that was sealed.
func checkAttributes(t tester, got *event.Event, want schemas.Event) {
	extensions := map[string]any{"verified": want.Verified}
	for name, value := range map[string]string{
		"provider": want.Provider, "providertype": want.ProviderType, "endpoint": want.Endpoint,
		"meetingid": want.MeetingID, "sessionid": want.SessionID, "participantid": want.ParticipantID,
		"status": want.Status, "deliveryid": want.DeliveryID, "webhookid": want.WebhookID,
		"recordedtime": want.RecordedTime.UTC().Format(time.RFC3339Nano),
		"partitionkey": want.PartitionKey, "digest": want.Digest,
	} {
		if value != "" {
			extensions[name] = value
		}
	}
	if !maps.Equal(got.Extensions(), extensions) {
		t.Errorf("extensions are %q, want %q", got.Extensions(), extensions)
	}
	for name := range extensions {
		if len(name) > 20 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz") != "" {
			t.Errorf("%q is no good name of an attribute", name)
		}
	}
	for _, a := range []struct{ name, got, want string }{
		{"specversion", got.SpecVersion(), "1.0"},
		{"id", got.ID(), want.ID},
		{"source", got.Source(), want.Source},
		{"type", got.Type(), want.Type},
		{"subject", got.Subject(), want.Subject},
		{"datacontenttype", got.DataContentType(), "application/json"},
	} {
		if a.got != a.want {
			t.Errorf("%s is %q, want %q", a.name, a.got, a.want)
		}
	}
	if !got.Time().Equal(want.Time) {
		t.Errorf("time is %v, want %v", got.Time(), want.Time)
	}
}

func TestOriginalSurvivesExactly(t *testing.T) {
	for _, original := range []string{
		`{"a":"<b>&amp;'</b>","url":"https://example.org/?a=1&b=<2>"}`,
		`{"quoted":"\"\\\/\b\f\n\r\t"}`,
		`{"nul":"\u0000","line":"\r\n","del":"\u007f","half":"\ud83d","escaped":"\u2028\u00e9\u003c"}`,
		"{\"separators\":\"\u2028\u2029\",\"bom\":\"\ufeff\",\"replacement\":\"\ufffd\",\"nonchar\":\"\uffff\"}",
		"{\"raw controls in strings\":\"\x01\x1f\x7f\u0085\"}",
		`{"beyond":"😀𝔘𠮷","title":"会議 — Ünïcode"}`,
		`{"n":123456789012345678901234567890123456789012345678901234567890,"m":1.0,"o":1e3,"p":-0}`,
		" \t\r\n{ \"spaced\" : [ 1 ,\n 2 ] , \"twice\":1, \"twice\":2 } \n",
		`\u0022`,
		strings.Repeat(`["`, 50_000),
	} {
		e := joined()
		e.Data.Shared().Original = original
		header, data, err := schemas.Envelope{}.Seal(&e)
		if err != nil {
			t.Errorf("%.80q: %v", original, err)
			continue
		}
		if got := originalOf(t, open(t, header, data)); got != original {
			t.Errorf("original is %q, want %q", got, original)
		}
	}
}

func originalOf(t tester, e *event.Event) string {
	var data schemas.ParticipantJoined
	if err := e.DataAs(&data); err != nil {
		t.Fatalf("read the data: %v", err)
	}
	return data.Original
}

func TestURLsAreWrittenWithoutEscapes(t *testing.T) {
	e := joined()
	e.Data = &schemas.ChatSynced{Chat: &schemas.Download{DownloadURL: "https://example.org/?a=1&b=<2>"}}
	_, data, err := schemas.Envelope{}.Seal(&e)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(data, []byte(`"https://example.org/?a=1&b=<2>"`)) {
		t.Errorf("no plain URL in %s", data)
	}
}

func TestPrintableAttributesAndAnyOriginalSurvive(t *testing.T) {
	printable := rapid.StringOf(rapid.RuneFrom([]rune("a\"\\<& é😀\u2028"), unicode.GraphicRanges...))
	named := printable.Filter(func(s string) bool { return strings.TrimSpace(s) != "" })
	rapid.Check(t, func(t *rapid.T) {
		e := schemas.Event{
			ID: named.Draw(t, "id"), Source: "https://dyte.io", Type: named.Draw(t, "type"),
			Subject:  rapid.OneOf(named, rapid.Just("")).Draw(t, "subject"),
			Time:     time.UnixMicro(rapid.Int64Range(0, 1<<52).Draw(t, "time")),
			Provider: printable.Draw(t, "provider"), ProviderType: printable.Draw(t, "providertype"),
			Endpoint: printable.Draw(t, "endpoint"), Verified: rapid.Bool().Draw(t, "verified"),
			MeetingID: printable.Draw(t, "meetingid"), SessionID: printable.Draw(t, "sessionid"),
			ParticipantID: printable.Draw(t, "participantid"), Status: printable.Draw(t, "status"),
			DeliveryID: printable.Draw(t, "deliveryid"), WebhookID: printable.Draw(t, "webhookid"),
			RecordedTime: time.UnixMicro(rapid.Int64Range(0, 1<<52).Draw(t, "recordedtime")),
			PartitionKey: printable.Draw(t, "partitionkey"), Digest: printable.Draw(t, "digest"),
			Data: &schemas.ParticipantJoined{Common: schemas.Common{Original: rapid.String().Draw(t, "original")}},
		}
		header, data, err := schemas.Envelope{}.Seal(&e)
		if err != nil {
			t.Fatal(err)
		}
		got := open(t, header, data)
		checkAttributes(t, got, e)
		if original := originalOf(t, got); original != e.Data.Shared().Original {
			t.Errorf("original is %q, want %q", original, e.Data.Shared().Original)
		}
	})
}
