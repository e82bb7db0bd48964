package route

import (
	"math/bits"
	"slices"

	"github.com/meetbus/meetbus/schemas"
)

// typeSet is a set of types: a bit for each of the catalogue, in its order, and the next one for all that are not in it.
type typeSet uint64

var (
	catalogue       = schemas.Catalogue()
	unmappedTypes   = typeSet(1) << len(catalogue)
	everyType       = unmappedTypes<<1 - 1
	typesWithStatus = func() (set typeSet) {
		for i, t := range catalogue {
			if schemas.HasStatus(t.Name) {
				set |= 1 << i
			}
		}
		return set
	}()
	bitOf = func() map[string]typeSet {
		if len(catalogue) > 62 {
			panic("the catalogue has outgrown typeSet")
		}
		all := map[string]typeSet{}
		for i, t := range catalogue {
			all[t.Name] = 1 << i
		}
		return all
	}()
)

// setOf returns the set that a type is in.
func setOf(typ string) typeSet {
	if set, known := bitOf[typ]; known {
		return set
	}
	return unmappedTypes
}

// each calls f with every type of the set, as a set of its own.
func (s typeSet) each(f func(typeSet)) {
	for ; s != 0; s &= s - 1 {
		f(s & -s)
	}
}

// typePattern is what {type} can stand for, for one type: with * for each token that depends on the event.
func typePattern(one typeSet) string {
	if one == unmappedTypes {
		return unmapped + "*.*"
	}
	return typeForm(one)
}

// typeForm is typePattern with the attributes whose tokens depend on the event.
func typeForm(one typeSet) string {
	if one == unmappedTypes {
		return unmapped + braced("provider") + "." + braced("providertype")
	}
	return catalogue[bits.TrailingZeros64(uint64(one))].Name
}

// typesLike returns the types that a glob fits. The types that are not in the catalogue begin with the name of a provider.
func (c *compiler) typesLike(g Glob) typeSet {
	var fit typeSet
	for i, t := range catalogue {
		if g.Matches(t.Name) {
			fit |= 1 << i
		}
	}
	if slices.ContainsFunc(c.values["provider"], func(p string) bool { return g.canBegin(p + ".") }) {
		fit |= unmappedTypes
	}
	return fit
}

// reach sets the types that come to each rule, and returns those that come to the default. What an earlier rule takes whatever
// else an event says does not come to a later one.
func (c *compiler) reach(rules []rule) (rest typeSet) {
	rest = everyType
	for i := range rules {
		r := &rules[i]
		r.reach = r.match.types & rest
		if !r.unread {
			rest &^= c.takes(r)
		}
	}
	return rest
}

// takes returns the types of which a rule takes every event.
func (c *compiler) takes(r *rule) typeSet {
	if r.conditional || slices.ContainsFunc(r.match.others, func(o condition) bool { return !c.always(o) }) {
		return 0
	}
	taken := r.match.types
	for _, p := range c.values["provider"] {
		if r.match.typed && !anyOf(r.match.typeGlobs, func(g Glob) bool { return g.covers(Glob(p + ".*")) }) {
			taken &^= unmappedTypes
		}
	}
	return taken
}

// always says whether a condition holds of every event: it lists all values that the attribute can have.
func (c *compiler) always(o condition) bool {
	values := c.values[o.attribute.Name]
	return len(values) > 0 && !slices.ContainsFunc(values, func(value string) bool { return !o.has(value) })
}

// takesKnown says of events of a type, of which some attributes are known to have one of some values, whether the rule may take one,
// and whether it must take every one that comes to it.
func (r *rule) takesKnown(known map[string][]string, one typeSet) (may, must bool) {
	if r.reach&one == 0 {
		return false, false
	}
	must = !r.conditional
	if one == unmappedTypes && r.match.typed {
		begins := func(g Glob) bool { return g.canBegin(known["provider"][0] + ".") }
		if !anyOf(r.match.typeGlobs, begins) {
			return false, false
		}
		must = must && anyOf(r.match.typeGlobs, func(g Glob) bool { return g.covers(Glob(known["provider"][0] + ".*")) })
	}
	for _, o := range r.match.others {
		values, some := known[o.attribute.Name], false
		for _, value := range values {
			has := o.has(value)
			some, must = some || has, must && has
		}
		must = must && len(values) > 0
		if len(values) > 0 && !some {
			return false, false
		}
	}
	return true, must
}
