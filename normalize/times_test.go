package normalize

import (
	"testing"
	"time"

	"github.com/meetbus/meetbus/schemas"
)

func TestTimestamp(t *testing.T) {
	for text, want := range map[string]schemas.Timestamp{
		"2026-05-04T08:00:03Z":                   "2026-05-04T08:00:03Z",
		"2026-05-04T08:00:03.400Z":               "2026-05-04T08:00:03.400Z",
		"2026-05-04 08:00:03.400152Z":            "2026-05-04T08:00:03.400152Z",
		"2026-05-04 08:00:03.4+00:00":            "2026-05-04T08:00:03.4Z",
		"2026-05-04T08:00:03.000000000Z":         "2026-05-04T08:00:03.000000000Z",
		"2026-05-04T08:00:03.0123456789123Z":     "2026-05-04T08:00:03.012345678Z",
		"2026-05-04T13:30:03.402+05:30":          "2026-05-04T08:00:03.402Z",
		"2026-05-04T01:00:03.402-07:00":          "2026-05-04T08:00:03.402Z",
		"2026-05-04T08:00:03-00:00":              "2026-05-04T08:00:03Z",
		"2024-02-29T00:00:00Z":                   "2024-02-29T00:00:00Z",
		"0001-01-01T00:00:00Z":                   "0001-01-01T00:00:00Z",
		"9999-12-31T23:59:59.999Z":               "9999-12-31T23:59:59.999Z",
		"0001-01-01T00:00:00+00:01":              "",
		"9999-12-31T23:59:59-00:01":              "",
		"0000-01-01T00:00:00Z":                   "",
		"2022-07-05T15:60:35.047+00:00":          "",
		"2026-05-04T24:00:00Z":                   "",
		"2026-05-04T08:00:60Z":                   "",
		"2026-02-30T08:00:00Z":                   "",
		"2025-02-29T08:00:00Z":                   "",
		"2026-13-01T08:00:00Z":                   "",
		"2026-00-01T08:00:00Z":                   "",
		"2026-05-04T08:00:03":                    "",
		"2026-05-04T08:00:03.402":                "",
		"2026-05-04T08:00:03+24:00":              "",
		"2026-05-04T08:00:03+05:60":              "",
		"2026-05-04T08:00:03+0530":               "",
		"2026-05-04T08:00:03,402Z":               "",
		"2026-05-04T08:00:03.1.2Z":               "",
		"2026-05-04T08:00:0312Z":                 "",
		"2026-05-04T08:00:03..Z":                 "",
		"2026-05-04T08:00:03.999999999999+01:00": "2026-05-04T07:00:03.999999999Z",
		"2026-05-04T08:00:03.Z":                  "",
		"2026-05-04T8:00:03.402Z":                "",
		"2026-05-04t08:00:03z":                   "",
		"2026-05-04  08:00:03Z":                  "",
		"2026-05-04T08:00:03Z ":                  "",
		"2026-05-04T08:00:03Z\r\n":               "",
		"2026-05-04T08:00Z":                      "",
		"2026-05-04":                             "",
		"1777881603402":                          "",
		"１１26-05-04T08:00:03Z":                   "",
		"":                                       "",
	} {
		if got := timestamp(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

func TestTimeOfEvent(t *testing.T) {
	at := time.Date(2026, time.May, 4, 8, 0, 3, 402_000_000, time.UTC)
	for body, want := range map[string]time.Time{
		`{"event":"meeting.started","meeting":{"startedAt":"2026-05-04T08:00:03.402Z"}}`:                                 at,
		`{"event":"meeting.started","startedAt":"2026-05-04T08:00:03.402Z"}`:                                             at,
		`{"event":"meeting.started","meeting":{"createdAt":"2026-05-04T08:00:03.402Z"}}`:                                 arrival,
		`{"event":"meeting.started","meeting":{"startedAt":"2026-05-04T08:60:03.402Z"}}`:                                 arrival,
		`{"event":"meeting.ended","meeting":{"endedAt":"2026-05-04T08:00:03.402Z"}}`:                                     at,
		`{"event":"meeting.participantJoined","participant":{"joinedAt":"2026-05-04T10:00:03.402+02:00"}}`:               at,
		`{"event":"meeting.participantLeft","participant":{"leftAt":"2026-05-04T08:00:03.402Z"}}`:                        at,
		`{"event":"meeting.participantLeft","participant":{"joinedAt":"2026-05-04T08:00:03.402Z"}}`:                      arrival,
		`{"event":"recording.statusUpdate","recording":{"status":"INVOKED","invokedTime":"2026-05-04 08:00:03.402Z"}}`:   at,
		`{"event":"recording.statusUpdate","recording":{"status":"UPLOADING","stoppedTime":"2026-05-04 08:00:03.402Z"}}`: at,
		`{"event":"recording.statusUpdate","recording":{"status":"UPLOADED","stoppedTime":"2026-05-04 08:00:03.402Z"}}`:  arrival,
		`{"event":"recording.statusUpdate","recording":{"status":"RECORDING","startedTime":"2026-05-04 08:00:03.402Z"}}`: arrival,
		`{"event":"meeting.chatSynced","endedAt":"2026-05-04T08:00:03.402Z"}`:                                            arrival,
	} {
		e, err := Normalize(&Webhook{Provider: Dyte, Body: []byte(body), Received: arrival.In(time.FixedZone("", 3600))})
		if err != nil {
			t.Fatal(err)
		}
		if e.Time != want || e.RecordedTime != arrival {
			t.Errorf("%s: time %v, want %v; recorded %v", body, e.Time, want, e.RecordedTime)
		}
	}
}
