// Command presence shows who is in which meeting, live, from the events of the stream.
//
//	presence.go  the recipe: what joins, leaves and ends say together
//	order.go     which of two events is the later one, and what a leave can have ended
//	main.go      the program around it: reads the stream from its beginning, and prints what changes
package main

import (
	"cmp"
	"slices"
	"time"

	"github.com/meetbus/meetbus/schemas"
)

// Presence is what events have said of who is where. It keeps the latest of each kind and adds nothing up: the same events in
// another order, or some of them twice, say the same.
type Presence struct {
	joins  map[connection]schemas.Event // the latest join
	leaves map[connection]time.Time     // joins until then are over
	ends   map[session]time.Time        // so is every join of the session until then
}

// session is one period in which a meeting is occupied; the meeting itself where the provider names no session.
type session struct{ source, id string }

// connection is somebody's way into a session.
type connection struct {
	session
	id string
}

// New knows of nobody.
func New() *Presence {
	return &Presence{map[connection]schemas.Event{}, map[connection]time.Time{}, map[session]time.Time{}}
}

// Apply takes an event in. What is no join, leave or end says nothing about presence.
func (p *Presence) Apply(e schemas.Event) {
	s := session{e.Source, cmp.Or(e.SessionID, e.MeetingID)}
	switch d := e.Data.(type) {
	case *schemas.ParticipantJoined:
		if c := (connection{s, idOf(d.Participant)}); c.id != "" && order(e, p.joins[c]) > 0 {
			p.joins[c] = e
		}
	case *schemas.ParticipantLeft:
		c := connection{s, idOf(d.Participant)}
		p.leaves[c] = later(p.leaves[c], endsUntil(e.Time, d.Participant))
	case *schemas.MeetingEnded:
		if p.ends[s] = later(p.ends[s], e.Time); e.SessionID != "" {
			p.ends[s] = forever
		}
	}
}

// In returns the joins of those who are in a meeting now, the earliest first.
func (p *Presence) In(meeting string) (in []schemas.Event) {
	for c, join := range p.joins {
		if join.MeetingID == meeting && join.Time.After(p.leaves[c]) && join.Time.After(p.ends[c.session]) {
			in = append(in, join)
		}
	}
	slices.SortFunc(in, order)
	return in
}

func idOf(p *schemas.Participant) string {
	if p == nil {
		return ""
	}
	return cmp.Or(p.ConnectionID, p.ID)
}
