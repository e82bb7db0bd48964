package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// stream is where the relay's events are.
	stream = "MEETBUS"
	// readTimeout is ample for some hundred messages on a loaded machine.
	readTimeout = 20 * time.Second
)

// poison is a message that is no event: somebody else has put it into the stream.
const poison = "{"

// spoil puts the poison into the stream.
func (r *rig) spoil(ctx context.Context) error {
	nc, err := nats.Connect(r.nats)
	if err != nil {
		return err
	}
	defer nc.Close()
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	_, err = nc.RequestWithContext(ctx, "meetbus.unmapped.dyte.poison", []byte(poison))
	return err
}

// message is one as the stream holds it.
type message struct {
	sequence uint64
	header   nats.Header
	data     []byte
}

// messages reads all that the stream holds, but for the poison.
func (r *rig) messages(ctx context.Context) ([]message, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	nc, err := nats.Connect(r.nats)
	if err != nil {
		return nil, err
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, err
	}
	held, err := js.Stream(ctx, stream)
	if err != nil {
		return nil, err
	}
	var all []message
	for sequence := range held.CachedInfo().State.LastSeq {
		m, err := held.GetMsg(ctx, sequence+1)
		if err != nil {
			return nil, fmt.Errorf("message %d: %w", sequence+1, err)
		}
		if string(m.Data) == poison {
			continue
		}
		all = append(all, message{m.Sequence, m.Header, m.Data})
	}
	return all, nil
}

// gist is what a subscriber prints of an event, and when it arrived.
type gist struct {
	Type         string
	Subject      string
	RecordedTime string
	Data         struct{ Participant struct{ Name string } }
}

// gist reads the message with nothing but encoding/json: none of what is on trial.
func (m message) gist() (g gist, err error) {
	if m.header.Get("ce-specversion") == "" {
		err = json.Unmarshal(m.data, &g)
		return g, err
	}
	if err := json.Unmarshal(m.data, &g.Data); err != nil {
		return gist{}, err
	}
	for name, into := range map[string]*string{"ce-type": &g.Type, "ce-subject": &g.Subject, "ce-recordedtime": &g.RecordedTime} {
		if *into, err = url.PathUnescape(m.header.Get(name)); err != nil {
			return gist{}, fmt.Errorf("%s: %w", name, err)
		}
	}
	return g, nil
}

// size is that of the message on the wire, in bytes.
func (m message) size() int { return (&nats.Msg{Header: m.header, Data: m.data}).Size() }
