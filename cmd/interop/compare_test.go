package main

import (
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
)

const arrival = "2026-11-24T10:11:13.000000007Z"

// sentAt is when the webhooks of the tests were sent.
var sentAt = time.Date(2026, 11, 24, 10, 11, 13, 0, time.UTC)

// spoken is a case's webhook as it stands in a stream, written by nobody but this test.
func spoken(t *testing.T, m mode, s sending) message {
	t.Helper()
	w := s.want.arrived(arrival)
	data, err := json.Marshal(w.data)
	if err != nil {
		t.Fatal(err)
	}
	if m == structured {
		whole := maps.Clone(w.attributes)
		whole["data"] = json.RawMessage(data)
		if data, err = json.Marshal(whole); err != nil {
			t.Fatal(err)
		}
		return message{1, nats.Header{"content-type": {"application/cloudevents+json"}}, data}
	}
	header := nats.Header{"content-type": {"application/json"}, "ce-verified": {"true"}}
	for name, value := range w.attributes {
		if text, isText := value.(string); isText && name != "datacontenttype" {
			header["ce-"+name] = []string{strings.ReplaceAll(url.QueryEscape(text), "+", "%20")}
		}
	}
	return message{1, header, data}
}

func answered(s sending) sending {
	s.before, s.after = sentAt, sentAt.Add(time.Second)
	s.answer.Sequence = 1
	return s
}

// replaced spoils the data of a message.
func replaced(old, by string) func(*message) {
	return func(m *message) { m.data = []byte(strings.ReplaceAll(string(m.data), old, by)) }
}

func TestJudgeOfGo(t *testing.T) {
	for _, c := range []struct {
		text    string
		m       mode
		needed  []string
		spoiled func(*message)
		wrong   string
	}{
		{"room", structured, nil, nil, ""},
		{"room", binary, []string{remedyDecode, remedyVerified}, nil, ""}, // this test encodes colons, too
		{"Zürich 100%", structured, nil, nil, ""},
		{"Zürich 100%", binary, []string{remedyDecode, remedyVerified}, nil, ""},
		{"  room ", binary, []string{remedyDecode, remedyVerified, remedyBlanks}, nil, ""},
		{sixty, structured, nil, nil, ""},
		{"room", binary, nil, func(m *message) { m.header["ce-meetingid"] = []string{"hall"} }, `meetingid is "hall", was "room"`},
		{"room", binary, nil, func(m *message) { delete(m.header, "ce-digest") }, "digest is null"},
		{"room", binary, nil, func(m *message) { m.header["ce-more"] = []string{"x"} }, `more is "x", was null`},
		{"room", structured, nil, replaced("104857600", "104857601"), "data is"},
		{"room", structured, nil, replaced("13.000000007", "14.5"), "it arrived between"},
		{"room", structured, nil, func(m *message) { m.data = m.data[:100] }, "unexpected end"},
	} {
		s := answered(content{name: "test", text: c.text, number: "104857600"}.recording())
		m := spoken(t, c.m, s)
		if c.spoiled != nil {
			c.spoiled(&m)
		}
		readings, err := readByGo(t.Context(), nil, []message{m})
		if err != nil {
			t.Fatal(err)
		}
		needed, wrong := s.judge(m, readings)
		if !slices.Equal(needed, c.needed) || (c.wrong == "") != (len(wrong) == 0) || !strings.Contains(strings.Join(wrong, "; "), c.wrong) {
			t.Errorf("%q, %s: needed %v, wrong %q; want %v, %q", c.text, c.m, needed, wrong, c.needed, c.wrong)
		}
	}
}

// TestDifferences: whatever an SDK for another language makes of an event is compared to the last digit.
func TestDifferences(t *testing.T) {
	s := content{name: "test", text: "room", number: sixty}.recording()
	w := s.want.arrived(arrival)
	data, err := json.Marshal(w.data)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		changed func(*reading)
		want    string
	}{
		{"nothing", func(*reading) {}, ""},
		{"the time written in another way", func(r *reading) { r.Attributes["time"] = "2026-11-24T11:11:13.0000000070+01:00" }, ""},
		{"the time cut", func(r *reading) { r.Attributes["time"] = "2026-11-24T10:11:13.000Z" }, "time is"},
		{"digits lost", func(r *reading) { r.Data = strings.ReplaceAll(r.Data, `:`+sixty, `:1.2345678901234568e+59`) }, "1.2345678901234568e+59"},
		{"a boolean that is a text", func(r *reading) { r.Attributes["verified"] = "true" }, `verified is "true", was true`},
		{"no data", func(r *reading) { r.Data = "" }, "data: EOF"},
		{"nothing read", func(r *reading) { r.Failed = "no cloud event" }, "no cloud event"},
	} {
		r := reading{Attributes: maps.Clone(w.attributes), Data: string(data)}
		c.changed(&r)
		if got := strings.Join(w.differences(r), "; "); (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestJudgeOfCase(t *testing.T) {
	c := content{name: "test", text: "room", number: "1"}
	s := answered(c.recording())
	m := spoken(t, structured, s)
	readings, err := readByGo(t.Context(), nil, []message{m})
	if err != nil {
		t.Fatal(err)
	}
	dead := s
	dead.answer.DeadLettered = true
	sized := c
	sized.eventSize = eventLimit
	bound := c
	bound.deadLetterIn = binary
	for _, x := range []struct {
		name  string
		c     content
		m     mode
		sent  sending
		in    []message
		wrong string
	}{
		{"read", c, structured, s, []message{m}, ""},
		{"not there", c, structured, s, nil, "not in the stream"},
		{"a dead letter", c, structured, dead, nil, "dead letter: true"},
		{"too small for its case", sized, structured, s, []message{m}, "not the case's size"},
		{"a dead letter, as it should be", bound, binary, dead, nil, ""},
		{"no dead letter", bound, binary, s, []message{m}, "dead letter: false"},
	} {
		out := x.c.judge(x.m, []sending{x.sent}, x.in, readings)
		if got := strings.Join(out.wrong, "; "); (got == "") != (x.wrong == "") || !strings.Contains(got, x.wrong) {
			t.Errorf("%s: %q, want %q", x.name, got, x.wrong)
		}
	}
	if out := c.judge(structured, []sending{s}, []message{m}, nil); !strings.Contains(strings.Join(out.wrong, "; "), "it was not read") {
		t.Errorf("without readings: %+v", out)
	}
}
