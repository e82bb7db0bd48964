package bus

import (
	"errors"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
)

const (
	// flowMin is the smallest flow: it has two acknowledgements and a greeting, however many messages, and what comes meanwhile waits for
	// its end, which is dear where the disk is synced for each.
	flowMin = 12
	// flowPause is how long no flow is sent after somebody else has published to the stream, or one was not answered.
	flowPause = time.Minute
	// codeFlowDisabled says that the stream takes no flows (nats-server, errors.json).
	codeFlowDisabled jetstream.ErrorCode = 10205
)

// flow is a fast batch on its way (NATS ADR-50, fast ingest): each message is stored for itself, and one acknowledgement says where
// the last is, and how many were stored or known. A duplicate is left out without a word, so the first message is sent before the flow,
// with an acknowledgement of its own: if as many sequences lie between the two as there are messages, each of them is in its place.
// One thing does not show: a duplicate in it, and in the same moment just as many messages of somebody else. All is stored then, too, but
// some acknowledgements are off by one. It can be in one flow a minute: where somebody else was noticed, none is sent for that long.
type flow struct {
	begin, end chan reply
	// from is the first sequence that it can have, as far as is known when it is sent.
	from uint64
}

// hear takes the last answer. An error before it means that not all is stored, which shows in the sequences, too.
func (f *flow) hear(l *line, a reply) (last bool) {
	if a.progress {
		return false
	}
	l.note(a.ack)
	f.end <- a
	return true
}

// first is the flight before a flow. It is answered for itself, whatever becomes of the flow. When its stream does,
// it has answered all that was sent before, and nothing of what was sent later: what is stored from there on is not older than the flow.
type first struct {
	*flow
	flight *flight
}

func (f *first) hear(l *line, a reply) (last bool) {
	l.answered.Add(1)
	l.note(a.ack)
	l.settle(f.flight, a)
	switch {
	case a.err != nil: // perhaps another stream's, which answers sooner or later
		a.from = f.from
	case a.ack.Duplicate:
		a.from = l.reached(a.ack.Stream) + 1
	default:
		a.from = a.ack.Sequence
	}
	f.begin <- a
	return true
}

// sendFlow sends what it can of a group as a flow, and the rest one by one. So is all of a flow of which it is not clear what is stored:
// then the stream knows the ids, and says for each where it is.
func (l *line) sendFlow(group []*flight) {
	f := &flow{begin: make(chan reply, 1), end: make(chan reply, 1), from: l.reached(group[0].m.Stream) + 1}
	s, tokens := l.writeFlow(f, group)
	l.sendEach(s.rest)
	if len(tokens) > 0 {
		s.members = l.settleFlow(f, s.members)
	}
	for _, token := range tokens {
		l.heard(token)
	}
	l.sendEach(s.members)
	l.sendEach(s.again)
}

// settleFlow waits for the answers to a flow, settles its members if all of them are in their places, and returns those of which it is
// not clear.
func (l *line) settleFlow(f *flow, members []*flight) (unclear []*flight) {
	begin, heard := l.watch(members, f.begin)
	if !heard {
		l.growth.pauses(time.Now())
		resent(members, f.from)
		return members
	}
	members = members[1:]
	end, heard := l.watch(members, f.end)
	switch {
	case !heard || disabled(end.err):
		l.growth.pauses(time.Now())
	case begin.err == nil && !begin.ack.Duplicate && end.err == nil && end.batch == len(members) &&
		l.growth.covers(time.Now(), begin.ack.Sequence, end.ack.Sequence, 1+len(members)):
		l.settleRun(members, end)
		return nil
	}
	resent(members, begin.from)
	return members
}

// disabled says whether a stream takes no flows any more.
func disabled(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && api.ErrorCode == codeFlowDisabled
}

// writeFlow writes what it can of a group: the first with its own acknowledgement, and the others as one flow. The tokens are those of
// the answers; none if there is no flow, or no end of it.
func (l *line) writeFlow(f *flow, group []*flight) (s parts, tokens []uint64) {
	l.sending.Lock()
	defer l.sending.Unlock()
	if s = l.split(group); len(s.members) < flowMin {
		return s, nil
	}
	tokens = []uint64{l.expect(&first{f, s.members[0]}), l.expect(f)}
	prefix := l.replyTo(tokens[1]) + "." + nuid.Next() + "." + strconv.Itoa(groupMax) + ".fail."
	for i, member := range s.members {
		m := member.m.natsMsg()
		if m.Reply = l.replyTo(tokens[0]); i > 0 {
			m.Reply = prefix + strconv.Itoa(i) + "." + flowStep(i, len(s.members)-1) + ".$FI"
		}
		if err := l.c.nc.PublishMsg(m); err != nil {
			for _, token := range tokens {
				l.heard(token)
			}
			resent(s.members, f.from)
			return s, nil
		}
		member.written.Store(true)
	}
	return s, tokens
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
	// paused is since when flows are of no use: somebody else was noticed, or one was not answered.
	paused time.Time
}

func (g *growth) pauses(now time.Time) { g.paused = now }

// isOurs says whether nobody else has been noticed lately. Where others publish, their messages lie between ours.
func (g *growth) isOurs(now time.Time) bool { return now.Sub(g.paused) >= flowPause }

// covers says whether n messages of ours are all there is between two sequences, both included.
func (g *growth) covers(now time.Time, begin, end uint64, n int) bool {
	is := int64(end) - int64(begin) + 1
	if is > int64(n) {
		g.pauses(now)
	}
	return is == int64(n)
}
