package route

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/meetbus/meetbus/schemas"
)

// DefaultTemplate is the subject of what no rule matches, unless the mapping says another.
const DefaultTemplate = "{type}"

// Mapping is what a configuration says of subjects, unread.
type Mapping struct {
	// Prefix stands before every subject, with a dot between; empty for none.
	Prefix string
	// Default is the template of what no rule matches.
	Default string
	// Rules are looked at in their order: the first that matches counts.
	Rules []Rule
	// Providers and Endpoints are the names that there are: a value of a match that fits none of them is a fault.
	Providers, Endpoints []string
	// Types has, by provider, the types of the catalogue that its events can have; a provider that is not in it can have all.
	Types map[string][]string
	// Envelope is how events will be written, without the prefix of types: rules see the types of the catalogue.
	Envelope schemas.Envelope
}

// Rule says where the events that it matches belong.
type Rule struct {
	// Match wants every attribute that it names to have one of the values listed, in which * stands for any text. An absent
	// attribute has none. Without it, every event matches.
	Match map[string][]string
	// When, if not empty, is a condition in CloudEvents SQL that must be true as well.
	When string
	// Subject is the template of the subject; Drop says that the event is not stored. It is one of the two.
	Subject string
	Drop    bool
}

// say is the rule in one line.
func (r Rule) say(place int) string {
	said := []string{fmt.Sprintf("subjects.rules[%d]:", place)}
	for _, name := range slices.Sorted(maps.Keys(r.Match)) {
		said = append(said, name+" "+strings.Join(r.Match[name], " or "))
	}
	if r.When != "" {
		said = append(said, "when "+r.When)
	}
	if r.Drop {
		return strings.Join(append(said, "→ drop"), " ")
	}
	return strings.Join(append(said, "→ "+r.Subject), " ")
}

// Fault is something that is wrong with a mapping. Its message repeats no value of the mapping, except names of attributes and
// types: the values may be secrets.
type Fault struct {
	// Path of what is wrong, as in rules[2].match.type[0], prefix or default.
	Path string
	// Message says what is wrong, and what would be right.
	Message string
}

// findings collects what is wrong.
type findings []Fault

func (f *findings) report(path, format string, args ...any) {
	*f = append(*f, Fault{Path: path, Message: fmt.Sprintf(format, args...)})
}

func item(list string, i int) string { return fmt.Sprintf("%s[%d]", list, i) }

func rulePath(i int, key string) string { return item("rules", i) + "." + key }
