package relay

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode"

	"go.uber.org/zap"

	"github.com/meetbus/meetbus/relay/inspect"
)

// shownMax is how much of a type the log has, in bytes. Those of the catalogue are far shorter.
const shownMax = 128

// observe counts and logs what became of one webhook. Nothing of its payload is logged but its type and, where it is in no stream, its
// meeting; and no path: it may be a secret. Of what was not taken, client says who has sent it.
func (r *Relay) observe(e *Endpoint, took time.Duration, taken *receipt, err error, client func() string) {
	became := taken.outcome()
	if err != nil {
		became = explain(err).outcome()
	}
	r.count(e, took, became, taken)
	r.remember(e, took, became, taken, err, client)
	line := r.log.Check(zap.InfoLevel, "webhook")
	if line == nil {
		return
	}
	fields := make([]zap.Field, 0, 10)
	fields = append(fields, zap.String("endpoint", e.Name), zap.String("outcome", string(became)),
		zap.Float64("ms", float64(took.Microseconds())/1000))
	if err != nil {
		fields = append(fields, zap.String("provider", cmp.Or(taken.provider, e.sender())), zap.String("why", cause(err)), zap.String("client", client()))
		line.Write(taken.what(fields)...)
		return
	}
	fields = append(fields, zap.String("provider", taken.provider), zap.String("type", shown(taken.kind)))
	line.Write(taken.where(fields)...)
}

// what adds to the fields of the log the event of a webhook that is signed and was refused all the same: it is in no stream.
func (r *receipt) what(fields []zap.Field) []zap.Field {
	if r.kind != "" {
		fields = append(fields, zap.String("type", shown(r.kind)))
	}
	return r.about(fields)
}

// about adds to the fields of the log the meeting of what is in no stream, if it is known.
func (r *receipt) about(fields []zap.Field) []zap.Field {
	if r.meeting != "" {
		fields = append(fields, zap.String("meeting", shown(r.meeting)))
	}
	return fields
}

// remember tells the inspector.
func (r *Relay) remember(e *Endpoint, took time.Duration, became outcome, taken *receipt, err error, client func() string) {
	if r.recent == nil {
		return
	}
	entry := inspect.Entry{
		Time: time.Now(), Took: took, Status: http.StatusOK, Outcome: became, Endpoint: e.Name, Provider: taken.provider,
		Event: taken.event, Type: taken.kind, Subject: taken.subject, Meeting: taken.meeting, ID: taken.id,
		Stream: taken.stream, Sequence: taken.sequence, Rule: taken.ruled, Why: taken.reason,
	}
	if err != nil {
		entry.Status, entry.Provider, entry.Why, entry.Client = explain(err).Status, cmp.Or(taken.provider, e.sender()), cause(err), client()
		entry.Delivery, entry.Registration = taken.claims.delivery, taken.claims.registration
		entry.Length, entry.Digest = taken.claims.length, taken.claims.digest
	}
	r.recent.Add(&entry)
}

// ruleName is a rule as the configuration's faults call it.
func ruleName(rule int) string { return fmt.Sprintf("subjects.rules[%d]", rule) }

// where adds to the fields of the log where a webhook is, or why it is not.
func (r *receipt) where(fields []zap.Field) []zap.Field {
	if r.isDropped {
		return r.about(append(fields, zap.String("by", ruleName(r.rule))))
	}
	fields = append(fields, zap.String("subject", r.subject), zap.String("stream", r.stream))
	if !r.queued {
		fields = append(fields, zap.Uint64("sequence", r.sequence))
	}
	if r.reason != "" {
		fields = append(fields, zap.String("reason", r.reason))
	}
	return fields
}

func (r *Relay) count(e *Endpoint, took time.Duration, became outcome, taken *receipt) {
	m := r.metrics
	m.webhooks.WithLabelValues(e.Name, string(became)).Observe(took.Seconds())
	switch {
	case taken.isDropped:
	case taken.duplicate:
		m.duplicates.Inc()
	case taken.reason != "":
		m.deadLetters.WithLabelValues(taken.reason).Inc()
	case taken.id != "" && !taken.identified:
		m.unidentified.Inc()
	}
}

// cause is what the log says of an error. Why a body is unintelligible may quote it, so there one word must do.
func cause(err error) string {
	if errors.Is(err, errUnintelligible) {
		return errUnintelligible.Error() + ": " + reason(err)
	}
	return err.Error()
}

// shown is a type, or the id of a meeting, as the log has it: the sender may make it as long as it likes, and reorder with it the line of
// a terminal.
func shown(kind string) string {
	if len(kind) > shownMax {
		kind = strings.ToValidUTF8(kind[:shownMax], "") + "…"
	}
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, kind)
}
