package inspect

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/schemas"
)

// TestMovesOfEverySample: of every event that we know, whatever text, number or word of the data is in the body as well is said to come
// from there, and every value that is said to have moved is one of the body's.
func TestMovesOfEverySample(t *testing.T) {
	for _, s := range normalize.Samples() {
		e, err := normalize.Normalize(&normalize.Webhook{Provider: s.Provider, Body: s.Body, Received: time.Now()})
		if err != nil {
			t.Fatal(err)
		}
		payload, rest, err := linesOf(s.Body, hiddenStreamKey)
		if err != nil || rest > 0 {
			t.Fatal(rest, err)
		}
		m, err := movesOf(&e.Event, s.Body, payload)
		if err != nil || m.partial {
			t.Fatal(m, err)
		}
		if m.to["event"] == nil && m.to["webhookType"] == nil && m.to["type"] == nil && s.Event != "call-summary" { // which is the name of a member
			t.Errorf("%s %s: nothing chooses the type", s.Provider.Name, s.Event)
		}
		values := map[string]string{}
		for _, l := range payload {
			values[l.Path] = l.Value
		}
		e.Data.Shared().Original = ""
		data, err := json.Marshal(e.Data)
		if err != nil {
			t.Fatal(err)
		}
		lines, _, err := linesOf(data, everything)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range lines {
			from := m.from["data."+l.Path]
			if l.Path != "" && l.Kind != "bracket" && len(from) == 0 && !strings.HasSuffix(l.Path, ".status") && !strings.HasSuffix(l.Path, ".kind") {
				t.Errorf("%s %s: nobody knows where %s comes from", s.Provider.Name, s.Event, l.Path)
			}
			for _, path := range from {
				if _, is := values[path]; !is {
					t.Errorf("%s %s: %s comes from %s, which is not there", s.Provider.Name, s.Event, l.Path, path)
				}
			}
		}
	}
}

// TestMoves: what is said of a body is true of it, also of the strange parts of it.
func TestMoves(t *testing.T) {
	body := `{"event":"recording.statusUpdate","meeting":{"id":"m","title":""},"meetingId":"shadowed",
	"recording":{"id":"r","meetingId":"m","fileSize":"10","filesize":11,"status":"INVOKED","invokedTime":"2026-05-04T09:30:59.999Z",
	"outputFileName":"a\u0001b","downloadUrl":null},"streamKey":{"deep":["hunter2"]},"twice":1,"twice":2,"extra":[true,{"x":{}},[]]}`
	e := schemas.Event{Provider: "dyte", RecordedTime: time.Now()}
	lines, _, err := linesOf([]byte(body), hiddenStreamKey)
	if err != nil {
		t.Fatal(err)
	}
	m, err := movesOf(&e, []byte(body), lines)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"event":                    chooses,
		"meeting.id":               "data.meeting.id meetingid partitionkey subject",
		"meetingId":                "",
		"meeting.title":            "",
		"recording.id":             "data.recording.id",
		"recording.fileSize":       "data.recording.fileSize",
		"recording.filesize":       "",
		"recording.status":         "data.recording.status status time",
		"recording.invokedTime":    "data.recording.invokedAt time",
		"recording.outputFileName": "data.recording.fileName",
		"recording.downloadUrl":    "",
		"streamKey":                "",
		"extra[0]":                 "",
	} {
		if got := strings.Join(m.to[path], " "); got != want {
			t.Errorf("%s goes to %q, want %q", path, got, want)
		}
	}
	for _, l := range lines {
		if strings.Contains(l.Value, "hunter2") {
			t.Errorf("the stream key is shown: %+v", l)
		}
	}
}

// TestMovesAreBounded: the largest body, full of values, takes no longer than a person waits.
func TestMovesAreBounded(t *testing.T) {
	body := []byte(`{"event":"meeting.ended","meeting":{"id":"m"},"x":[` + strings.Repeat(`"1",`, 60_000) + `"1"]}`)
	began := time.Now()
	lines, rest, err := linesOf(body, hiddenStreamKey)
	if err != nil || rest == 0 || len(lines) != linesMax {
		t.Fatalf("%d lines, %d left out, %v", len(lines), rest, err)
	}
	m, err := movesOf(&schemas.Event{Provider: "dyte"}, body, lines)
	if err != nil || !m.partial || len(m.to["meeting.id"]) == 0 {
		t.Errorf("%v, %v", m.to, err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
	deep := []byte(`{"a":` + strings.Repeat(`[`, 9000) + strings.Repeat(`]`, 9000) + `}`)
	if lines, _, err := linesOf(deep, everything); err != nil || lines[len(lines)-1].Depth > depthMax {
		t.Errorf("%v", err)
	}
}
