package bus

import (
	"fmt"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// trait is a setting of an existing stream that should be otherwise.
type trait struct {
	is              bool
	setting, breaks string
	// flags of `nats stream edit` that change it, without --; empty if the server does not let it be changed.
	flags string
}

// unsuitable finds what makes an existing stream break the promises. What else a stream can have does not concern them:
//
//   - compression, placement, first_seq, metadata, description, allow_direct, mirror_direct: how and where messages are kept
//   - allow_msg_ttl, allow_msg_schedules: what other publishers may ask for their own messages; the relay never does
//   - allow_atomic, allow_batched: the relay does, and can do without
//   - deny_delete, deny_purge: they keep more, not less
//   - republish: copies go elsewhere, what is stored stays as it is
//   - max_consumers, consumer_limits: subscribers are told when they meet them, and nothing is lost
//
// What weakens a promise without breaking it is drift.
func (p planner) unsuitable(c jetstream.StreamConfig, want Stream) []Finding {
	return p.findings(c.Name, []trait{
		{c.Storage != jetstream.FileStorage, "storage is memory", "a restart of the server would lose what was acknowledged", ""},
		{c.NoAck, "no_ack is set", "nothing would ever be acknowledged", "ack"},
		{c.PersistMode == jetstream.AsyncPersistMode, "persist_mode is async",
			"a crash of the server would lose what was acknowledged", ""},
		{c.Retention == jetstream.InterestPolicy, "retention is interest",
			"a message that no consumer waits for is acknowledged and dropped, and any other when it was consumed", "retention limits"},
		{c.Retention == jetstream.WorkQueuePolicy, "retention is workqueue",
			"the first subscriber would take each message from all others", ""},
		{c.Sealed, "it is sealed", "nothing can be added", ""},
		{c.Mirror != nil, "it is a mirror", "nothing can be published to it", "no-mirror"},
		{c.AllowMsgCounter, "allow_msg_counter is set", "only counters can be published to it", ""},
		{transforms(c.SubjectTransform, want.Subjects), "subject_transform is set",
			"messages would be stored under other subjects than were acknowledged", "no-transform"},
		{c.MaxMsgSize > 0 && int64(c.MaxMsgSize) < p.minPayload, fmt.Sprintf("max_msg_size is %d", c.MaxMsgSize),
			fmt.Sprintf("what a webhook of http.max_body becomes, up to %d bytes, would be refused", p.minPayload),
			"max-msg-size=-1"},
		{c.DiscardNewPerSubject, "discard_new_per_subject is set",
			fmt.Sprintf("a subject with %d messages takes no more, however much room the stream has", c.MaxMsgsPerSubject),
			"no-discard-per-subject --max-msgs-per-subject=-1"},
	})
}

// findings are those traits that are so, with how to mend them.
func (p planner) findings(stream string, traits []trait) []Finding {
	var found []Finding
	for _, t := range traits {
		if !t.is {
			continue
		}
		mend := "mend it with " + p.cli.edit(stream, "--"+t.flags)
		if t.flags == "" {
			mend = fmt.Sprintf("the server does not let that be changed: set another stream.name here, "+
				"or delete the stream with what it holds (%s)", p.cli.remove(stream))
		}
		found = append(found, Finding{Setting: t.setting, Breaks: t.breaks, Mend: mend})
	}
	return found
}

// transforms says whether one of the subjects would be stored as another.
func transforms(t *jetstream.SubjectTransformConfig, subjects []string) bool {
	if t == nil {
		return false
	}
	source := patternOf(t.Source)
	if strings.TrimSpace(t.Source) == "" {
		source = pattern{">"}
	}
	for _, subject := range subjects {
		if source.overlaps(patternOf(subject)) {
			return true
		}
	}
	return false
}

// takesSubjects says whether subjects can be added: to a mirror or a sealed stream they cannot.
func takesSubjects(c jetstream.StreamConfig) bool { return c.Mirror == nil && !c.Sealed }
