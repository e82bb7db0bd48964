package bus

import (
	"strconv"
	"time"

	"github.com/nats-io/nuid"
)

const (
	// flowMin is the smallest flow: it has two acknowledgements and a greeting, however many messages.
	flowMin = 6
	// foreignPause is how long no flow is sent after somebody else has published to the stream.
	foreignPause = time.Minute
)

// flow is a fast batch on its way (NATS ADR-50, fast ingest): each message is stored for itself, and one acknowledgement says where
// the last is. A duplicate is left out without a word, so the first message is sent before the flow, with an acknowledgement of its
// own: if as many sequences lie between the two as there are messages, each of them is in its place.
type flow struct{ answer chan reply }

// hear takes the last answer. An error before it means that not all is stored, which shows in the sequences, too.
func (f *flow) hear(_ *line, a reply) (last bool) {
	if a.progress {
		return false
	}
	f.answer <- a
	return true
}

// sendFlow sends what it can of a group as a flow, and the rest one by one. So is all of a flow of which it is not clear what is stored:
// then the stream knows the ids, and says for each where it is.
func (l *line) sendFlow(group []*flight) {
	members, rest := l.split(group)
	if len(members) < flowMin {
		l.sendEach(group)
		return
	}
	before := l.highest.Load()
	first, others := &flow{answer: make(chan reply, 1)}, &flow{answer: make(chan reply, 1)}
	tokens, err := l.writeFlow(first, others, members)
	l.sendEach(rest)
	if err == nil {
		begin, ok := l.hearFlow(first, members)
		end, also := l.hearFlow(others, members)
		if ok && also && l.growth.covers(begin.ack.Sequence, end.ack.Sequence, len(members)) && !begin.ack.Duplicate {
			end.batch = 0
			l.settleRun(members, end)
			return
		}
	}
	for _, token := range tokens {
		l.heard(token)
	}
	for _, f := range members {
		f.after = before
	}
	l.sendEach(members)
}

// hearFlow waits for an answer until all members are over.
func (l *line) hearFlow(f *flow, members []*flight) (a reply, ok bool) {
	l.watch(members, func(ends <-chan struct{}) bool {
		select {
		case a = <-f.answer:
			ok = a.err == nil
			return true
		case <-ends:
			return false
		}
	})
	return a, ok
}

// writeFlow writes the first of the messages with its own acknowledgement, and the others as one flow.
func (l *line) writeFlow(first, others hearer, members []*flight) (tokens []uint64, err error) {
	l.sending.Lock()
	defer l.sending.Unlock()
	tokens = []uint64{l.expect(first), l.expect(others)}
	id := l.replyTo(tokens[1]) + "." + nuid.Next() + "." + strconv.Itoa(groupMax) + ".fail."
	for i, f := range members {
		f.sent = true
		m := f.m.natsMsg()
		if m.Reply = l.replyTo(tokens[0]); i > 0 {
			m.Reply = id + strconv.Itoa(i) + "." + flowStep(i, len(members)-1) + ".$FI"
		}
		if err := l.c.nc.PublishMsg(m); err != nil {
			return tokens, err
		}
	}
	return tokens, nil
}

// flowStep is the operation of the message at a place, from 1, in a flow of so many: it starts, goes on or ends.
func flowStep(place, of int) string {
	switch place {
	case of:
		return "2"
	case 1:
		return "0"
	}
	return "1"
}

// growth is what the sequences say of a stream: whether anybody else publishes to it, as another relay does.
type growth struct {
	// foreign is when somebody else was noticed.
	foreign time.Time
}

// isOurs says whether nobody else has been noticed lately. Where others publish, their messages lie between ours.
func (g *growth) isOurs(now time.Time) bool { return now.Sub(g.foreign) >= foreignPause }

// covers says whether n messages of ours are all there is between two sequences, both included.
func (g *growth) covers(begin, end uint64, n int) bool {
	is := int64(end) - int64(begin) + 1
	if is > int64(n) {
		g.foreign = time.Now()
	}
	return is == int64(n)
}
