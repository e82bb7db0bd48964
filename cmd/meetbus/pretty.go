package main

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/relay/bus"
)

// lenient reads whatever JSON is on the bus.
var lenient = json.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))

// envelope is what tail reads of a CloudEvent.
type envelope struct {
	SpecVersion string         `json:"specversion"`
	Type        string         `json:"type"`
	Time        string         `json:"time"`
	Provider    string         `json:"provider"`
	Verified    bool           `json:"verified"`
	MeetingID   string         `json:"meetingid"`
	Status      string         `json:"status"`
	Data        jsontext.Value `json:"data"`
}

// open reads the envelope of a message; false if it holds no CloudEvent in JSON.
func open(m bus.Stored) (envelope, bool) {
	var e envelope
	err := json.Unmarshal(m.Data, &e, lenient)
	return e, err == nil && e.SpecVersion != ""
}

// pretty writes events for people: a headline each, and the data below it. The provider's payload is left out.
type pretty struct {
	zone *time.Location
	// color is for terminals.
	color bool
}

func (p pretty) write(w io.Writer, m bus.Stored) error {
	var b bytes.Buffer
	if e, ok := open(m); ok {
		p.event(&b, m, e)
	} else {
		fmt.Fprintf(&b, "%s  %s  no CloudEvent in JSON, %d bytes\n", p.clock(m.Time), p.bold(printable(m.Subject)), len(m.Data))
		p.row(&b, place(m), "")
	}
	_, err := w.Write(b.Bytes())
	return err
}

func (p pretty) event(b *bytes.Buffer, m bus.Stored, e envelope) {
	happened, err := time.Parse(time.RFC3339, e.Time)
	if err != nil {
		happened = m.Time
	}
	groups := groupsIn(e.Data)
	headline := []string{p.clock(happened), p.bold(printable(e.Type))}
	headline = append(headline, filled(printable(e.Status), about(groups))...)
	fmt.Fprintln(b, strings.Join(headline, "  "))

	origin := filled(printable(e.Provider), verdict(e.Verified))
	if m.Subject != e.Type {
		origin = append(origin, "subject "+printable(m.Subject))
	}
	p.row(b, place(m), strings.Join(origin, "  "))
	for _, g := range groups {
		label := g.name
		for _, line := range wrapped(g.pairs()) {
			p.row(b, label, line)
			label = ""
		}
	}
}

// wrapped joins pairs to lines that are easy to read, each pair whole.
func wrapped(pairs []string) []string {
	const width = 100
	lines := pairs[:1:1]
	for _, pair := range pairs[1:] {
		if last := &lines[len(lines)-1]; len(*last)+len(pair) < width {
			*last += "  " + pair
		} else {
			lines = append(lines, pair)
		}
	}
	return lines
}

// row writes a line of an event: what it is about, in a column of its own, and the rest.
func (p pretty) row(b *bytes.Buffer, label, rest string) {
	const column = 13
	label = fmt.Sprintf("%-*s", column, label)
	if p.color {
		label = "\x1b[2m" + label + "\x1b[0m"
	}
	fmt.Fprintln(b, strings.TrimRight("  "+label+"  "+rest, " "))
}

func (p pretty) bold(s string) string {
	if p.color {
		return "\x1b[1m" + s + "\x1b[0m"
	}
	return s
}

func (p pretty) clock(t time.Time) string { return t.In(p.zone).Format("2006-01-02 15:04:05") }

func place(m bus.Stored) string { return fmt.Sprintf("%s:%d", printable(m.Stream), m.Sequence) }

func verdict(verified bool) string {
	if verified {
		return "verified"
	}
	return "not verified"
}

// about says who and which meeting a headline is about, as people call them.
func about(groups []group) string {
	var names []string
	for _, wanted := range []struct{ group, name string }{{"participant", "name"}, {"meeting", "title"}} {
		for _, g := range groups {
			if g.name == wanted.group {
				names = append(names, filled(g.value(wanted.name))...)
			}
		}
	}
	return strings.Join(names, " in ")
}

func filled(words ...string) []string {
	var kept []string
	for _, w := range words {
		if w != "" {
			kept = append(kept, w)
		}
	}
	return kept
}

// group is one member of an event's data: meeting, participant, …; its fields have dotted names.
type group struct {
	name   string
	fields []field
}

type field struct{ name, value string }

func (g group) value(name string) string {
	for _, f := range g.fields {
		if f.name == name {
			return f.value
		}
	}
	return ""
}

func (g group) pairs() []string {
	var pairs []string
	for _, f := range g.fields {
		pairs = append(pairs, strings.TrimSpace(f.name+" "+f.value))
	}
	return pairs
}

// groupsIn returns the members of an event's data that have something to show, in their order, without the original payload.
func groupsIn(data jsontext.Value) []group {
	var groups []group
	for _, m := range membersOf(data) {
		if m.name == "original" {
			continue
		}
		g := group{name: printable(m.name)}
		if g.collect("", m.name, m.value, 0); len(g.fields) > 0 {
			groups = append(groups, g)
		}
	}
	return groups
}

// collect adds what v holds under a path; name is the innermost name there.
func (g *group) collect(path, name string, v jsontext.Value, depth int) {
	const deepest, longest = 4, 8
	switch members := membersOf(v); {
	case normalize.IsStreamKey(name):
		g.add(path, "***")
	case v.Kind() == 'n':
	case v.Kind() == '"':
		var s string
		if json.Unmarshal(v, &s, lenient) == nil && s != "" {
			g.add(path, shortened(withoutQuery(printable(s))))
		}
	case v.Kind() != '{' && v.Kind() != '[':
		g.add(path, shortened(printable(string(v))))
	case depth == deepest:
		g.add(path, "…")
	default:
		for i, m := range members {
			if i == longest && v.Kind() == '[' {
				g.add(path, fmt.Sprintf("… %d more", len(members)-i))
				break
			}
			g.collect(strings.TrimPrefix(path+"."+m.name, "."), cmp.Or(m.name, name), m.value, depth+1)
		}
	}
}

func (g *group) add(name, value string) { g.fields = append(g.fields, field{printable(name), value}) }

// withoutQuery cuts the query off a URL: it is long, and often the signature that lets everybody read the file.
func withoutQuery(s string) string {
	before, _, cut := strings.Cut(s, "?")
	if cut && strings.Contains(before, "://") {
		return before + "?…"
	}
	return s
}

type member struct {
	name  string
	value jsontext.Value
}

// membersOf returns the members of an object, or the elements of an array, numbered; nothing of any other value.
func membersOf(v jsontext.Value) []member {
	if k := v.Kind(); k != '{' && k != '[' {
		return nil
	}
	d := jsontext.NewDecoder(bytes.NewReader(v), lenient)
	if _, err := d.ReadToken(); err != nil {
		return nil
	}
	var members []member
	for {
		name := fmt.Sprint(len(members))
		if v.Kind() == '{' {
			token, err := d.ReadToken()
			if err != nil || token.Kind() != '"' {
				return members
			}
			name = token.String()
		}
		value, err := d.ReadValue()
		if err != nil {
			return members
		}
		members = append(members, member{name, value.Clone()})
	}
}
