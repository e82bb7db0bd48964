package bus

import (
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// noResponders is the status of an answer that no stream has given: none holds the subject, or it has no leader.
const noResponders = "503"

// replyOf reads what the server said of a message or a batch.
func replyOf(m *nats.Msg) reply {
	if len(m.Data) == 0 && m.Header.Get("Status") == noResponders {
		return reply{err: jetstream.ErrNoStreamResponse}
	}
	var said struct {
		Stream    string              `json:"stream"`
		Sequence  uint64              `json:"seq"`
		Duplicate bool                `json:"duplicate"`
		Count     int                 `json:"count"`
		Error     *jetstream.APIError `json:"error"`
		// Type is set in what is said of a flow before its end.
		Type string `json:"type"`
	}
	switch err := json.Unmarshal(m.Data, &said); {
	case err != nil:
		return reply{err: fmt.Errorf("%w: %w", jetstream.ErrInvalidJSAck, err)}
	case said.Error != nil:
		return reply{err: said.Error, progress: said.Type != ""}
	case said.Type != "":
		return reply{progress: true}
	case said.Stream == "":
		return reply{err: jetstream.ErrInvalidJSAck}
	}
	return reply{ack: jetstream.PubAck{Stream: said.Stream, Sequence: said.Sequence, Duplicate: said.Duplicate}, batch: said.Count}
}
