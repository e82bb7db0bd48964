package bus

import (
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// drift finds what an existing stream has other than it should, and what of it the relay changes by itself: on the embedded
// server, where nobody else can, it widens limits. It never narrows one, since that deletes.
//
// A longer duplicate_window and more replicas are no drift: they promise more.
func (p planner) drift(have jetstream.StreamConfig, want Stream) (warnings []Finding, widen []Widening) {
	for _, l := range limits(have, want) {
		switch {
		case l.have == l.want:
		case l.narrower && p.ours && want.Manage:
			widen = append(widen, Widening{l.field, l.have, l.want, l.value})
		default:
			warnings = append(warnings, Finding{
				Setting: fmt.Sprintf("%s is %s and not %s", l.field, l.have, l.want), Breaks: l.breaks,
				Mend: "mend it with " + p.cli.edit(have.Name, l.flags) + ", or write here what it has",
			})
		}
	}
	if p.ours && want.Manage {
		widen = append(widen, batching(have)...)
	}
	warnings = append(warnings, p.findings(have.Name, weaknesses(have))...)
	return append(warnings, p.replicas(have, want)...), widen
}

// batching is what lets a stream take many messages at once.
func batching(have jetstream.StreamConfig) (widen []Widening) {
	if !have.AllowAtomicPublish {
		widen = append(widen, Widening{"allow_atomic", "off", "on", true})
	}
	if !have.AllowBatchPublish {
		widen = append(widen, Widening{"allow_batched", "off", "on", true})
	}
	return widen
}

// limit is a setting that the configuration has a number for.
type limit struct {
	field string
	// have and want are written as people do; value is the wanted one as the server does.
	have, want string
	value      int64
	// narrower is true if the stream has less than is wanted.
	narrower bool
	breaks   string
	// flags of `nats stream edit` set what is wanted.
	flags string
}

func limits(have jetstream.StreamConfig, want Stream) []limit {
	out := []limit{ageLimit(have, want)}
	if have.Duplicates < want.DuplicateWindow {
		out = append(out, windowLimit(have, want))
	}
	if !want.OwnMaxBytes {
		out = append(out, sizeLimit(have, want))
	}
	return out
}

func ageLimit(have jetstream.StreamConfig, want Stream) limit {
	l := limit{
		field: "max_age", have: orUnlimited(have.MaxAge, span), want: orUnlimited(want.MaxAge, span), value: int64(want.MaxAge),
		narrower: narrower(int64(have.MaxAge), int64(want.MaxAge)), flags: "--max-age " + span(want.MaxAge),
		breaks: "messages are kept longer than the configuration says",
	}
	if l.narrower {
		l.breaks = "messages are deleted sooner than the configuration says"
	}
	// The server refuses a duplicate window that is longer than the age.
	if want.MaxAge > 0 && have.Duplicates > want.MaxAge {
		l.flags += " --dupe-window " + span(want.DuplicateWindow)
	}
	return l
}

func windowLimit(have jetstream.StreamConfig, want Stream) limit {
	l := limit{
		field: "duplicate_window", have: span(have.Duplicates), want: span(want.DuplicateWindow), value: int64(want.DuplicateWindow),
		narrower: true, breaks: "a webhook that is sent again later than that is stored twice",
		flags: "--dupe-window " + span(want.DuplicateWindow),
	}
	if have.MaxAge > 0 && have.MaxAge < want.DuplicateWindow {
		l.flags += " --max-age " + span(want.MaxAge)
	}
	return l
}

func sizeLimit(have jetstream.StreamConfig, want Stream) limit {
	l := limit{
		field: "max_bytes", have: orUnlimited(have.MaxBytes, decimal), want: orUnlimited(want.MaxBytes, decimal),
		value: unlimited(want.MaxBytes), narrower: narrower(have.MaxBytes, want.MaxBytes),
		flags:  fmt.Sprintf("--max-bytes=%d", unlimited(want.MaxBytes)),
		breaks: "the stream may take more of the disk than the configuration says",
	}
	if l.narrower {
		l.breaks = "the stream is full, and webhooks are refused, sooner than the configuration says"
	}
	return l
}

// weaknesses are settings that the configuration has no word for: a stream that the relay has made has none of them.
func weaknesses(c jetstream.StreamConfig) []trait {
	discard, rollup := "discard new", "no-allow-rollup"
	if c.SubjectDeleteMarkerTTL > 0 {
		rollup = "subject-del-markers-ttl 0s --no-allow-rollup"
	}
	// Schedules need discard old and rollups, and cannot be switched off.
	if c.AllowMsgSchedules {
		discard, rollup = "", ""
	}
	return []trait{
		{c.Discard != jetstream.DiscardNew && !c.AllowMsgCounter, "discard is old",
			"when it is full, events are deleted before their time instead of refused", discard},
		{c.MaxMsgs > 0, fmt.Sprintf("max_msgs is %d", c.MaxMsgs),
			"with so many messages it is full, whatever their age and size", "max-msgs=-1"},
		{c.MaxMsgsPerSubject > 0 && !c.DiscardNewPerSubject, fmt.Sprintf("max_msgs_per_subject is %d", c.MaxMsgsPerSubject),
			"earlier events of a subject are deleted by later ones", "max-msgs-per-subject=-1"},
		{c.AllowRollup, "allow_rollup_hdrs is set", "whoever may publish to it can delete what was published before", rollup},
		{c.SubjectDeleteMarkerTTL > 0, "subject_delete_marker_ttl is " + span(c.SubjectDeleteMarkerTTL),
			"among the events, subscribers get markers of the server that are none", "subject-del-markers-ttl 0s"},
		{len(c.Sources) > 0, "it has sources", "messages come into it that the relay has not verified", "interactive"},
	}
}

// replicas finds fewer than wanted, and one where only the server's own settings make it safe.
func (p planner) replicas(have jetstream.StreamConfig, want Stream) []Finding {
	switch {
	case have.Replicas < want.Replicas:
		return []Finding{{
			Setting: fmt.Sprintf("num_replicas is %d and not %d", have.Replicas, want.Replicas),
			Breaks:  "events that were acknowledged are lost with fewer servers than the configuration says",
			Mend:    "mend it with " + p.cli.edit(have.Name, fmt.Sprintf("--replicas %d", want.Replicas)) + ", or write here what it has",
		}}
	case have.Replicas < 2 && !p.ours && have.Name == p.main:
		return []Finding{{
			Setting: "it has one replica",
			Breaks:  "how safe an acknowledged event is depends on the server's sync_interval, which a client cannot see (always is safe)",
			Mend:    "set that there, or, in a cluster, stream.replicas here and " + p.cli.edit(have.Name, "--replicas 3"),
		}}
	}
	return nil
}

// narrower says whether a limit is less than is wanted. Neither 0 nor what is below is one.
func narrower(have, want int64) bool { return have > 0 && (want <= 0 || want > have) }

// unlimited writes no limit as the server does.
func unlimited(n int64) int64 {
	if n <= 0 {
		return -1
	}
	return n
}

func orUnlimited[N time.Duration | int64](n N, show func(N) string) string {
	if n <= 0 {
		return "unlimited"
	}
	return show(n)
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }
