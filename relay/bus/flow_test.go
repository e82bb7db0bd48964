package bus

import (
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// TestFlowIsBelievedOnlyIfWhole gives the answers to a flow of one message and seven more, the first of them at 100. Nine may be its
// sequence at the earliest, by what was known before.
func TestFlowIsBelievedOnlyIfWhole(t *testing.T) {
	at := func(sequence uint64) reply { return reply{ack: jetstream.PubAck{Stream: "S", Sequence: sequence}} }
	end := func(sequence uint64, count int) reply {
		a := at(sequence)
		a.batch = count
		return a
	}
	known := at(5)
	known.ack.Duplicate = true
	refused := reply{err: &jetstream.APIError{ErrorCode: codeMessageTooLarge}}
	off := reply{err: &jetstream.APIError{ErrorCode: codeFlowDisabled}}
	for _, c := range []struct {
		name       string
		begin, end reply
		settled    bool
		// from is where what is not settled can have been stored with the flow.
		from   uint64
		paused bool
	}{
		{"whole", at(100), end(107, 7), true, 0, false},
		{"one known", at(100), end(106, 7), false, 100, false},
		{"all known", at(100), end(0, 7), false, 100, false},
		{"somebody else's between them", at(100), end(108, 7), false, 100, true},
		{"one refused, somebody else's in its place", at(100), end(107, 6), false, 100, false},
		{"cut short", at(100), end(103, 3), false, 100, false},
		{"first known", known, end(107, 7), false, 9, false},
		{"first refused", refused, end(106, 7), false, 9, false},
		{"flow refused", at(100), refused, false, 100, false},
		{"flows are off", at(100), off, false, 100, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := &line{highest: map[string]uint64{"S": 8}, ends: make(chan struct{}, 1), expected: map[uint64]hearer{}}
			var members []*flight
			for range 8 {
				members = append(members, newFlight(&Message{Stream: "S"}))
			}
			f := &flow{begin: make(chan reply, 1), end: make(chan reply, 1), from: 9}
			(&first{f, members[0]}).hear(l, c.begin)
			f.hear(l, reply{progress: true})
			f.hear(l, c.end)
			unclear := l.settleFlow(f, members)
			if settled := len(unclear) == 0; settled != c.settled {
				t.Errorf("settled is %t", settled)
			}
			for i, m := range members[1:] {
				if m.over.Load() != c.settled || m.from != c.from {
					t.Errorf("message %d: over is %t, from %d, want %t, %d", i+1, m.over.Load(), m.from, c.settled, c.from)
				}
				if c.settled {
					if a := <-m.answer; a.ack != at(101+uint64(i)).ack || a.err != nil {
						t.Errorf("message %d: %+v", i+1, a)
					}
				}
			}
			if a := <-members[0].answer; a.ack != c.begin.ack || a.err != c.begin.err {
				t.Errorf("first: %+v, want %+v", a, c.begin)
			}
			if paused := !l.growth.isOurs(time.Now()); paused != c.paused {
				t.Errorf("paused is %t", paused)
			}
		})
	}
}
