package normalize

import "testing"

// TestMeetingIn: the meeting is found in what is no event, too.
func TestMeetingIn(t *testing.T) {
	for body, want := range map[string]string{
		`{"meeting":{"id":"a"}}`: "a", `{"data":{"meetingId":"b"}}`: "b", `{"room-data":{"meeting-id":"c"}}`: "c", `{"recording":{"meetingId":"d"}}`: "d",
		"no JSON": "", "\xff": "", `{"meeting":{"id":{}}}`: "", `{}`: "", `[]`: "",
	} {
		found := ""
		for _, p := range Providers() {
			found = max(found, p.MeetingIn([]byte(body)))
		}
		if found != want {
			t.Errorf("%s names %q, want %q", body, found, want)
		}
	}
}
