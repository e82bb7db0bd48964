package route

import (
	"github.com/meetbus/meetbus/schemas"
)

// Table is a mapping that was checked. It is read-only, and may be asked by several goroutines at once.
type Table struct {
	envelope schemas.Envelope
	// prefix ends in a dot, if there is one.
	prefix    string
	rules     []rule
	otherwise template
	index     index
	subjects  []string
	warnings  []Fault
}

// rule is a rule that was read.
type rule struct {
	match   match
	when    *when
	subject template
	drop    bool
	// reach are the types of which an event may come to this rule.
	reach typeSet
	// faulty rules are left out of what is said about several.
	faulty bool
}

// Decision is where an event belongs.
type Decision struct {
	// Subject is empty if the event is dropped.
	Subject string
	Drop    bool
	// Rule is the index of the rule that matched; -1 is the default.
	Rule int
	// Failed are the rules whose condition could not be told, so that they did not match.
	Failed []int
}

// compiler reads a mapping, and goes on after a fault.
type compiler struct {
	findings
	warnings findings
	// values are all that an attribute can have, where that is known.
	values map[string][]string
	prefix template
}

func (c *compiler) warn(path, format string, args ...any) { c.warnings.report(path, format, args...) }

// Compile reads a mapping. With faults there is no table; they are in no particular order.
func Compile(m Mapping) (*Table, []Fault) {
	c := &compiler{values: map[string][]string{
		"provider": m.Providers, "endpoint": m.Endpoints, "verified": {"true", "false"},
	}}
	c.prefix = c.literals(m.Prefix, "prefix")
	if c.prefix.reserved() {
		c.report("prefix", "must not begin with _: servers and clients keep such subjects for themselves")
	}
	t := &Table{envelope: m.Envelope}
	t.envelope.TypePrefix = ""
	if m.Prefix != "" {
		t.prefix = m.Prefix + "."
	}
	if subject, ok := c.template(m.Default, "default"); ok {
		t.otherwise = c.unreserved(subject, "default")
	}
	for i, written := range m.Rules {
		t.rules = append(t.rules, c.rule(written, i))
	}
	rest := c.reach(t.rules)
	c.covered(t.rules)
	t.subjects = c.subjects(t, rest)
	if len(c.findings) > 0 {
		return nil, c.findings
	}
	t.index = newIndex(t.rules)
	t.warnings = c.warnings
	return t, nil
}

func (c *compiler) rule(written Rule, i int) rule {
	before := len(c.findings)
	r := rule{match: c.match(written.Match, rulePath(i, "match")), drop: written.Drop}
	if written.When != "" {
		w, err := newWhen(written.When)
		if err != nil {
			c.report(rulePath(i, "when"), "%v", err)
		}
		r.when = w
	}
	switch {
	case written.Drop && written.Subject != "":
		c.report(rulePath(i, "subject"), "stands beside drop: true; a rule has one of them")
	case written.Subject == "" && !written.Drop:
		c.report(rulePath(i, "drop"), "must be true, or a subject be given")
	case written.Subject != "":
		if subject, ok := c.template(written.Subject, rulePath(i, "subject")); ok {
			r.subject = c.unreserved(subject, rulePath(i, "subject"))
		}
	}
	r.faulty = len(c.findings) > before
	return r
}

// unreserved reports a subject that begins like those of servers and clients. A prefix is reported once, for itself.
func (c *compiler) unreserved(t template, path string) template {
	if len(c.prefix) == 0 && t.reserved() {
		c.report(path, "must not begin with _: servers and clients keep such subjects for themselves")
	}
	return t
}

// Warnings returns what is allowed and may yet be a mistake.
func (t *Table) Warnings() []Fault { return t.warnings }

// Route returns where an event belongs: by the first rule that matches, else by the default. Dead letters are not for it.
func (t *Table) Route(e *schemas.Event) Decision {
	var sql question
	d, one := Decision{Rule: -1}, setOf(e.Type)
	for i := range t.index.candidates(t.envelope, e, one) {
		r := &t.rules[i]
		if !r.match.holds(t.envelope, e, one) {
			continue
		}
		if r.when != nil {
			holds, err := sql.ask(r.when, t.envelope, e)
			if err != nil {
				d.Failed = append(d.Failed, i)
			}
			if !holds {
				continue
			}
		}
		d.Rule, d.Drop = i, r.drop
		if !r.drop {
			d.Subject = r.subject.render(t.envelope, e)
		}
		return d
	}
	d.Subject = t.otherwise.render(t.envelope, e)
	return d
}

// DeadLetter returns the subject of a dead letter of a provider. No rule sees it.
func (t *Table) DeadLetter(provider string) string { return t.prefix + deadLetters + Token(provider) }

// Possible returns what may become of events of a provider and a type, the empty type being every one that is not in the
// catalogue: in the order of the rules, with * for what depends on the event.
func (t *Table) Possible(provider, typ string) []Decision {
	set := setOf(typ)
	var possible []Decision
	for i, r := range t.rules {
		if r.reach&set == 0 || !r.match.mayBe(provider, set) {
			continue
		}
		d := Decision{Rule: i, Drop: r.drop}
		if !r.drop {
			d.Subject = r.subject.pattern(typePattern(set))
		}
		possible = append(possible, d)
		if r.definite(provider, set) {
			return possible
		}
	}
	return append(possible, Decision{Rule: -1, Subject: t.otherwise.pattern(typePattern(set))})
}
