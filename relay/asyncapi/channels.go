package asyncapi

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/relay/route"
	"github.com/meetbus/meetbus/schemas"
)

// destination is one form of subject, and what can have it.
type destination struct {
	form, filter string
	// types of event, in the order of the catalogue; schemas.SchemaUnmapped stands for all that are not in it.
	types []string
	// rules by their index, ascending; -1 is the default.
	rules     []int
	providers []string
}

// happening is one event of one provider, and the type that it becomes.
type happening struct {
	provider normalize.Provider
	event    string
	typ      string
}

// happenings are all that can come, in the order of the catalogue; what is not in it comes last.
func happenings() []happening {
	order := map[string]int{}
	for i, t := range schemas.Catalogue() {
		order[t.Name] = i
	}
	order[schemas.SchemaUnmapped] = len(order)
	var all []happening
	for _, s := range normalize.Samples() {
		all = append(all, happening{s.Provider, s.Event, s.Type})
	}
	for _, p := range normalize.Providers() {
		all = append(all, happening{p, "", schemas.SchemaUnmapped})
	}
	slices.SortStableFunc(all, func(a, b happening) int { return order[a.typ] - order[b.typ] })
	return all
}

// destinations returns every form of subject that an event can have, and notes what the rules do.
func (b *builder) destinations() []*destination {
	var all []*destination
	byForm := map[string]*destination{}
	for _, h := range happenings() {
		for _, p := range b.Table.Possible(h.provider.Known(h.event, h.typ)) {
			b.Ruled = b.Ruled || p.Rule >= 0
			if b.Dropped = b.Dropped || p.Drop; p.Drop {
				continue
			}
			d := byForm[p.Form]
			if d == nil {
				d = &destination{form: p.Form, filter: p.Subject}
				byForm[p.Form] = d
				all = append(all, d)
			}
			d.types, d.rules = with(d.types, h.typ), with(d.rules, p.Rule)
			d.providers = with(d.providers, h.provider.Name)
		}
	}
	return all
}

// with returns a list that has one, too.
func with[T comparable](list []T, one T) []T {
	if slices.Contains(list, one) {
		return list
	}
	return append(list, one)
}

// addChannels adds a channel for each destination, and one for dead letters where subscribers can read them. The examples must
// be there.
func (b *builder) addChannels(destinations []*destination) {
	for _, d := range destinations {
		b.addChannel(d, b.Stream.Name, b.chosenBy(d.rules))
	}
	if b.DeadLetters != "" {
		d := &destination{
			form: b.Table.DeadLetterForm(), filter: b.Table.DeadLetterSubjects()[0],
			types: []string{schemas.TypeDeadLetter}, providers: providers(),
		}
		b.addChannel(d, b.DeadLetters, "For whoever runs the relay. No rule chooses this subject.")
	}
}

func (b *builder) addChannel(d *destination, stream, why string) {
	name := b.channelName(d.form)
	c := channel{Address: d.form, Title: d.form, Description: why, Parameters: b.parameters(d)}
	o := operation{
		Action: "send", Channel: ref{"#/channels/" + name}, Title: d.form, Summary: d.summary(),
		Bindings: bindings{natsBinding{"0.1.0", stream, d.filter}},
	}
	for _, typ := range d.types {
		c.Messages.add(typ, ref{"#/components/messages/" + typ})
		o.Messages = append(o.Messages, ref{o.Channel.To + "/messages/" + typ})
	}
	b.Channels.add(name, c)
	b.Operations.add("send."+name, o)
}

// channelName names a channel as references can: by its form without the braces. A literal may look like a placeholder.
func (b *builder) channelName(form string) string {
	name := strings.NewReplacer("{", "", "}", "").Replace(form)
	for {
		if _, taken := b.Channels.find(name); !taken {
			return name
		}
		name += "_"
	}
}

// chosenBy says why events have a subject. Where no rule counts, there is nothing to say.
func (b *builder) chosenBy(rules []int) string {
	var by []string
	for _, rule := range rules {
		if rule >= 0 {
			by = append(by, fmt.Sprintf("`subjects.rules[%d]`", rule))
		}
	}
	const elsewhere = "no rule puts elsewhere"
	switch {
	case !b.Ruled:
		return ""
	case len(by) == 0:
		return "For events that " + elsewhere + "."
	case len(by) < len(rules):
		return "For events that are put here by " + strings.Join(by, ", ") + ", or that " + elsewhere + "."
	}
	return "For events that are put here by " + strings.Join(by, ", ") + "."
}

// summary says what an operation sends: what the only type is about, or the types.
func (d *destination) summary() string {
	if len(d.types) == 1 {
		return summaries[d.types[0]]
	}
	return fmt.Sprintf("Events of %d types.", len(d.types))
}

var placeholder = regexp.MustCompile(`\{([a-z0-9]+)\}`)

// parameters returns what the placeholders of a destination stand for.
func (b *builder) parameters(d *destination) members[parameter] {
	var all members[parameter]
	for _, found := range placeholder.FindAllStringSubmatch(d.form, -1) {
		name := found[1]
		if _, twice := all.find(name); twice {
			continue
		}
		attribute, _ := schemas.AttributeNamed(name) // which the table has checked
		p := parameter{Description: attribute.About, Examples: b.tokens(d, attribute)}
		if name == "provider" {
			p.Enum = d.providers
		}
		all.add(name, p)
	}
	return all
}

// tokens returns one that the attribute becomes in an example of the destination, if there is one.
func (b *builder) tokens(d *destination, attribute schemas.Attribute) []string {
	for _, typ := range d.types {
		for _, e := range b.events[typ] {
			if value := attribute.Of(b.Envelope, e); value != "" {
				return []string{route.Token(value)}
			}
		}
	}
	return nil
}
