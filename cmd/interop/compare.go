package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"
)

// What a reader may have to do beside its SDK.
const (
	remedyDecode   = "decode"
	remedyVerified = "verified"
	remedyBlanks   = "blanks"
	remedyTime     = "time"
	remedyNumbers  = "numbers"
)

// remedies say what each is, in the order of the page.
var remedies = []struct{ name, about string }{
	{remedyDecode, "percent-decode the values of the `ce-` headers, and of no others, before the SDK reads them: `url.PathUnescape`, `decodeURIComponent`"},
	{remedyVerified, "`verified` is the text `true` or `false`, as every attribute in a header is a text: compare it with `\"true\"`"},
	{remedyBlanks, "`type` and `subject` lose the blanks around them: take them from the headers, or take `meetingid`"},
	{remedyTime, "`time` is cut to milliseconds: where that is not enough, take it from the message"},
	{remedyNumbers, "integers beyond 2^53 lose digits: `CE_USE_BIG_INT=true` makes them BigInt, and replaces the global `JSON`"},
}

// cell is what came out for one SDK, mode and case.
type cell struct {
	// remedies that were needed; none: everything is read as it is.
	remedies []string
	// deadLetter: the relay keeps such webhooks as dead letters, since they do not fit into a message.
	deadLetter bool
	// wrong is what is read wrong whatever is done.
	wrong []string
}

// judge compares what was read of a case's webhooks with what was sent.
func (c content) judge(m mode, sent []sending, messages []message, readings []reading) (out cell) {
	out.deadLetter = c.deadLetterIn == m
	for _, s := range sent {
		i := slices.IndexFunc(messages, func(m message) bool { return m.sequence == s.answer.Sequence })
		switch {
		case s.answer.DeadLettered != out.deadLetter:
			out.wrong = append(out.wrong, fmt.Sprintf("%s: it is a dead letter: %t %s", s.delivery, s.answer.DeadLettered, s.answer.Reason))
		case s.answer.DeadLettered:
		case i < 0:
			out.wrong = append(out.wrong, s.delivery+": it is not in the stream")
		case c.eventSize > 0 && (messages[i].size() > c.eventSize || messages[i].size() < c.eventSize-enveloped):
			out.wrong = append(out.wrong, fmt.Sprintf("%s: the message has %d bytes, not the case's size", s.delivery, messages[i].size()))
		default:
			needed, wrong := s.judge(messages[i], readings)
			out.remedies = append(out.remedies, needed...)
			out.wrong = append(out.wrong, wrong...)
		}
	}
	return out
}

// judge returns the fewest remedies with which a webhook was read as it was sent, or what remains wrong with all of them.
func (s sending) judge(m message, readings []reading) (needed, wrong []string) {
	want, err := s.expected(m)
	if err != nil {
		return nil, []string{s.delivery + ": " + err.Error()}
	}
	wrong = []string{"it was not read"}
	for _, r := range readings {
		if r.Sequence != m.sequence {
			continue
		}
		if wrong = want.differences(r); len(wrong) == 0 {
			return r.Remedies, nil
		}
	}
	for i := range wrong {
		wrong[i] = s.delivery + ": " + wrong[i]
	}
	return nil, wrong
}

// expected is what was sent, with the time of arrival, which must be that of the sending.
func (s sending) expected(m message) (want, error) {
	g, err := m.gist()
	if err != nil {
		return want{}, err
	}
	at, err := time.Parse(time.RFC3339, g.RecordedTime)
	if err != nil || at.Before(s.before) || at.After(s.after) {
		return want{}, fmt.Errorf("it arrived between %s and %s, but recordedtime is %q", s.before, s.after, g.RecordedTime)
	}
	return s.want.arrived(g.RecordedTime), nil
}

// differences are what a reading has otherwise.
func (w want) differences(r reading) (all []string) {
	if r.Failed != "" {
		return []string{r.Failed}
	}
	for _, name := range keys(w.attributes, r.Attributes) {
		if got, want := r.Attributes[name], w.attributes[name]; !same(name, got, want) {
			all = append(all, fmt.Sprintf("%s is %s, was %s", name, short(got), short(want)))
		}
	}
	d := json.NewDecoder(strings.NewReader(r.Data))
	d.UseNumber()
	var got any
	if err := d.Decode(&got); err != nil {
		return append(all, fmt.Sprintf("data: %v", err))
	}
	if !reflect.DeepEqual(got, any(w.data)) {
		gotText, wantText := apart(got, w.data)
		all = append(all, fmt.Sprintf("data is %s, was %s", gotText, wantText))
	}
	return all
}

// keys are the names that either has, in their order.
func keys(a, b object) []string {
	both := maps.Clone(a)
	maps.Copy(both, b)
	return slices.Sorted(maps.Keys(both))
}

// apart is two values in JSON, from a little before where they begin to differ.
func apart(a, b any) (string, string) {
	const before, within = 30, 150
	texts := [2]string{}
	for i, value := range []any{a, b} {
		text, _ := json.Marshal(value) // what was read is of JSON
		texts[i] = string(text)
	}
	from := 0
	for from < min(len(texts[0]), len(texts[1])) && texts[0][from] == texts[1][from] {
		from++
	}
	for i, text := range texts {
		text = text[max(0, from-before):]
		texts[i] = "…" + text[:min(len(text), within)]
	}
	return texts[0], texts[1]
}

// short is a value in JSON, or the beginning of it.
func short(value any) string {
	text, _ := json.Marshal(value) // what was read is of JSON
	if len(text) > 200 {
		text = append(text[:200:200], "…"...)
	}
	return string(text)
}

// same says whether an attribute has the value wanted. A time may be written in another way.
func same(name string, got, want any) bool {
	if name != "time" {
		return reflect.DeepEqual(got, want)
	}
	g, gotErr := time.Parse(time.RFC3339, fmt.Sprint(got))
	w, wantErr := time.Parse(time.RFC3339, fmt.Sprint(want))
	return gotErr == nil && wantErr == nil && g.Equal(w)
}
