package main

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/meetbus/meetbus/docs/recipes/recipetest"
	"github.com/meetbus/meetbus/schemas"
)

// videosdk is a webhook of VideoSDK, which does not say when; it arrives some minutes after all began.
func videosdk(t *testing.T, kind, session, who string, minute int) schemas.Event {
	t.Helper()
	body := fmt.Sprintf(`{"webhookType":%q,"data":{"meetingId":"m","sessionId":%q,"participantId":%q}}`, kind, session, who)
	if kind == "session-ended" {
		body = fmt.Sprintf(`{"webhookType":%q,"data":{"meetingId":"m","sessionId":%q,"start":%q,"end":%q}}`, kind, session, at(0), at(minute))
	}
	return recipetest.Event(t, "videosdk", body, began.Add(time.Duration(minute)*time.Minute))
}

// Where no time is said, the arrival is the time: in the order of arrival the answer is right, and a replay in another order does
// not change it.
func TestTimeless(t *testing.T) {
	events := []schemas.Event{
		videosdk(t, "participant-joined", "s-1", "ada", 1),
		videosdk(t, "participant-joined", "s-1", "bo", 2),
		videosdk(t, "participant-left", "s-1", "ada", 3),
		videosdk(t, "participant-left", "s-1", "bo", 4),
		videosdk(t, "participant-joined", "s-1", "ada", 5), // the same bytes as at first, and another event
	}
	for range len(events) {
		if got := ids(of(events), "m"); !slices.Equal(got, []string{"ada"}) {
			t.Errorf("in are %v, want ada", got)
		}
		events = append(events[1:], events[0])
	}
}

// A session that has ended is over for whatever arrives later, too.
func TestTimelessAfterTheEnd(t *testing.T) {
	p := of([]schemas.Event{
		videosdk(t, "participant-joined", "s-1", "ada", 1),
		videosdk(t, "session-ended", "s-1", "", 3),
		videosdk(t, "participant-joined", "s-1", "ada", 4), // a retry
		videosdk(t, "participant-joined", "s-2", "bo", 5),
	})
	if got := ids(p, "m"); !slices.Equal(got, []string{"bo"}) {
		t.Errorf("in are %v, want bo", got)
	}
}

// What nobody can tell: these are wrong, until the session ends. The page says so, and this keeps it true.
func TestTimelessCannotTell(t *testing.T) {
	for name, c := range map[string]struct {
		events []schemas.Event
		wrong  []string
	}{
		"a retry of a join, or a rejoin": {wrong: []string{"ada"}, events: []schemas.Event{
			videosdk(t, "participant-joined", "s-1", "ada", 1),
			videosdk(t, "participant-left", "s-1", "ada", 2),
			videosdk(t, "participant-joined", "s-1", "ada", 3), // a retry of the first: she is gone
		}},
		"a leave before its join": {wrong: []string{"ada"}, events: []schemas.Event{
			videosdk(t, "participant-left", "s-1", "ada", 1),
			videosdk(t, "participant-joined", "s-1", "ada", 2), // she is gone
		}},
		"a second device": {wrong: nil, events: []schemas.Event{
			videosdk(t, "participant-joined", "s-1", "ada", 1),
			videosdk(t, "participant-joined", "s-1", "ada", 2),
			videosdk(t, "participant-left", "s-1", "ada", 3), // the first device: she is there
		}},
	} {
		p := of(c.events)
		if got := ids(p, "m"); !slices.Equal(got, c.wrong) {
			t.Errorf("%s: in are %v, want %v", name, got, c.wrong)
		}
		p.Apply(videosdk(t, "session-ended", "s-1", "", 9))
		if got := ids(p, "m"); len(got) > 0 {
			t.Errorf("%s: after the end in are %v, want nobody", name, got)
		}
	}
}
