package replay

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/relay/bus"
	"github.com/meetbus/meetbus/relay/route"
	"github.com/meetbus/meetbus/schemas"
)

// Options of a run.
type Options struct {
	// From is what is read; nothing that comes meanwhile is.
	From bus.ReadOptions
	// Type is that of the events that are wanted.
	Type route.Glob
	// Bus has Stream, which takes the replays, each on Prefix and its subject of today.
	Bus            *bus.Bus
	Stream, Prefix string
	// Envelope says how events are written.
	Envelope schemas.Envelope
	// Again says what a webhook that was stored is today, and where that belongs, or why it is no event: relay.Relay.Again.
	Again func(stored *schemas.Event, h http.Header, body []byte) (*normalize.Event, route.Decision, error)
	// Progress is called now and then.
	Progress func(Report)
}

// Report says what became of the events that were read: each was published, skipped or has failed.
type Report struct {
	Read, Published int
	// Skipped and Failed are counted by the reason. What was skipped can be no replay; what has failed the stream did not take.
	Skipped, Failed map[string]int
	// Through is when the last of them was stored.
	Through time.Time
}

// Count is how many there are for all reasons.
func Count(reasons map[string]int) int {
	sum := 0
	for _, n := range reasons {
		sum += n
	}
	return sum
}

// Run reads events and publishes their replays, those of one meeting in their order. The report is true whatever the error: the context's, or one of
// package bus.
func Run(ctx context.Context, o Options) (Report, error) {
	o.From.Follow = false
	r := &run{Options: o, report: Report{Skipped: map[string]int{}, Failed: map[string]int{}}}
	err := bus.Read(ctx, o.From, func(m bus.Stored) error { return r.take(ctx, m) })
	// What was read before an interruption is still sent, so that the report says where to go on.
	if lost := r.flush(ctx); err == nil {
		err = lost
	}
	return r.report, err
}

type run struct {
	Options
	report Report
	// waiting are messages to be sent, of so many bytes together.
	waiting []bus.Message
	bytes   int64
}

// take makes a replay of one message.
func (r *run) take(ctx context.Context, m bus.Stored) error {
	e, err := schemas.Decode(m.Header, m.Data)
	if err == nil && !r.Type.Matches(e.Type) {
		return nil
	}
	r.report.Read, r.report.Through = r.report.Read+1, m.Time
	switch replay, why := r.replay(&e); {
	case err != nil:
		r.report.skip("no event that this version can read")
	case why != "":
		r.report.skip(why)
	default:
		return r.queue(ctx, replay)
	}
	return nil
}

// queue sends when enough are waiting.
func (r *run) queue(ctx context.Context, m bus.Message) error {
	r.waiting = append(r.waiting, m)
	r.bytes += m.Size()
	if len(r.waiting) < bus.ForwardMax && r.bytes < bus.ForwardBytes {
		return nil
	}
	return r.flush(ctx)
}

// replay returns the message that an event is today, or why there is none.
func (r *run) replay(stored *schemas.Event) (m bus.Message, why string) {
	if stored.Data == nil || stored.Data.Shared().Original == "" {
		return m, "without original"
	}
	e, belongs, err := r.Again(stored, nil, []byte(stored.Data.Shared().Original))
	switch {
	case err != nil:
		return m, coarse(err)
	case belongs.Drop:
		return m, fmt.Sprintf("dropped by subjects.rules[%d]", belongs.Rule)
	}
	e.ReplayOf = stored.ID
	header, data, err := r.Envelope.Seal(&e.Event)
	if err != nil {
		return m, err.Error()
	}
	return bus.Message{
		Stream: r.Stream, Subject: r.Prefix + "." + belongs.Subject, ID: e.MessageID(), Key: e.PartitionKey, Header: header, Data: data,
	}, ""
}

// coarse is an error without what differs from one body to the next.
func coarse(err error) string {
	for _, kind := range []error{normalize.ErrNotUTF8, normalize.ErrNotJSON, normalize.ErrNoEvent} {
		if errors.Is(err, kind) {
			return kind.Error()
		}
	}
	return err.Error()
}

func (r *Report) skip(why string) { add(r.Skipped, why) }

// reasonsMost is how many reasons are told apart.
const reasonsMost = 20

func add(reasons map[string]int, why string) {
	why = strings.ToValidUTF8(why, "\uFFFD")
	if _, known := reasons[why]; !known && len(reasons) == reasonsMost {
		why = "other reasons"
	}
	reasons[why]++
}
