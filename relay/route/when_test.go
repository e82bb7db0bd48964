package route

import (
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/meetbus/meetbus/schemas"
)

func TestWhen(t *testing.T) {
	e := joined("dyte")
	e.Status = "42"
	for text, want := range map[string]bool{
		"EXISTS meetingid":                      true,
		"EXISTS sessionid":                      false,
		"exists SUBJECT":                        true,
		"EXISTS traceparent":                    false,
		"meetingid = 'm-1'":                     true,
		"MeetingID = 'm-1'":                     true,
		`meetingid = "M-1"`:                     false,
		"verified":                              true,
		"NOT verified":                          false,
		"verified = true AND provider = 'dyte'": true,
		"EXISTS sessionid AND sessionid = 'x'":  false,
		"type LIKE 'meeting.%'":                 true,
		"type IN ('meeting.started', 'meeting.participantJoined')": true,
		"status > 41":                          true,
		"INT(status) + 1 = 43":                 true,
		"UPPER(provider) = 'DYTE'":             true,
		"source = 'https://dyte.io'":           true,
		"LEFT(time, 10) = '2026-06-03'":        true,
		"LENGTH(CONCAT(provider, 'x')) = 5":    true,
		"dataschema LIKE '%participantJoined'": true,
		"specversion = '1.0'":                  true,
		"LENGTH('a,(b') = 4":                   true,
	} {
		w, err := newWhen(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		var q question
		if got, err := q.ask(w, schemas.Envelope{}, &e); err != nil || got != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
}

func TestWhenThatCannotBeTold(t *testing.T) {
	e := joined("dyte")
	for _, text := range []string{"sessionid = 'x'", "INT(meetingid) = 1", "1 / (LENGTH(status) - 0) = 1", "10 / LENGTH('') = 1"} {
		w, err := newWhen(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		var q question
		if got, err := q.ask(w, schemas.Envelope{}, &e); err == nil || got {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
}

func TestWhenThatIsNone(t *testing.T) {
	for text, want := range map[string]string{
		"type = ":                 "is not CloudEvents SQL at its character ",
		"":                        "is not CloudEvents SQL at its character 1",
		"type == 'a'":             "at its character 7: one = compares",
		"verified & verified":     "is not CloudEvents SQL at its character 10",
		"type = 'a":               "is not CloudEvents SQL at its character ",
		"(verified":               "is not CloudEvents SQL at its character ",
		"verified) OR (verified":  "is not CloudEvents SQL at its character 9",
		"meetngid = 'a'":          "asks at its character 1 for what is no attribute of events; did you mean meetingid? (a text",
		"EXISTS zzz":              "asks at its character 8 for what is no attribute of events (a text stands in quotes)",
		"status = UPLOADED":       "asks at its character 10",
		"data.meeting = 'a'":      "at its character 5: attributes have no parts",
		"meetingid IS NOT NULL":   "at its character 11: write EXISTS meetingid",
		"type MATCHES 'x'":        "at its character 6: write LIKE",
		"SOUNDEX(type) = 'a'":     "calls at its character 1 a function that CloudEvents SQL does not have",
		"LENGTH() = 1":            "arguments",
		"LENGTH(type, type) = 1":  "arguments",
		strings.Repeat("(", 5000): "is longer than 4096 bytes",
		"type":                    "is neither true nor false",
		"1 + 1":                   "is neither true nor false",
		"'true'":                  "is neither true nor false",
		"LENGTH(type)":            "is neither true nor false",
		"1 = 99999999999":         "a number is larger than 32 bits",
	} {
		if _, err := newWhen(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

// TestWhenNeverPanicsNorPrints: whatever a file says, there is a condition or an error, and nothing on stderr.
func TestWhenNeverPanicsNorPrints(t *testing.T) {
	printed := captured(t, func() {
		word := rapid.SampledFrom([]string{
			"type", "EXISTS", "NOT", "AND", "OR", "XOR", "IN", "LIKE", "'a%'", `"b"`, "(", ")", ",", "=", "<>", "!=", ">", "<=", "+", "-",
			"*", "/", "%", "1", "99999999999", "true", "LENGTH", "LEFT", "verified", "status", "é", "'", "\\", "\x00", "_a", "1a",
		})
		e := joined("dyte")
		rapid.Check(t, func(t *rapid.T) {
			text := strings.Join(rapid.SliceOfN(word, 0, 8).Draw(t, "words"), " ")
			w, err := newWhen(text)
			if err != nil {
				return
			}
			var q question
			_, _ = q.ask(w, schemas.Envelope{}, &e)
		})
	})
	if printed != "" {
		t.Errorf("printed %q", printed)
	}
}

// captured returns what f prints to stderr.
func captured(t *testing.T, f func()) string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	old := os.Stderr
	os.Stderr = w
	printed := make(chan string)
	go func() { all, _ := io.ReadAll(r); printed <- string(all) }()
	f()
	os.Stderr = old
	w.Close()
	return <-printed
}

// joined is somebody who joins the meeting m-1.
func joined(provider string) schemas.Event {
	return schemas.Event{
		ID: "1", Source: "https://dyte.io", Type: schemas.TypeParticipantJoined, Subject: "m-1", Provider: provider,
		ProviderType: "meeting.participantJoined", Endpoint: "main", Verified: true, MeetingID: "m-1",
		Time: time.Date(2026, 6, 3, 10, 5, 0, 0, time.UTC),
	}
}
