package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"regexp"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/schemas"
)

// expiryAhead is how far ahead an expiry is set where a sample has no other time: Dyte keeps transcripts for seven days.
const expiryAhead = 7 * 24 * time.Hour

// freshener gives samples of one provider new ids and times. What was one id stays one id: all samples of a run belong to one
// session of one meeting, whatever ids they had, and every round has a new participant in it.
type freshener struct {
	now  func() time.Time
	last time.Time
	// run and round have the new ids: by what they identify where that is known, else by the old id.
	run, round map[string]string
}

func newFreshener(now func() time.Time) *freshener {
	return &freshener{now: now, run: map[string]string{}, round: map[string]string{}}
}

// nextRound lets other participants come.
func (f *freshener) nextRound() { clear(f.round) }

// freshen returns the sample's body with new ids, and with its times moved: the newest one that is no expiry is now. All else
// stays as it was, byte for byte.
func (f *freshener) freshen(s normalize.Sample) ([]byte, error) {
	texts, err := textsIn(s.Body)
	if err != nil {
		return nil, fmt.Errorf("read sample: %w", err)
	}
	known, err := f.identities(s)
	if err != nil {
		return nil, fmt.Errorf("read sample: %w", err)
	}
	move := f.move(texts)
	var fresh bytes.Buffer
	done := 0
	for _, t := range texts {
		fresh.Write(s.Body[done:t.start])
		fresh.WriteString(f.renewed(t, known, move))
		done = t.end
	}
	fresh.Write(s.Body[done:])
	return fresh.Bytes(), nil
}

// renewed returns what stands for t in the new body. Only strings without escapes are changed: ids and times need none.
func (f *freshener) renewed(t text, known map[string]string, move time.Duration) string {
	if at, layout, ok := timeIn(t.value); ok {
		return at.Add(move).Format(layout)
	}
	if id, ok := known[t.value]; ok {
		return id
	}
	return idShapes.ReplaceAllStringFunc(t.value, func(old string) string {
		if id, ok := known[old]; ok {
			return id
		}
		if roomShape.MatchString(old) {
			return old // anything may look like a room's id: only a known one is one
		}
		return renew(f.run, old, old)
	})
}

// identities returns the new ids of the meeting, the session and the people in a webhook, by the old ones, and the organization
// as it is: it is an account, by which an endpoint knows its own. Which of the ids is what, package normalize knows.
func (f *freshener) identities(s normalize.Sample) (map[string]string, error) {
	said, err := idsIn(s)
	if err != nil {
		return nil, err
	}
	known := map[string]string{}
	learn := func(old, fresh string) {
		if old != "" && known[old] == "" {
			known[old] = fresh
		}
	}
	for _, organization := range []string{said.Meeting.Organizer.ID, said.Recording.OrganizationID} {
		learn(organization, organization)
	}
	for _, person := range []string{said.Participant.ID, said.Participant.CustomID} {
		learn(person, renew(f.round, person, person))
	}
	for what, old := range map[string]string{"meeting": said.Meeting.ID, "session": said.Meeting.SessionID} {
		if idShapes.FindString(old) == old {
			learn(old, renew(f.run, fmt.Sprint(what, len(old)), old)) // a room's id cannot stand for a UUID
		}
	}
	return known, nil
}

// namedIDs are the ids in a webhook that mean the same in every webhook of a run.
type namedIDs struct {
	Meeting     schemas.Meeting
	Participant schemas.Participant
	Recording   schemas.Recording
}

func idsIn(s normalize.Sample) (namedIDs, error) {
	event, err := normalize.Normalize(&normalize.Webhook{Provider: s.Provider, Body: s.Body, NoOriginal: true})
	if err != nil {
		return namedIDs{}, err
	}
	data, err := json.Marshal(event.Data)
	if err != nil {
		return namedIDs{}, err
	}
	var said namedIDs
	said.Meeting.Organizer = new(schemas.Organizer)
	return said, json.Unmarshal(data, &said)
}

// move returns how far the times of a body have to go. No two bodies of a freshener get the same now, even if both are made
// within the same millisecond: they would be the same event.
func (f *freshener) move(texts []text) time.Duration {
	now := f.now().Truncate(time.Millisecond)
	if !now.After(f.last) {
		now = f.last.Add(time.Millisecond)
	}
	f.last = now
	var newest, expiry time.Time
	for _, t := range texts {
		at, _, ok := timeIn(t.value)
		switch {
		case !ok:
		case t.isExpiry() && at.After(expiry):
			expiry = at
		case !t.isExpiry() && at.After(newest):
			newest = at
		}
	}
	if newest.IsZero() && !expiry.IsZero() {
		return now.Add(expiryAhead).Sub(expiry)
	}
	return now.Sub(newest)
}

// text is a string value in a body: where it stands, without its quotes, and under which name.
type text struct {
	name, value string
	start, end  int
}

func (t text) isExpiry() bool { return strings.Contains(strings.ToLower(t.name), "expir") }

// textsIn returns the string values in a body, in its order, without those that are written with escapes.
func textsIn(body []byte) ([]text, error) {
	var found []text
	d := jsontext.NewDecoder(bytes.NewReader(body), jsontext.AllowDuplicateNames(true))
	for {
		token, err := d.ReadToken()
		if errors.Is(err, io.EOF) {
			return found, nil
		}
		if err != nil {
			return nil, err
		}
		kind, count := d.StackIndex(d.StackDepth())
		if token.Kind() != '"' || kind == '{' && count%2 == 1 {
			continue
		}
		value, end := token.String(), int(d.InputOffset())-1
		start := end - len(value)
		if start < 1 || body[start-1] != '"' || string(body[start:end]) != value {
			continue
		}
		name := string(d.StackPointer())
		name = name[strings.LastIndexByte(name, '/')+1:]
		found = append(found, text{name: name, value: value, start: start, end: end})
	}
}

const (
	uuids   = `[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}`
	objects = `[0-9a-fA-F]{24}`
	rooms   = `[a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{4}`
)

var (
	idShapes    = regexp.MustCompile(`\b(?:` + uuids + `|` + objects + `|` + rooms + `)\b`)
	uuidShape   = regexp.MustCompile(`^` + uuids + `$`)
	objectShape = regexp.MustCompile(`^` + objects + `$`)
	roomShape   = regexp.MustCompile(`^` + rooms + `$`)
	timeShape   = regexp.MustCompile(`^\d{4}-\d\d-\d\d([T ])\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$`)
)

// renew returns the new id that is kept under key, and makes one of the shape of old if there is none.
func renew(ids map[string]string, key, old string) string {
	if ids[key] == "" {
		ids[key] = like(old)
	}
	return ids[key]
}

// like returns a random id that looks like old: a UUID for a UUID, else a letter for a letter and a digit for a digit.
func like(old string) string {
	switch {
	case uuidShape.MatchString(old):
		return uuid.NewString()
	case objectShape.MatchString(old):
		return strings.Map(func(rune) rune { return anyOf(digits + "abcdef") }, old)
	}
	return strings.Map(alike, old)
}

const digits, lower, upper = "0123456789", "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

func alike(r rune) rune {
	for _, set := range []string{digits, lower, upper} {
		if strings.ContainsRune(set, r) {
			return anyOf(set)
		}
	}
	return r
}

func anyOf(set string) rune { return rune(set[rand.IntN(len(set))]) }

// timeIn returns the time that s is, and the layout that writes it back as it was; false if it is none, or impossible.
func timeIn(s string) (at time.Time, layout string, ok bool) {
	parts := timeShape.FindStringSubmatch(s)
	if parts == nil {
		return time.Time{}, "", false
	}
	zone := "-07:00"
	if parts[3] == "Z" {
		zone = "Z07:00"
	}
	layout = "2006-01-02" + parts[1] + "15:04:05" + strings.Map(zeros, parts[2]) + zone
	at, err := time.Parse(layout, s)
	return at, layout, err == nil
}

func zeros(r rune) rune {
	if r == '.' {
		return r
	}
	return '0'
}
