package main

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/meetbus/meetbus/docs/recipes/recipetest"
	"github.com/meetbus/meetbus/schemas"
)

// ids are the connections in a meeting, in order of their ids.
func ids(p *Presence, meeting string) []string {
	in := []string{}
	for _, join := range p.In(meeting) {
		in = append(in, join.ParticipantID)
	}
	slices.Sort(in)
	return in
}

func of(events []schemas.Event) *Presence {
	p := New()
	for _, e := range events {
		p.Apply(e)
	}
	return p
}

// Whatever happens, and however it is delivered: who is in is known.
func TestTruth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := newHistory(t)
		for range rapid.IntRange(10, 40).Draw(t, "steps") {
			h.step()
		}
		p := of(h.events(rapid.SampledFrom([]string{"dyte", "realtimekit"}).Draw(t, "provider")))
		for meeting, r := range h.rooms {
			want := slices.Sorted(maps.Keys(r.in))
			if got := ids(p, meeting); !slices.Equal(got, want) {
				t.Errorf("%s: %v, want %v", meeting, got, want)
			}
		}
	})
}

// anyEvent is an event of any provider about few people, with few times, in few sessions, whether or not that makes sense.
func anyEvent(t *rapid.T) schemas.Event {
	at := func(label string) time.Time {
		return began.Add(time.Duration(rapid.IntRange(0, 5).Draw(t, label)) * time.Minute)
	}
	session := rapid.SampledFrom([]string{"s-1", "s-1", "s-2", ""}).Draw(t, "session")
	who := rapid.SampledFrom([]string{"p-1", "p-1", "p-1", "p-2", ""}).Draw(t, "who")
	name := rapid.SampledFrom([]string{"participantJoined", "participantJoined", "participantLeft", "participantLeft", "ended"}).Draw(t, "event")
	if rapid.Bool().Draw(t, "says no times") {
		kind := map[string]string{"participantJoined": "participant-joined", "participantLeft": "participant-left", "ended": "session-ended"}[name]
		body := fmt.Sprintf(`{"webhookType":%q,"data":{"meetingId":"m-1","sessionId":%q,"participantId":%q}}`, kind, session, who)
		return recipetest.Event(t, "videosdk", body, at("arrived"))
	}
	var joined, left time.Time
	if rapid.Bool().Draw(t, "says when it began") {
		joined = at("joined")
	}
	if rapid.Bool().Draw(t, "says when it ended") {
		left = at("left")
	}
	h := &history{t: t, now: at("now")}
	h.webhook("meeting."+name, "m-1", session, participant(who, joined, left))
	return recipetest.Event(t, "dyte", h.bodies[0], at("arrived"))
}

// The same events in any order, any of them again, give the same answer, for any provider and even where they contradict each
// other.
func TestOrderAndRepetitionSayNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events := rapid.SliceOfN(rapid.Custom(anyEvent), 4, 16).Draw(t, "events")
		again := rapid.Permutation(append(rapid.SliceOf(rapid.SampledFrom(events)).Draw(t, "again"), events...)).Draw(t, "order")
		a, b := of(events), of(again)
		for _, meeting := range []string{"m-1", ""} {
			if x, y := a.In(meeting), b.In(meeting); !slices.EqualFunc(x, y, func(x, y schemas.Event) bool { return x.ID == y.ID }) {
				t.Errorf("%s: %v, and in another order %v", meeting, ids(a, meeting), ids(b, meeting))
			}
		}
	})
}

// Two providers may give the same ids to what has nothing to do with each other.
func TestSources(t *testing.T) {
	here := recipetest.Event(t, "dyte", joined("s-1", "ada", 1), began)
	there := recipetest.Event(t, "realtimekit", ended("s-1", 5), began)
	if got := ids(of([]schemas.Event{here, there}), "m"); !slices.Equal(got, []string{"ada"}) {
		t.Errorf("in are %v, want ada", got)
	}
}

// Somebody without an id cannot be told from anybody else, and never leaves: nobody is shown.
func TestWithoutID(t *testing.T) {
	e := recipetest.Event(t, "dyte", `{"event":"meeting.participantJoined","meeting":{"id":"m","sessionId":"s-1"},"participant":{}}`, began)
	if got := of([]schemas.Event{e}).In("m"); len(got) > 0 {
		t.Errorf("in are %v, want nobody", got)
	}
}

// A leave that is said to have been before the join that it names has ended nothing after it.
func TestLeaveBeforeItsOwnJoin(t *testing.T) {
	events := []schemas.Event{
		recipetest.Event(t, "dyte", joined("s-1", "ada", 5), began),
		recipetest.Event(t, "dyte", left("s-1", "ada", 5, 4), began),
	}
	if got := ids(of(events), "m"); !slices.Equal(got, []string{"ada"}) {
		t.Errorf("in are %v, want ada", got)
	}
}
