package route

import (
	"slices"
	"strings"
)

// subjectsMax is how many subjects a mapping may give. A stream takes 10,000, and some seconds to do so.
const subjectsMax = 1000

// What subjects of our own begin with, after the prefix.
const (
	unmapped    = "meetbus.unmapped."
	deadLetters = "meetbus.deadletter."
)

// Subjects returns every subject that an event can have, for the main stream: a literal for each type of the catalogue, and
// * for each token that depends on the event. No two of them overlap.
func (t *Table) Subjects() []string { return slices.Clone(t.subjects) }

// DeadLetterSubjects returns every subject that a dead letter can have.
func (t *Table) DeadLetterSubjects() []string { return []string{t.prefix + deadLetters + "*"} }

// DeadLetterForm returns how they look, as Possibility.Form says it of events.
func (t *Table) DeadLetterForm() string { return t.prefix + deadLetters + braced("provider") }

// held is a subject of the stream, and where it comes from.
type held struct {
	subject string
	tokens  []string
	path    string
}

// subjects returns what the stream must hold: of the rules, and of the default for the types that come to it. It reports subjects
// that no stream can hold together.
func (c *compiler) subjects(t *Table, rest typeSet) []string {
	all, ok := c.everySubject(t, rest)
	if !ok {
		return nil
	}
	letters := strings.Split(t.DeadLetterSubjects()[0], ".")
	overlaps := overlapping{reported: map[[2]string]bool{}}
	var subjects []string
	for i, h := range all {
		if overlap(h.tokens, letters) {
			c.report(h.path, "can give the subjects of dead letters, which have a stream of their own: begin with another literal")
			continue
		}
		if !slices.ContainsFunc(all, func(other held) bool { return other.subject != h.subject && cover(other.tokens, h.tokens) }) {
			subjects = append(subjects, h.subject) // else the wider one is enough
		}
		overlaps.find(c, h, all[:i])
	}
	return subjects
}

// overlapping finds subjects of which each has some that the other has too, and some that it has not.
type overlapping struct{ reported map[[2]string]bool }

// find reports h once for each rule before it.
func (o overlapping) find(c *compiler, h held, earlier []held) {
	for _, other := range earlier {
		pair := [2]string{h.path, other.path}
		crossed := overlap(h.tokens, other.tokens) && !cover(h.tokens, other.tokens) && !cover(other.tokens, h.tokens)
		if !crossed || o.reported[pair] {
			continue
		}
		o.reported[pair] = true
		c.report(h.path, "can give subjects that subjects.%s gives too, and neither gives all of the other's, which no stream can "+
			"hold: put a literal of its own into one of them, or the placeholders into the same places", other.path)
	}
}

// everySubject returns all subjects, each once, where it first comes from.
func (c *compiler) everySubject(t *Table, rest typeSet) (all []held, ok bool) {
	seen := map[string]bool{}
	add := func(subject template, types typeSet, path string) {
		types.each(func(one typeSet) {
			if s := subject.pattern(one); !seen[s] {
				seen[s] = true
				all = append(all, held{s, strings.Split(s, "."), path})
			}
		})
	}
	for i, r := range t.rules {
		if r.drop || r.unread || r.subject == nil {
			continue
		}
		types := r.reach
		if !r.subject.hasType() {
			types &= -types // one stands for all
		}
		if add(r.subject, types, rulePath(i, "subject")); len(all) > subjectsMax {
			c.report(rulePath(i, "subject"), "is where the rules give more than %d subjects: use placeholders for what differs", subjectsMax)
			return nil, false
		}
	}
	if t.otherwise != nil {
		if add(t.otherwise, rest, "default"); len(all) > subjectsMax {
			c.report("default", "is where the mapping gives more than %d subjects: use placeholders for what differs", subjectsMax)
			return nil, false
		}
	}
	return all, true
}

func (t template) hasType() bool {
	return slices.ContainsFunc(t, func(p part) bool { return p.isType })
}

// cover says whether the subject wide stands for all that narrow stands for, as tokens with * among them.
func cover(wide, narrow []string) bool {
	return fit(wide, narrow, func(w, n string) bool { return w == "*" || w == n })
}

// overlap says whether some subject fits both.
func overlap(a, b []string) bool {
	return fit(a, b, func(x, y string) bool { return x == "*" || y == "*" || x == y })
}

func fit(a, b []string, fits func(x, y string) bool) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !fits(a[i], b[i]) {
			return false
		}
	}
	return true
}
