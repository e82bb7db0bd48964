package relay

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// marshalled is a receipt in JSON by encoding/json.
type marshalled struct {
	ID           string  `json:"id"`
	Type         string  `json:"type"`
	Subject      *string `json:"subject,omitempty"`
	Stream       *string `json:"stream,omitempty"`
	Sequence     *uint64 `json:"sequence,omitempty"`
	Duplicate    *bool   `json:"duplicate,omitempty"`
	Queued       bool    `json:"queued,omitempty"`
	Dropped      bool    `json:"dropped,omitempty"`
	DeadLettered bool    `json:"deadLettered,omitempty"`
	Reason       string  `json:"reason,omitempty"`
}

func TestReceiptIsWrittenAsEncodingJSONWritesIt(t *testing.T) {
	text := rapid.OneOf(rapid.StringMatching(`[a-z0-9.:-]{0,40}`), rapid.String(), rapid.SampledFrom([]string{
		"<a>&b", `a"b\c`, "a\u2028b\u2029", "räume", "\xff\x00\x7f\b\f\n\r\t", "a\xc3",
	}))
	rapid.Check(t, func(t *rapid.T) {
		r := receipt{
			id: text.Draw(t, "id"), kind: text.Draw(t, "type"), subject: text.Draw(t, "subject"), stream: text.Draw(t, "stream"),
			sequence: rapid.Uint64().Draw(t, "sequence"), duplicate: rapid.Bool().Draw(t, "duplicate"),
			queued: rapid.Bool().Draw(t, "queued"), reason: text.Draw(t, "reason"), isDropped: rapid.Bool().Draw(t, "dropped"),
		}
		m := marshalled{ID: r.id, Type: r.kind}
		switch {
		case r.isDropped:
			m.Dropped = true
		case r.queued:
			m.Subject, m.Queued, m.DeadLettered, m.Reason = &r.subject, true, r.reason != "", r.reason
		default:
			m.Subject, m.Stream, m.Sequence, m.Duplicate = &r.subject, &r.stream, &r.sequence, &r.duplicate
			m.DeadLettered, m.Reason = r.reason != "", r.reason
		}
		want, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(r.json()); got != string(want) {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
}

func BenchmarkReceipt(b *testing.B) {
	r := receipt{
		id: "sha256:" + strings.Repeat("5f", 32), kind: "meeting.participantJoined", subject: "meetbus.dyte.meeting.participantJoined.bbb0a3c1",
		stream: "MEETBUS", sequence: 123456, mapped: true, identified: true,
	}
	b.ReportAllocs()
	for b.Loop() {
		r.json()
	}
}
