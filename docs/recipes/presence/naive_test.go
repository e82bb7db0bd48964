package main

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/meetbus/meetbus/docs/recipes/recipetest"
	"github.com/meetbus/meetbus/schemas"
)

// counter is presence as it is often written: one more, one less, none.
type counter map[string]int

func (c counter) Apply(e schemas.Event) {
	switch e.Type {
	case schemas.TypeParticipantJoined:
		c[e.MeetingID]++
	case schemas.TypeParticipantLeft:
		c[e.MeetingID]--
	case schemas.TypeMeetingEnded:
		c[e.MeetingID] = 0
	}
}

// set is the second attempt: who is in is put in, and taken out.
type set map[string]bool

func (s set) Apply(e schemas.Event) {
	switch e.Type {
	case schemas.TypeParticipantJoined:
		s[e.ParticipantID] = true
	case schemas.TypeParticipantLeft:
		delete(s, e.ParticipantID)
	case schemas.TypeMeetingEnded:
		clear(s)
	}
}

// at is a time on the day of these tests, minutes after it began.
func at(minute int) string {
	return began.Add(time.Duration(minute) * time.Minute).Format(milliseconds)
}

func joined(session, peer string, minute int) string {
	return fmt.Sprintf(`{"event":"meeting.participantJoined","meeting":{"id":"m","sessionId":%q},"participant":{"peerId":%q,"joinedAt":%q}}`,
		session, peer, at(minute))
}

func left(session, peer string, since, minute int) string {
	return fmt.Sprintf(`{"event":"meeting.participantLeft","meeting":{"id":"m","sessionId":%q},"participant":{"peerId":%q,"joinedAt":%q,"leftAt":%q}}`,
		session, peer, at(since), at(minute))
}

func ended(session string, minute int) string {
	return fmt.Sprintf(`{"event":"meeting.ended","meeting":{"id":"m","sessionId":%q,"endedAt":%q}}`, session, at(minute))
}

// Each of these is what providers do send, in an order in which it does arrive. The counter or the set is wrong about it, and the
// recipe is right.
func TestNaive(t *testing.T) {
	for name, c := range map[string]struct {
		webhooks []string
		in       []string
		counter  int
		set      int
	}{
		"a retry of a join": {
			webhooks: []string{joined("s-1", "ada", 1), joined("s-1", "ada", 1)},
			in:       []string{"ada"}, counter: 2, set: 1,
		},
		"a retry of a leave": {
			webhooks: []string{joined("s-1", "ada", 1), joined("s-1", "bo", 2), left("s-1", "bo", 2, 3), left("s-1", "bo", 2, 3)},
			in:       []string{"ada"}, counter: 0, set: 1,
		},
		"a leave before its join": {
			webhooks: []string{left("s-1", "ada", 1, 2), joined("s-1", "ada", 1)},
			in:       nil, counter: 0, set: 1,
		},
		"a dead connection, noticed after the rejoin": {
			webhooks: []string{joined("s-1", "ada", 1), joined("s-1", "ada", 5), left("s-1", "ada", 1, 6)},
			in:       []string{"ada"}, counter: 1, set: 0,
		},
		"a leave of before the rejoin, late": {
			webhooks: []string{joined("s-1", "ada", 1), joined("s-1", "ada", 5), left("s-1", "ada", 1, 4)},
			in:       []string{"ada"}, counter: 1, set: 0,
		},
		"the end of an earlier session, late": {
			webhooks: []string{joined("s-1", "ada", 1), joined("s-2", "bo", 9), ended("s-1", 5)},
			in:       []string{"bo"}, counter: 0, set: 0,
		},
		"a leave after the end": {
			webhooks: []string{joined("s-1", "ada", 1), ended("s-1", 5), joined("s-2", "bo", 9), left("s-1", "ada", 1, 5)},
			in:       []string{"bo"}, counter: 0, set: 1,
		},
		"all of it, replayed": {
			webhooks: []string{joined("s-1", "ada", 1), joined("s-1", "bo", 2), left("s-1", "bo", 2, 3),
				joined("s-1", "ada", 1), joined("s-1", "bo", 2), left("s-1", "bo", 2, 3)},
			in: []string{"ada"}, counter: 2, set: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			p, naive, second := New(), counter{}, set{}
			for _, body := range c.webhooks {
				e := recipetest.Event(t, "dyte", body, began.Add(time.Hour))
				p.Apply(e)
				naive.Apply(e)
				second.Apply(e)
			}
			if got := ids(p, "m"); !slices.Equal(got, c.in) {
				t.Errorf("in are %v, want %v", got, c.in)
			}
			if naive["m"] != c.counter || len(second) != c.set {
				t.Errorf("the counter says %d and the set %d, want %d and %d", naive["m"], len(second), c.counter, c.set)
			}
			if naive["m"] == len(c.in) && len(second) == len(c.in) {
				t.Error("the counter and the set are both right: this shows nothing")
			}
		})
	}
}
