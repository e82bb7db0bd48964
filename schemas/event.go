package schemas

import "time"

// Event is one thing that happened in a meeting: the attributes of its CloudEvent, and its data. An empty attribute is
// absent.
type Event struct {
	// ID and Source name one event together, for good; a provider's retry of the same event has the same two.
	ID     string
	Source string
	// Type is of the catalogue, or <provider>.<its own name>; without the prefix of Envelope.TypePrefix.
	Type string
	// Subject is the meeting id, else the session id, else the id of what the event is about.
	Subject string
	// Time is when it happened, or, where the provider does not say, when it arrived.
	Time time.Time

	// Provider is dyte, realtimekit or videosdk; ProviderType is its own name of the event.
	Provider, ProviderType string
	// Endpoint is the configured name of the place where the webhook came in; Verified says that its signature was checked.
	Endpoint string
	Verified bool

	MeetingID, SessionID, ParticipantID string
	// Status is set where the type ends in statusUpdate or StatusUpdate.
	Status string

	// DeliveryID and WebhookID are the provider's ids of the delivery and of the registration. No signature covers them.
	DeliveryID, WebhookID string
	// RecordedTime is when the webhook arrived.
	RecordedTime time.Time
	// PartitionKey is equal for all events of one meeting.
	PartitionKey string
	// Digest is the SHA-256 of the webhook's body in lower-case hex.
	Digest string
	// Signature is what was checked, in base64; it is set where subscribers shall be able to check it again.
	Signature string
	// TraceParent and TraceState say which trace the request was part of, as W3C Trace Context has it. No signature covers them.
	TraceParent, TraceState string
	// ReplayOf is the id of the event that this one was made from again; empty for what a provider has sent. It is in a stream of
	// its own, and its id is a new one.
	ReplayOf string

	Data Data
}

// MessageID names the event to a stream, which recognises by it what it has stored already: the value of Nats-Msg-Id, for good. A dead
// letter may have that of the event that it stands for.
func (e *Event) MessageID() string { return e.Source + "#" + e.ID }
