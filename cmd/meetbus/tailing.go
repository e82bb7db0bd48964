package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/meetbus/meetbus/relay/bus"
	"github.com/meetbus/meetbus/schemas"
)

// tail is one run of the command.
type tail struct {
	read    bus.ReadOptions
	meeting string
	// keep, if not 0, is how many of the events that are there already to show: the last ones.
	keep    int
	limit   int
	shown   int
	started bool
	write   func(io.Writer, bus.Stored) error
	out     io.Writer
	// notes is for what is no event; state is how the stream was at first.
	notes    io.Writer
	state    *bus.StreamState
	progress *progress
}

// run shows events until ctx ends, which is the usual end, or there is no more to show.
func (t *tail) run(ctx context.Context) error {
	nothing := t.read.Start == bus.Start{}
	err := t.events(ctx)
	switch {
	case ctx.Err() != nil:
		return nil
	case err == nil && t.shown == 0 && !nothing:
		t.notShown()
		return nil
	case err == nil || t.started:
		return err
	}
	return located(err)
}

// opened says what nobody would see otherwise: that what is waited for cannot come, or not soon.
func (t *tail) opened(s bus.StreamState) {
	if t.state != nil {
		return
	}
	t.state = &s
	for _, none := range s.Unmatched {
		note(t.notes, "%v", misspelt(none))
	}
	if from := t.read.Start.Sequence; t.read.Follow && from > s.LastSequence+1 {
		note(t.notes, "the stream ends at sequence %d: waiting for %d", s.LastSequence, from)
	}
}

// notShown says how the stream is that has nothing to show.
func (t *tail) notShown() {
	if t.state.Messages == 0 {
		note(t.notes, "stream %s is empty", t.read.Stream)
		return
	}
	note(t.notes, "stream %s has no such event: it has %s, up to sequence %d", t.read.Stream,
		count(int(t.state.Messages), "event"), t.state.LastSequence)
	if t.meeting != "" {
		note(t.notes, "what was refused or dropped is in no stream, the relay's page and log have it; what could not be understood: "+
			"meetbus deadletter list --meeting %s", printable(t.meeting))
	}
}

func (t *tail) events(ctx context.Context) error {
	if t.keep > 0 {
		done, err := t.lastOfPast(ctx)
		if done || err != nil {
			return err
		}
	}
	return bus.Read(ctx, t.read, func(m bus.Stored) error {
		t.started = true
		if !t.wanted(m) {
			return nil
		}
		return t.show(m)
	})
}

// lastOfPast shows the last of the events that are wanted, which may lie far behind the stream's last, and goes on from there.
// Done says that there is no more to show.
func (t *tail) lastOfPast(ctx context.Context) (done bool, err error) {
	past := t.read
	past.Follow = false
	if past.Start.Last > 0 {
		past.Start = bus.Start{All: true}
	}
	var last []bus.Stored
	var newest uint64
	err = bus.Read(ctx, past, func(m bus.Stored) error {
		t.started, newest = true, m.Sequence
		t.progress.show("looking for the last %d: at sequence %d", t.keep, newest)
		if t.wanted(m) {
			last = append(last[max(0, len(last)+1-t.keep):], m)
		}
		return nil
	})
	t.progress.clear()
	if err != nil {
		return true, err
	}
	for _, m := range last {
		if err := t.show(m); err != nil {
			return true, ended(err)
		}
	}
	t.read.Start = past.Start
	if newest > 0 {
		t.read.Start = bus.Start{Sequence: newest + 1}
	}
	return !t.read.Follow, nil
}

// structured returns m with the whole event in its data, also where it is in binary mode. What is no CloudEvent stays as it is.
func structured(m bus.Stored) bus.Stored {
	if !isBinary(m) {
		return m
	}
	if text, err := schemas.Structured(m.Header, m.Data); err == nil {
		m.Data = text
	}
	return m
}

func isBinary(m bus.Stored) bool { return len(m.Header["ce-specversion"]) > 0 }

func (t *tail) wanted(m bus.Stored) bool { return t.meeting == "" || meetingOf(m) == t.meeting }

// meetingOf returns the id of the meeting that a message of either content mode is about. It reads as little as it can: whoever wants
// the events of one meeting passes over those of all others.
func meetingOf(m bus.Stored) string {
	text := m.Data
	if isBinary(m) {
		id, err := url.PathUnescape(strings.Join(m.Header["ce-meetingid"], ""))
		if err == nil {
			return id
		}
		text = structured(m).Data
	}
	var e struct {
		SpecVersion string `json:"specversion"`
		MeetingID   string `json:"meetingid"`
	}
	if err := json.Unmarshal(text, &e, lenient); err != nil || e.SpecVersion == "" {
		return ""
	}
	return e.MeetingID
}

// show writes an event, and returns bus.ErrStop when it was the last one asked for.
func (t *tail) show(m bus.Stored) error {
	if err := t.write(t.out, structured(m)); err != nil {
		return fmt.Errorf("write event: %w", err)
	}
	if t.shown++; t.shown == t.limit {
		return bus.ErrStop
	}
	return nil
}

func ended(err error) error {
	if errors.Is(err, bus.ErrStop) {
		return nil
	}
	return err
}

func (o *tailOptions) writer(out, notes io.Writer) func(io.Writer, bus.Stored) error {
	if o.output == "json" {
		return jsonLines{notes}.write
	}
	return pretty{zone: time.Local, color: isTerminal(out) && os.Getenv("NO_COLOR") == ""}.write
}

// jsonLines writes events for programs. Somebody else's message that is no JSON would end the reading of most: it is noted only.
type jsonLines struct{ notes io.Writer }

// write writes a message as it is stored, but for what is harmless only with escapes, and a line break.
func (j jsonLines) write(w io.Writer, m bus.Stored) error {
	if !jsontext.Value(m.Data).IsValid(lenient) {
		note(j.notes, "%s on %s is left out: it is no JSON, %s", place(m), m.Subject, count(len(m.Data), "byte"))
		return nil
	}
	text := harmless(m.Data)
	_, err := w.Write(append(text[:len(text):len(text)], '\n'))
	return err
}
