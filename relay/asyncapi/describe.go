package asyncapi

import (
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/meetbus/meetbus/relay/route"
	"github.com/meetbus/meetbus/schemas"
)

// Description is a configuration as far as it concerns subscribers. It holds no secret.
type Description struct {
	// Servers are those of the bus; there is at least one.
	Servers []Server
	Stream  Stream
	// DeadLetters is the name of the stream of dead letters; empty if subscribers cannot read it.
	DeadLetters string
	// Table knows the subjects, Envelope how events are written.
	Table    *route.Table
	Envelope schemas.Envelope
	// Signature says that events carry the signature that was checked.
	Signature bool
	Endpoints []Endpoint
}

// Server is where subscribers connect.
type Server struct {
	// Scheme is nats, tls, ws or wss.
	Scheme string
	// Host and port; an empty host is every address of the relay's machine.
	Host, Port string
	// Embedded says that it is the relay's own. Guarded: it asks subscribers for a user and a password.
	Embedded, Guarded bool
}

// Stream is the main stream.
type Stream struct {
	Name string
	// Managed says that the relay keeps it, and the settings below are true of it.
	Managed bool
	// MaxAge is how long it keeps an event; 0 is for ever. DuplicateWindow is how long it recognises one.
	MaxAge, DuplicateWindow time.Duration
	Replicas                int
}

// Endpoint is one place that webhooks come to.
type Endpoint struct {
	Name string
	// Provider is empty where it takes webhooks of all.
	Provider string
	// Source is the CloudEvents source; empty: the provider's.
	Source string
	// Verified says that it checks signatures, NoOriginal that it leaves the provider's payload out of its events, NoDedupe that each
	// delivery is an event of its own.
	Verified, NoOriginal, NoDedupe bool
}

// builder is a document in the making.
type builder struct {
	Description
	document
	// events are the examples, by type.
	events map[string][]*schemas.Event
	// Ruled says that rules put some events elsewhere, or drop them; Dropped, that they drop some.
	Ruled, Dropped bool
}

// Document returns the AsyncAPI document of a configuration, in JSON laid out for people and with a newline at its end.
func Document(d Description) ([]byte, error) {
	b := &builder{Description: d, events: map[string][]*schemas.Event{}}
	destinations := b.destinations()
	if err := b.addMessages(destinations); err != nil {
		return nil, err
	}
	b.addChannels(destinations)
	b.addServers()
	if err := b.addInfo(); err != nil {
		return nil, err
	}
	text, err := json.Marshal(b.document, jsontext.WithIndent("  "))
	return append(text, '\n'), err
}
