package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/meetbus/meetbus/docs/recipes/recipetest"
	"github.com/meetbus/meetbus/schemas"
)

// history is what happens in two meetings at a provider that says when, as Dyte and RealtimeKit do, and the webhooks of it.
type history struct {
	t *rapid.T
	// unnamed are sessions in webhooks of 2022.
	unnamed  bool
	now      time.Time
	bodies   []string
	sessions int
	peers    int
	rooms    map[string]*room
}

// room is the truth: the session that is going on, and when each connection of it joined.
type room struct {
	session string
	in      map[string]time.Time
	left    []string // peers of the session that may come back
	dead    []dead
}

// dead is a connection that the provider will take for dead only later.
type dead struct {
	session, peer string
	joined        time.Time
}

func newHistory(t *rapid.T) *history {
	rooms := map[string]*room{"m-1": {in: map[string]time.Time{}}, "m-2": {in: map[string]time.Time{}}}
	return &history{t: t, unnamed: rapid.Bool().Draw(t, "sessions are not named"), now: began, rooms: rooms}
}

var began = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

// pass lets some time pass, at least a millisecond: no provider says it more exactly.
func (h *history) pass() {
	h.now = h.now.Add(time.Duration(rapid.IntRange(1, 90_000).Draw(h.t, "ms")) * time.Millisecond)
}

const milliseconds = "2006-01-02T15:04:05.000Z"

type fields map[string]any

func (h *history) webhook(event, meeting, session string, rest fields) {
	about := fields{"id": meeting, "status": "LIVE"}
	if !h.unnamed {
		about["sessionId"] = session
	}
	if event == "meeting.ended" {
		about["endedAt"] = h.now.Format(milliseconds)
	}
	body := fields{"event": event, "meeting": about}
	maps.Copy(body, rest)
	text, err := json.Marshal(body)
	if err != nil {
		h.t.Fatal(err)
	}
	h.bodies = append(h.bodies, string(text))
}

func participant(peer string, joined, left time.Time) fields {
	p := fields{"peerId": peer, "userDisplayName": "Person " + peer}
	if !joined.IsZero() {
		p["joinedAt"] = joined.Format(milliseconds)
	}
	if !left.IsZero() {
		p["leftAt"] = left.Format(milliseconds)
	}
	return fields{"participant": p}
}

func (h *history) draw(meetings ...string) (string, *room) {
	meeting := rapid.SampledFrom(meetings).Draw(h.t, "meeting")
	return meeting, h.rooms[meeting]
}

// join: a new connection, or one that is known to have left and comes back.
func (h *history) join(meeting string, r *room) {
	if r.session == "" {
		h.sessions++
		r.session = fmt.Sprintf("s-%d", h.sessions)
		h.webhook("meeting.started", meeting, r.session, nil)
	}
	h.peers++
	peer := fmt.Sprintf("p-%d", h.peers)
	if len(r.left) > 0 && rapid.Bool().Draw(h.t, "comes back") {
		peer = r.left[0]
		r.left = r.left[1:]
	}
	r.in[peer] = h.now
	h.webhook("meeting.participantJoined", meeting, r.session, participant(peer, h.now, time.Time{}))
}

// leave: the webhook says when, and mostly which join it ends.
func (h *history) leave(meeting string, r *room, peer string) {
	joined := r.in[peer]
	if rapid.Bool().Draw(h.t, "does not name the join") {
		joined = time.Time{}
	}
	delete(r.in, peer)
	r.left = append(r.left, peer)
	h.webhook("meeting.participantLeft", meeting, r.session, participant(peer, joined, h.now))
}

// reconnect: a connection breaks, unseen, and is made again under the same id.
func (h *history) reconnect(meeting string, r *room, peer string) {
	r.dead = append(r.dead, dead{r.session, peer, r.in[peer]})
	r.in[peer] = h.now
	h.webhook("meeting.participantJoined", meeting, r.session, participant(peer, h.now, time.Time{}))
}

// notice: the provider sees that a connection is dead that has long been made again.
func (h *history) notice(meeting string, d dead) {
	h.webhook("meeting.participantLeft", meeting, d.session, participant(d.peer, d.joined, h.now))
}

// end: of those who are in, nobody is said to leave, or all are.
func (h *history) end(meeting string, r *room) {
	if rapid.Bool().Draw(h.t, "leaves are sent") {
		for _, peer := range slices.Sorted(maps.Keys(r.in)) {
			h.leave(meeting, r, peer)
		}
	}
	h.webhook("meeting.ended", meeting, r.session, fields{"reason": "HOST_ENDED_MEETING"})
	*r = room{in: map[string]time.Time{}, dead: r.dead}
}

// step is one thing that happens.
func (h *history) step() {
	h.pass()
	meeting, r := h.draw("m-1", "m-2")
	peers := slices.Sorted(maps.Keys(r.in))
	what := rapid.SampledFrom([]string{"join", "join", "join", "leave", "leave", "reconnect", "notice", "end"}).Draw(h.t, "what")
	switch {
	case what == "notice" && len(r.dead) > 0:
		h.notice(meeting, r.dead[0])
		r.dead = r.dead[1:]
	case what == "end" && r.session != "":
		h.end(meeting, r)
	case what == "leave" && len(peers) > 0:
		h.leave(meeting, r, rapid.SampledFrom(peers).Draw(h.t, "peer"))
	case what == "reconnect" && len(peers) > 0:
		h.reconnect(meeting, r, rapid.SampledFrom(peers).Draw(h.t, "peer"))
	default:
		h.join(meeting, r)
	}
}

// events are what a relay makes of the webhooks when each is sent once or more, in any order.
func (h *history) events(provider string) []schemas.Event {
	var events []schemas.Event
	for _, body := range h.bodies {
		for range rapid.SampledFrom([]int{1, 1, 1, 2, 3}).Draw(h.t, "deliveries") {
			arrived := h.now.Add(time.Duration(rapid.IntRange(0, 3_600_000).Draw(h.t, "late")) * time.Millisecond)
			events = append(events, recipetest.Event(h.t, provider, body, arrived))
		}
	}
	return rapid.Permutation(events).Draw(h.t, "order")
}
