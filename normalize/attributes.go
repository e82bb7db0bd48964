package normalize

import (
	"cmp"
	"strings"
	"unicode/utf8"

	"github.com/meetbus/meetbus/schemas"
)

// attributes returns the event with what is known of every webhook, whatever its body says.
func (w *Webhook) attributes() schemas.Event {
	traceParent, traceState := TraceOf(w.Header)
	return schemas.Event{
		Source:       cmp.Or(w.Source, w.Provider.Source),
		Time:         w.Received.UTC(),
		Provider:     w.Provider.Name,
		Endpoint:     w.Endpoint,
		Verified:     w.Verified,
		DeliveryID:   attribute(sole(w.Header, w.Provider.Headers.Delivery)),
		WebhookID:    attribute(sole(w.Header, w.Provider.Headers.Registration)),
		RecordedTime: w.Received.UTC(),
		Digest:       w.digest(),
		Signature:    w.Signature,
		TraceParent:  traceParent,
		TraceState:   traceState,
	}
}

// describe sets the attributes and the data that r has.
func describe(e *schemas.Event, r *reading) {
	e.Data = r.data
	e.Type = r.kind
	e.ProviderType = attribute(r.event)
	if e.Type == "" {
		e.Type = e.Provider + "." + attribute(r.event)
	}
	if schemas.HasStatus(r.kind) {
		e.Status = attribute(r.status)
	}
	occurred, _ := rfc3339(r.occurred)
	if t, possible := instant(occurred); possible {
		e.Time = t
	}
	e.MeetingID, e.SessionID = attribute(r.meeting.ID), attribute(r.meeting.SessionID)
	e.ParticipantID = attribute(participant(r.data))
	e.Subject = cmp.Or(e.MeetingID, e.SessionID, attribute(topic(r.data)))
	e.PartitionKey = e.Subject
}

// participant returns the id of the participant whom data names.
func participant(data schemas.Data) string {
	var p *schemas.Participant
	switch d := data.(type) {
	case *schemas.ParticipantJoined:
		p = d.Participant
	case *schemas.ParticipantLeft:
		p = d.Participant
	case *schemas.ParticipantRecordingUpdate:
		p = d.Participant
	}
	if p == nil {
		return ""
	}
	return p.ID
}

// topic returns the id of what data is about, beside the meeting.
func topic(data schemas.Data) string {
	switch d := data.(type) {
	case *schemas.RecordingUpdate:
		return identifier(d.Recording, func(r *schemas.Recording) string { return r.ID })
	case *schemas.ParticipantRecordingUpdate:
		return identifier(d.Recording, func(r *schemas.Recording) string { return r.ID })
	case *schemas.LivestreamUpdate:
		return identifier(d.Livestream, func(l *schemas.Livestream) string { return l.ID })
	case *schemas.ResourceAcquired:
		return identifier(d.Resource, func(r *schemas.Resource) string { return r.ID })
	case *schemas.AgentUpdate:
		return identifier(d.Agent, func(a *schemas.Agent) string { return a.SessionID })
	case *schemas.CallEvent:
		return identifier(d.Call, func(c *schemas.Call) string { return c.ID })
	case *schemas.BatchCallEvent:
		return identifier(d.BatchCall, func(c *schemas.Call) string { return c.ID })
	}
	return ""
}

func identifier[T any](v *T, id func(*T) string) string {
	if v == nil {
		return ""
	}
	return id(v)
}

// attribute returns s as a CloudEvents attribute can hold it: what the format forbids becomes U+FFFD, and a text of blanks
// is no text. The data keeps what was written.
func attribute(s string) string {
	if isPlain(s) {
		return s
	}
	if strings.TrimSpace(s) == "" {
		return ""
	}
	return strings.Map(func(r rune) rune {
		if !schemas.Writable(r) {
			return utf8.RuneError
		}
		return r
	}, s)
}
