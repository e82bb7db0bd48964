package bus

import (
	"errors"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// The answers are those of nats-server 2.15, as it writes them.
func TestReplies(t *testing.T) {
	api := func(code jetstream.ErrorCode) error { return &jetstream.APIError{ErrorCode: code} }
	ack := jetstream.PubAck{Stream: "S", Sequence: 7}
	for _, c := range []struct {
		name, data string
		status     string
		want       reply
	}{
		{name: "stored", data: `{"stream":"S", "seq":7}`, want: reply{ack: ack}},
		{name: "stored, in a domain", data: `{"stream":"S", "domain":"hub", "seq":7}`, want: reply{ack: ack}},
		{name: "duplicate", data: `{"stream":"S", "seq":7,"duplicate": true}`,
			want: reply{ack: jetstream.PubAck{Stream: "S", Sequence: 7, Duplicate: true}}},
		{name: "batch, or end of a flow", data: `{"stream":"S", "seq":7,"batch":"x","count":12}`, want: reply{ack: ack, batch: 12}},
		{name: "end of a flow that has stored nothing", data: `{"stream":"S", "seq":0,"batch":"x","count":12}`,
			want: reply{ack: jetstream.PubAck{Stream: "S"}, batch: 12}},
		{name: "largest sequence", data: `{"stream":"S", "seq":18446744073709551615}`,
			want: reply{ack: jetstream.PubAck{Stream: "S", Sequence: 1<<64 - 1}}},
		{name: "counter", data: `{"stream":"S", "seq":7,"val":"3"}`, want: reply{ack: ack}},
		{name: "flow begins", data: `{"type":"ack","seq":0,"msgs":500}`, want: reply{progress: true}},
		{name: "flow goes on", data: `{"type":"ack","seq":500,"msgs":500}`, want: reply{progress: true}},
		{name: "gap in a flow", data: `{"type":"gap","last_seq":5,"seq":6}`, want: reply{progress: true}},
		{name: "one of a flow not stored", data: `{"type":"err","seq":5,"error":{"code":503,"err_code":10077,"description":"maximum messages exceeded"}}`,
			want: reply{progress: true, err: api(codeNotStored)}},
		{name: "not stored", data: `{"error":{"code":503,"err_code":10077,"description":"maximum messages exceeded"},"stream":"S","seq":0}`,
			want: reply{err: api(codeNotStored)}},
		{name: "flows are off", data: `{"error":{"code":400,"err_code":10205,"description":"batch publish is disabled"},"stream":"S","seq":0}`,
			want: reply{err: api(codeFlowDisabled)}},
		{name: "nobody there", status: "503", want: reply{err: jetstream.ErrNoStreamResponse}},
		{name: "another status", status: "408", want: reply{err: jetstream.ErrInvalidJSAck}},
		{name: "a status, and an answer", status: "503", data: `{"stream":"S", "seq":7}`, want: reply{ack: ack}},
		{name: "nothing", want: reply{err: jetstream.ErrInvalidJSAck}},
		{name: "no JSON", data: "+OK", want: reply{err: jetstream.ErrInvalidJSAck}},
		{name: "cut off", data: `{"stream":"S", "seq":7`, want: reply{err: jetstream.ErrInvalidJSAck}},
		{name: "two", data: `{"stream":"S", "seq":7}{"stream":"S", "seq":8}`, want: reply{err: jetstream.ErrInvalidJSAck}},
		{name: "negative", data: `{"stream":"S", "seq":-7}`, want: reply{err: jetstream.ErrInvalidJSAck}},
		{name: "a word for a number", data: `{"stream":"S", "seq":"7"}`, want: reply{err: jetstream.ErrInvalidJSAck}},
		{name: "an array", data: `[]`, want: reply{err: jetstream.ErrInvalidJSAck}},
		{name: "null", data: `null`, want: reply{err: jetstream.ErrInvalidJSAck}},
		{name: "no stream", data: `{"seq":7}`, want: reply{err: jetstream.ErrInvalidJSAck}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := &nats.Msg{Data: []byte(c.data)}
			if c.status != "" {
				m.Header = nats.Header{"Status": {c.status}}
			}
			got := replyOf(m)
			if !sameError(got.err, c.want.err) {
				t.Errorf("error %v, want %v", got.err, c.want.err)
			}
			if got.err = c.want.err; got != c.want {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
}

// sameError compares errors of the API by their codes.
func sameError(got, want error) bool {
	var g, w *jetstream.APIError
	if errors.As(got, &g) && errors.As(want, &w) {
		return g.ErrorCode == w.ErrorCode
	}
	return errors.Is(got, want)
}
