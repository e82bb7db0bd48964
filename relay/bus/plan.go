package bus

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/nats-io/nats.go/jetstream"
)

// Finding is what is wrong with a stream, which promise that breaks, and what people can do about it.
type Finding struct {
	// Setting as it is. Breaks may be empty where the setting says it all.
	Setting, Breaks, Mend string
}

// String is the finding in one line.
func (f Finding) String() string {
	if f.Breaks == "" {
		return f.Setting + ": " + f.Mend
	}
	return f.Setting + ": " + f.Breaks + "; " + f.Mend
}

// letRelay ends the cure of what the relay would do if it were let.
const letRelay = ", or let the relay do so (stream.manage: true)"

// planner decides, and asks nobody: what it must know besides the streams is in it.
type planner struct {
	cli cli
	// ours is the embedded server, where nobody else can change a stream.
	ours       bool
	minPayload int64
	// main is the stream of which it is said what all have in common.
	main string
	// wanted are all the streams of ours.
	wanted []Stream
}

func (o Options) planner() planner {
	p := planner{cli: o.Server.cli(), ours: o.Server.InProcess != nil, minPayload: o.MinPayload, wanted: o.Streams}
	if len(o.Streams) > 0 {
		p.main = o.Streams[0].Name
	}
	return p
}

// plan is what would be done about one stream, and what is said about it. With a fault, nothing is done.
type plan struct {
	want Stream
	// have is the stream's configuration to the letter; nil if it is not there.
	have map[string]json.RawMessage
	// subjects are all that it is to hold, if that is a change: add is new, and drop makes way. Of these, left is what it is to hold
	// before any stream is given more, since what one drops another may be about to add; nil if that is no matter.
	subjects, add, drop, left []string
	widen                     []Widening
	faults, warnings          []Finding
}

// says is how a finding is told.
func (p plan) says(f Finding) string { return fmt.Sprintf("stream %s: %s", p.want.Name, f) }

// Widening is a limit of a stream that the relay raises by itself. From and To are written as people do.
type Widening struct {
	Setting, From, To string
	value             any
}

// plan is about a stream that is not there if have is nil. Of the other streams, those that are given are compared.
func (p planner) plan(have *jetstream.StreamConfig, others []jetstream.StreamConfig, want Stream) plan {
	if have == nil {
		return p.missing(others, want)
	}
	out := plan{want: want, faults: p.unsuitable(*have, want)}
	if takesSubjects(*have) {
		p.planSubjects(&out, have.Subjects, others)
	}
	out.warnings, out.widen = p.drift(*have, want)
	return out
}

func (p planner) missing(others []jetstream.StreamConfig, want Stream) plan {
	out := plan{want: want, add: want.Subjects, faults: overlaps(want.Name, want.Subjects, others)}
	out.warnings, _ = p.drift(want.config(), want)
	if !want.Manage {
		mend := "create it with the subjects " + some(want.Subjects)
		if command := p.cli.add(want); command != "" {
			mend = "create it (" + command + ")"
		}
		out.faults = append(out.faults, Finding{Setting: "is not there", Mend: mend + letRelay})
	}
	return out
}

func (p planner) planSubjects(out *plan, have []string, others []jetstream.StreamConfig) {
	left := have
	if p.ours && out.want.Manage {
		left = p.unobstructive(out.want, have)
		if len(left) < len(have) {
			out.left = left
		}
	}
	out.add = uncovered(out.want.Subjects, left)
	if len(out.add) == 0 && len(left) == len(have) {
		return
	}
	kept := uncovered(left, out.add)
	out.drop = slices.DeleteFunc(slices.Clone(have), func(s string) bool { return slices.Contains(kept, s) })
	out.subjects = slices.Concat(kept, out.add)
	out.faults = append(out.faults, overlaps(out.want.Name, out.add, others)...)
	if crossing := p.crossing(out.want, kept, out.add); crossing != nil {
		out.faults = append(out.faults, *crossing)
	} else if !out.want.Manage {
		out.faults = append(out.faults, Finding{
			Setting: "does not hold " + some(out.add),
			Mend:    "add what is missing" + p.cli.inBrackets(out.want.Name, out.subjects) + letRelay,
		})
	}
}

// unobstructive leaves out subjects of a stream that stand in the way of what is wanted now: rules have changed, and on the embedded
// server nobody else can take them away. Messages that are stored under them stay.
func (p planner) unobstructive(want Stream, have []string) []string {
	return slices.DeleteFunc(slices.Clone(have), func(held string) bool {
		h := patternOf(held)
		if slices.ContainsFunc(patternsOf(want.Subjects), h.crosses) {
			return true
		}
		return slices.ContainsFunc(p.wanted, func(other Stream) bool {
			return other.Name != want.Name && slices.ContainsFunc(patternsOf(other.Subjects), h.overlaps)
		})
	})
}

// crossing finds subjects of the stream that cross new ones: the server would refuse, and not say much (error 10052).
func (p planner) crossing(want Stream, kept, add []string) *Finding {
	fresh := patternsOf(add)
	var pair [2]string
	without := slices.DeleteFunc(slices.Clone(kept), func(held string) bool {
		at := slices.IndexFunc(fresh, patternOf(held).crosses)
		if at >= 0 && pair[0] == "" {
			pair = [2]string{held, add[at]}
		}
		return at >= 0
	})
	if pair[0] == "" {
		return nil
	}
	// What the crossing ones covered is missing without them.
	after := widest(slices.Concat(without, want.Subjects))
	more := ""
	if others := len(kept) - len(without) - 1; others > 0 {
		more = fmt.Sprintf(" (and %d others cross new ones)", others)
	}
	return &Finding{
		Setting: fmt.Sprintf("holds %q, which crosses the new %q%s", pair[0], pair[1], more),
		Breaks:  "no stream can hold two subjects that overlap and neither of which covers the other",
		Mend: "change the rule here, or take what crosses from the stream" + p.cli.inBrackets(want.Name, after) +
			": messages that it has stored stay",
	}
}

// overlaps finds other streams that hold one of the subjects: each message goes to one stream only.
func overlaps(stream string, subjects []string, others []jetstream.StreamConfig) []Finding {
	wanted := patternsOf(subjects)
	var found []Finding
	for _, other := range others {
		if other.Name == stream {
			continue
		}
		if first, held, more := firstOverlap(wanted, patternsOf(other.Subjects)); first >= 0 {
			setting := fmt.Sprintf("%q is already held by stream %s (as %q)", subjects[first], other.Name, other.Subjects[held])
			if more > 0 {
				setting = fmt.Sprintf("%s, and so are %d more", setting, more)
			}
			found = append(found, Finding{Setting: setting, Mend: "set a subjects.prefix here, take it from that stream, or use another account"})
		}
	}
	return found
}

// firstOverlap returns the first of the wanted that is held, by which, and how many more are; -1 if none is.
func firstOverlap(wanted, held []pattern) (first, by, more int) {
	first = -1
	for i, w := range wanted {
		at := slices.IndexFunc(held, w.overlaps)
		switch {
		case at < 0:
		case first < 0:
			first, by = i, at
		default:
			more++
		}
	}
	return first, by, more
}
