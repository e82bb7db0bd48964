package outbox

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/meetbus/meetbus/relay/bus"
)

// Headers of ours that an entry has beside those of its message.
const (
	ofUs          = "Meetbus-"
	headerStream  = ofUs + "Stream"
	headerSubject = ofUs + "Subject"
	headerID      = ofUs + "Id"
	headerKey     = ofUs + "Key"
	// headerSent says that the message was sent to the bus and not answered before it was stored: the bus may have it.
	headerSent = ofUs + "Sent"
	// headerAccepted says since when the bus may have it, of an entry that was parked since.
	headerAccepted = ofUs + "Accepted"
	// headerReason says why an entry is parked.
	headerReason = ofUs + "Reason"
)

const (
	// keyMost is the length of the longest key that is kept as it is, in bytes: a longer one, which is a provider's word, is kept as its
	// hash. Keys are only compared.
	keyMost = 64
	// reasonMost is how much is kept of why an entry is parked, in bytes.
	reasonMost = 1 << 10
	// headersMost is how large the headers of an entry may be, in bytes: JetStream takes 64 KiB, and when it is parked there are more.
	headersMost = 60 << 10
)

// entry is a message in the store.
type entry struct {
	message  bus.Message
	sequence uint64
	accepted time.Time
	// sent says that the bus may have it already; suspect, that nobody knows.
	sent, suspect bool
	// stored is the entry as it is.
	stored bus.Stored
}

// entryOf is a message on its way into the store. Its id there is of the stream that it is for, too: a dead letter may have the id
// of the event that it stands for.
func entryOf(m bus.Message, sent bool) bus.Message {
	header := map[string][]string{
		headerStream: {m.Stream}, headerSubject: {m.Subject}, headerID: {m.ID}, headerKey: {short(m.Key)},
	}
	if sent {
		header[headerSent] = []string{"1"}
	}
	for name, values := range m.Header {
		header[name] = values
	}
	return bus.Message{Stream: waitingStream, Subject: waitingStream, ID: m.Stream + "/" + m.ID, Header: header, Data: m.Data, By: m.By}
}

// open reads an entry.
func open(s bus.Stored) entry {
	header := map[string][]string{}
	for name, values := range s.Header {
		if !strings.HasPrefix(name, ofUs) && !strings.HasPrefix(name, "Nats-") {
			header[name] = values
		}
	}
	e := entry{
		message: bus.Message{
			Stream: first(s, headerStream), Subject: first(s, headerSubject), ID: first(s, headerID), Key: short(first(s, headerKey)),
			Header: header, Data: s.Data,
		},
		sequence: s.Sequence, accepted: s.Time, sent: first(s, headerSent) != "", stored: s,
	}
	if at, err := time.Parse(time.RFC3339Nano, first(s, headerAccepted)); err == nil {
		e.accepted = at
	}
	return e
}

func short(key string) string {
	if len(key) <= keyMost {
		return key
	}
	hash := sha256.Sum256([]byte(key))
	return hex.EncodeToString(hash[:])
}

// anew is a parked entry on its way back among those that wait.
func (e entry) anew() bus.Message {
	m := entryOf(e.message, e.sent)
	if e.sent {
		m.Header[headerAccepted] = []string{e.accepted.Format(time.RFC3339Nano)}
	}
	m.ID = fmt.Sprintf("/%d/%s", e.sequence, m.ID) // no stream's name is empty, so none else begins so
	return m
}

func first(s bus.Stored, name string) string {
	if values := s.Header[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// parked is the entry as it is kept when the bus has refused it for good. Its id is its sequence: the same message may be refused again
// when it was tried anew.
func (e entry) parked(why error) bus.Message {
	reason := why.Error()
	header := map[string][]string{headerReason: {reason[:min(len(reason), reasonMost)]}}
	for name, values := range e.stored.Header {
		if !strings.HasPrefix(name, "Nats-") {
			header[name] = values
		}
	}
	header[headerKey] = []string{e.message.Key}
	if e.sent {
		header[headerSent], header[headerAccepted] = []string{"1"}, []string{e.accepted.Format(time.RFC3339Nano)}
	}
	return bus.Message{
		Stream: parkedStream, Subject: parkedStream, ID: strconv.FormatUint(e.sequence, 10), Header: header, Data: e.stored.Data,
	}
}
