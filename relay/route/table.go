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
	// conditional says that there is a condition, readable or not.
	conditional bool
	// unread says that the match could not be read: such a rule is left out of what is said about several.
	unread bool
	// reach are the types of which an event may come to this rule.
	reach typeSet
	// said is the rule for people to read.
	said string
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
	// values are all that an attribute can have, where that is known; made are the types that a provider's events can have.
	values map[string][]string
	made   map[string]typeSet
	prefix template
}

func (c *compiler) warn(path, format string, args ...any) { c.warnings.report(path, format, args...) }

// Compile reads a mapping. With faults there is no table; they are in no particular order.
func Compile(m Mapping) (*Table, []Fault) {
	c := &compiler{values: map[string][]string{
		"provider": m.Providers, "endpoint": m.Endpoints, "verified": {"true", "false"},
	}, made: madeBy(m)}
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
	if len(t.subjects) == 0 && len(c.findings) == 0 {
		c.report("rules", "drop every event there is: nothing would be stored")
	}
	if len(c.findings) > 0 {
		return nil, c.findings
	}
	t.index = newIndex(t.rules)
	t.warnings = c.warnings
	return t, nil
}

func madeBy(m Mapping) map[string]typeSet {
	made := map[string]typeSet{}
	for provider, types := range m.Types {
		made[provider] = unmappedTypes
		for _, name := range types {
			made[provider] |= setOf(name)
		}
	}
	return made
}

func (c *compiler) rule(written Rule, i int) rule {
	before := len(c.findings)
	r := rule{
		match: c.match(written.Match, rulePath(i, "match")), drop: written.Drop, conditional: written.When != "", said: written.say(i),
	}
	r.unread = len(c.findings) > before
	if r.conditional {
		w, err := newWhen(written.When)
		if err != nil {
			c.report(rulePath(i, "when"), "%v", err)
		}
		r.when = w
	}
	switch {
	case written.Drop && written.Subject != "":
		c.report(rulePath(i, "subject"), "stands beside drop: true; a rule has one of them")
	case written.Drop && len(written.Match) == 0 && !r.conditional:
		c.report(rulePath(i, "drop"), `drops every event that comes to the rule: write match: { type: "*" } if that is meant`)
	case written.Subject == "" && !written.Drop:
		c.report(rulePath(i, "subject"), "must be given, or drop: true instead")
	case written.Subject != "":
		if subject, ok := c.template(written.Subject, rulePath(i, "subject")); ok {
			r.subject = c.unreserved(subject, rulePath(i, "subject"))
		}
	}
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

// Said is a rule for people to read, with its place in the configuration.
func (t *Table) Said(rule int) string { return t.rules[rule].said }

// DeadLetter returns the subject of a dead letter of a provider. No rule sees it.
func (t *Table) DeadLetter(provider string) string { return t.prefix + deadLetters + Token(provider) }

// Possibility is what may become of events of which not all is known.
type Possibility struct {
	// Decision has * in its subject for each token that depends on the event.
	Decision
	// Form is the subject with the name of the attribute that such a token is made of, in braces: {meetingid}.
	Form string
}

// Possible returns what may become of events of which only some attributes are known: of each, all values that it can have, and of
// type one. A type that is not in the catalogue stands for all such. The possibilities are in the order of the rules.
func (t *Table) Possible(known map[string][]string) []Possibility {
	one := setOf(known["type"][0])
	to := func(rule int, subject template) Possibility {
		return Possibility{Decision{Subject: subject.pattern(one), Rule: rule}, subject.form(one)}
	}
	var possible []Possibility
	for i := range t.rules {
		r := &t.rules[i]
		may, must := r.takesKnown(known, one)
		if !may {
			continue
		}
		p := Possibility{Decision: Decision{Rule: i, Drop: true}}
		if !r.drop {
			p = to(i, r.subject)
		}
		if possible = append(possible, p); must {
			return possible
		}
	}
	return append(possible, to(-1, t.otherwise))
}
