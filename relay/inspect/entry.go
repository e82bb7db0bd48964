package inspect

import (
	"strings"
	"time"
	"unicode/utf8"
)

// Outcome is the one word for what became of a webhook.
type Outcome string

const (
	Published    Outcome = "published"
	Duplicate    Outcome = "duplicate"
	Queued       Outcome = "queued"
	Unmapped     Outcome = "unmapped"
	Dropped      Outcome = "dropped"
	DeadLettered Outcome = "dead_lettered"
	Rejected     Outcome = "rejected"
	Unavailable  Outcome = "unavailable"
)

// outcomes are all there are, in the order in which they are shown.
var outcomes = [...]Outcome{Published, Duplicate, Queued, Unmapped, Dropped, DeadLettered, Rejected, Unavailable}

// isRefused says that nothing is kept of the webhook, by whomever it was: such ones must not displace those that were taken.
func (o Outcome) isRefused() bool { return o == Rejected || o == Unavailable }

// place of an outcome among all; one that is unknown counts as the last.
func (o Outcome) place() int {
	for i := range outcomes {
		if outcomes[i] == o {
			return i
		}
	}
	return len(outcomes) - 1
}

// Entry is what became of one webhook. It holds nothing of the body but the few words here, each cut to textMax bytes.
type Entry struct {
	// Number counts the webhooks since the relay started, from 1. Recent sets it.
	Number uint64
	// Time is when it was answered, Took how long that took from the request's headers on.
	Time time.Time
	Took time.Duration
	// Status of the answer.
	Status  int
	Outcome Outcome
	// Endpoint, Provider, Stream and Rule are the relay's own words, and are kept as they are. Rule says which rule has decided, in
	// force when it did; empty: none.
	Endpoint, Provider, Stream, Rule string
	// Sequence in the stream; 0: it has none.
	Sequence uint64
	// Event is the provider's name of what happened, Type ours, Subject where it was published.
	Event, Type, Subject string
	Meeting, ID          string
	// Why it is refused, or is a dead letter. Client is who has sent what was refused.
	Why, Client string
	// Delivery, Registration and Digest, of the body, are what a refused webhook claims: nobody has checked them. Length of its body
	// in bytes; below 1 it is not known, or there is none.
	Delivery, Registration, Digest string
	Length                         int64
}

// isUnderstood says that a webhook was read, and names its event.
func (e *Entry) isUnderstood() bool { return e.Type != "" }

// textMax is how much is kept of a text that strangers choose, in bytes.
const textMax = 160

// strangers are the texts of e that strangers choose.
func (e *Entry) strangers() [strangers]*string {
	return [...]*string{&e.Event, &e.Type, &e.Subject, &e.Meeting, &e.ID, &e.Why, &e.Client, &e.Delivery, &e.Registration, &e.Digest}
}

const strangers = 10

// slot is room for one entry. What strangers choose is copied into it: their texts are parts of bodies, which must not stay.
type slot struct {
	entry Entry
	text  []byte
	ends  [strangers]int
}

func (s *slot) hold(e *Entry) {
	s.text = s.text[:0]
	for i, text := range e.strangers() {
		s.text = append(s.text, cut(*text)...)
		s.ends[i] = len(s.text)
	}
	s.entry = *e
	for _, text := range s.entry.strangers() {
		*text = ""
	}
}

// read returns the entry that is held. It shares nothing with the slot.
func (s *slot) read() Entry {
	e, text, begin := s.entry, string(s.text), 0
	for i, field := range e.strangers() {
		*field = text[begin:s.ends[i]]
		begin = s.ends[i]
	}
	return e
}

// cut returns the start of a text, not more than is kept, and whole characters of it.
func cut(text string) string {
	if len(text) <= textMax {
		return text
	}
	end := textMax
	for end > textMax-utf8.UTFMax && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}

// shown is a text as the page has it: what is not printable, or would change the direction of the text around it, is written
// as JSON would.
func shown(text string) string {
	if !strings.ContainsFunc(text, isHidden) && utf8.ValidString(text) {
		return text
	}
	return escape(text)
}
