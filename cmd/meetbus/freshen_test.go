package main

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/schemas"
)

const (
	oldUUID   = "3f2c8a1e-7b64-4d09-9e5a-c1d2e3f40516"
	otherUUID = "8d1e7f30-52a9-4c6b-b0d4-6a7f8e9c0b21"
	oldObject = "64b7f0a19c3d5e2f81a06b4c"
	oldRoom   = "ab1c-d2ef-gh34"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 123456789, time.UTC)

func stopped(at time.Time) func() time.Time { return func() time.Time { return at } }

// In a want, <uuid>, <object>, <room> and <word> stand for a new id of that shape.
var freshened = []struct{ name, body, want string }{
	{"nothing to change", `{"event":"meeting.started","n":1.50,"x":[null,true,"word"]}`,
		`{"event":"meeting.started","n":1.50,"x":[null,true,"word"]}`},
	{"blanks, order and duplicates stay", "{ \"b\" : \"x\",\n\"a\":1 , \"a\":\t2 }", "{ \"b\" : \"x\",\n\"a\":1 , \"a\":\t2 }"},
	{"a UUID", `{"streamId":"` + oldUUID + `"}`, `{"streamId":"<uuid>"}`},
	{"a 24-digit id", `{"id":"` + oldObject + `"}`, `{"id":"<object>"}`},
	{"a room", `{"webhookType":"x","data":{"meetingId":"` + oldRoom + `"}}`, `{"webhookType":"x","data":{"meetingId":"<room>"}}`},
	{"what looks like a room and is none", `{"title":"` + oldRoom + `"}`, `{"title":"` + oldRoom + `"}`},
	{"a room in a URL", `{"webhookType":"x","data":{"roomId":"` + oldRoom + `","url":"https://x.example/` + oldRoom + `/1"}}`,
		`{"webhookType":"x","data":{"roomId":"<room>","url":"https://x.example/<room>/1"}}`},
	{"ids in a URL", `{"url":"https://x.example/` + oldUUID + `/` + oldObject + `.mp4"}`, `{"url":"https://x.example/<uuid>/<object>.mp4"}`},
	{"an id with a prefix", `{"sessionId":"session-` + oldUUID + `"}`, `{"sessionId":"session-<uuid>"}`},
	{"a participant of any shape", `{"webhookType":"participant-joined","data":{"participantId":"q7w2xz"}}`,
		`{"webhookType":"participant-joined","data":{"participantId":"<word>"}}`},
	{"organizations stay",
		`{"event":"recording.statusUpdate","meeting":{"organizedBy":{"id":"` + oldUUID + `"}},"recording":{"organizationId":"` + otherUUID + `"}}`,
		`{"event":"recording.statusUpdate","meeting":{"organizedBy":{"id":"` + oldUUID + `"}},"recording":{"organizationId":"` + otherUUID + `"}}`},
	{"a key is no value", `{"` + oldUUID + `":1}`, `{"` + oldUUID + `":1}`},
	{"milliseconds", `{"joinedAt":"2024-02-03T04:05:06.789Z"}`, `{"joinedAt":"2026-11-21T12:00:00.123Z"}`},
	{"seconds", `{"joinedAt":"2024-02-03T04:05:06Z"}`, `{"joinedAt":"2026-11-21T12:00:00Z"}`},
	{"a blank and microseconds", `{"startedTime":"2024-02-03 04:05:06.789012Z"}`, `{"startedTime":"2026-11-21 12:00:00.123000Z"}`},
	{"an offset", `{"start":"2024-02-03T04:05:06.789+05:30"}`, `{"start":"2026-11-21T17:30:00.123+05:30"}`},
	{"no offset, written as one", `{"start":"2024-02-03T04:05:06.789+00:00"}`, `{"start":"2026-11-21T12:00:00.123+00:00"}`},
	{"the newest is now", `{"a":"2024-02-03T04:05:06.000Z","b":"2024-02-03T03:05:06.000Z"}`,
		`{"a":"2026-11-21T12:00:00.123Z","b":"2026-11-21T11:00:00.123Z"}`},
	{"an expiry stays ahead", `{"endedAt":"2024-02-03T04:05:06.000Z","downloadUrlExpiry":"2024-02-10T04:05:06.000Z"}`,
		`{"endedAt":"2026-11-21T12:00:00.123Z","downloadUrlExpiry":"2026-11-28T12:00:00.123Z"}`},
	{"nothing but an expiry", `{"chatDownloadUrlExpiry":"2024-02-10 04:05:06.000000Z"}`,
		`{"chatDownloadUrlExpiry":"2026-11-28 12:00:00.123000Z"}`},
	{"an impossible time", `{"end":"2022-07-05T15:60:35.047+00:00"}`, `{"end":"2022-07-05T15:60:35.047+00:00"}`},
	{"an escaped string", `{"a":"\u0032024-02-03T04:05:06Z","b":"` + oldUUID + `"}`, `{"a":"\u0032024-02-03T04:05:06Z","b":"<uuid>"}`},
}

// sampleOf makes a sample of a body, Dyte's if it says event.
func sampleOf(body string) normalize.Sample {
	if strings.Contains(body, `"event"`) {
		return normalize.Sample{Provider: normalize.Dyte, Body: []byte(body)}
	}
	return normalize.Sample{Provider: normalize.VideoSDK, Body: []byte(asWebhook(body))}
}

// asWebhook gives a body a name of its event, without which it is no webhook.
func asWebhook(body string) string {
	if strings.Contains(body, `"event"`) || strings.Contains(body, `"webhookType"`) {
		return body
	}
	return strings.Replace(body, "{", `{"webhookType":"x",`, 1)
}

func TestFreshen(t *testing.T) {
	for _, c := range freshened {
		t.Run(c.name, func(t *testing.T) {
			got, err := newFreshener(stopped(noon)).freshen(sampleOf(c.body))
			if err != nil {
				t.Fatal(err)
			}
			if !wanted(asWebhook(c.want)).Match(got) {
				t.Errorf("\ngot  %s\nwant %s", got, c.want)
			}
			for _, old := range []string{oldUUID, oldObject, oldRoom} {
				if strings.Contains(string(got), old) && !strings.Contains(c.want, old) {
					t.Errorf("%s is still in %s", old, got)
				}
			}
		})
	}
}

// wanted makes an expression of a want, in which <…> stand for any id of that shape.
func wanted(want string) *regexp.Regexp {
	stands := strings.NewReplacer("<uuid>", uuids, "<object>", objects, "<room>", rooms, "<word>", `[a-z]\d[a-z]\d[a-z]{2}`)
	return regexp.MustCompile(`^` + stands.Replace(regexp.QuoteMeta(want)) + `$`)
}

func TestFreshenRefusesWhatIsNotJSON(t *testing.T) {
	for _, body := range []string{`{`, `{"a":}`, `{"a":"` + "\xff" + `"}`} {
		if got, err := newFreshener(stopped(noon)).freshen(sampleOf(body)); err == nil {
			t.Errorf("freshen(%q) is %q", body, got)
		}
	}
}

// TestFreshenedSamples wants every sample to be the same event after it, newly: in one session of one meeting a provider.
func TestFreshenedSamples(t *testing.T) {
	for _, p := range normalize.Providers() {
		f := newFreshener(stopped(noon))
		meetings, sessions := map[string]bool{}, map[string]bool{}
		all := only(normalize.Samples(), func(s normalize.Sample) bool { return s.Provider.Name == p.Name })
		if len(all) == 0 {
			t.Errorf("no samples of %s", p.Name)
		}
		for _, s := range all {
			before := normalized(t, p, s.Body)
			body, err := f.freshen(s)
			if err != nil {
				t.Fatalf("%s %s: %v", p.Name, s.Event, err)
			}
			after := normalized(t, p, body)
			if after.Type != before.Type || after.Status != before.Status || after.Organization != before.Organization {
				t.Errorf("%s %s is now %s %s of %q", p.Name, s.Event, after.Type, after.Status, after.Organization)
			}
			if a, b := outline(t, body), outline(t, s.Body); !slices.Equal(a, b) {
				t.Errorf("%s %s has other members than before:\n%q\n%q", p.Name, s.Event, a, b)
			}
			if before.Subject != "" && after.Subject == before.Subject {
				t.Errorf("%s %s is still about %s", p.Name, s.Event, before.Subject)
			}
			remember(meetings, after.MeetingID)
			remember(sessions, after.SessionID)
		}
		if len(meetings) != 1 || len(sessions) != 1 {
			t.Errorf("%s: want one meeting and one session, got %q and %q", p.Name,
				slices.Collect(maps.Keys(meetings)), slices.Collect(maps.Keys(sessions)))
		}
	}
}

func remember(ids map[string]bool, id string) {
	if id != "" {
		ids[id] = true
	}
}

func normalized(t *testing.T, p normalize.Provider, body []byte) *normalize.Event {
	t.Helper()
	e, err := normalize.Normalize(&normalize.Webhook{Provider: p, Body: body, Received: noon})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// outline lists the members of JSON by their names.
func outline(t *testing.T, body []byte) []string {
	t.Helper()
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatal(err)
	}
	var names []string
	var visit func(string, any)
	visit = func(path string, v any) {
		if o, ok := v.(map[string]any); ok {
			for name, value := range o {
				visit(path+"/"+name, value)
			}
			return
		}
		names = append(names, path)
	}
	visit("", v)
	slices.Sort(names)
	return names
}

// TestRounds wants another participant in every round, in the same meeting, and never the same body twice.
func TestRounds(t *testing.T) {
	for _, p := range normalize.Providers() {
		f := newFreshener(stopped(noon))
		people, meetings, bodies := map[string]bool{}, map[string]bool{}, map[string]bool{}
		joined, err := choose(normalize.Samples(), []string{p.Name, schemas.TypeParticipantJoined}, false)
		if err != nil {
			t.Fatal(err)
		}
		const rounds = 20
		for range rounds {
			body, err := f.freshen(joined[0])
			if err != nil {
				t.Fatal(err)
			}
			e := normalized(t, p, body)
			people[e.ParticipantID], meetings[e.MeetingID], bodies[string(body)] = true, true, true
			f.nextRound()
		}
		if len(people) != rounds || len(bodies) != rounds || len(meetings) != 1 {
			t.Errorf("%s: %d people in %d meetings by %d bodies", p.Name, len(people), len(meetings), len(bodies))
		}
	}
}

// TestSameInstant wants two bodies of one millisecond to be two events.
func TestSameInstant(t *testing.T) {
	f := newFreshener(stopped(noon))
	body := []byte(`{"startedAt":"2024-02-03T04:05:06.789Z"}`)
	first, err := f.freshen(sampleOf(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	second, err := f.freshen(sampleOf(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	if string(first) == string(second) {
		t.Errorf("both are %s", first)
	}
}
