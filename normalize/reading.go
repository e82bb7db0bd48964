package normalize

import (
	"fmt"

	"github.com/meetbus/meetbus/schemas"
)

// reading is what a provider's file makes of a body: the provider's words are gone, ours are there.
type reading struct {
	// event is the provider's own name of the event; kind is the type of the catalogue, or empty if it has none for it.
	event, kind string
	// data says what happened; meeting is the part of it that all events have, and becomes part of it last.
	data    schemas.Data
	meeting schemas.Meeting
	// status is the status word, as it was written or as the name of the event says it.
	status string
	// occurred is when it happened, exactly as the body writes it, even if that is no possible time.
	occurred string
	// organization is the id of the customer of the provider that the body names.
	organization string
}

// row maps one event of a provider to one type of ours.
type row struct {
	event, kind string
	// status is the status word that the name of the event says.
	status string
	// fill reads the rest of the event's object into r.
	fill func(o object, r *reading)
}

// table is all events of a provider that have a type of ours, in the order of the catalogue.
type table []row

// read returns what o says of the event named. An event that is not in the table keeps its meeting and nothing else.
func (t table) read(event string, o object, meeting schemas.Meeting) *reading {
	r := &reading{event: event, meeting: meeting}
	if at, found := t.find(event); found {
		r.kind, r.status = t[at].kind, t[at].status
		t[at].fill(o, r)
	} else {
		r.data = new(schemas.Unmapped)
	}
	if r.meeting != (schemas.Meeting{}) {
		r.data.Shared().Meeting = &r.meeting
	}
	return r
}

func (t table) find(event string) (at int, found bool) {
	for i := range t {
		if t[i].event == event {
			return i, true
		}
	}
	return 0, false
}

// unnamed is the error for a body whose event's name is not in the field where it should be.
func unnamed(field string) error {
	return fmt.Errorf("%w: the field %q is missing, empty or no string", ErrNoEvent, field)
}
