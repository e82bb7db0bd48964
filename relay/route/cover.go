package route

import "slices"

// covered reports rules that nothing comes to: an earlier one covers them, or several do together.
func (c *compiler) covered(rules []rule) {
	known := newCovers()
	for i := range rules {
		r := &rules[i]
		if r.unread {
			continue
		}
		switch by := known.of(rules, r); {
		case by >= 0:
			c.report(item("rules", i), "is never reached: subjects.%s takes every event that it matches", item("rules", by))
		case r.reach == 0 && r.match.types != 0:
			c.report(item("rules", i), "is never reached: the rules before it take every event that it matches")
		default:
			known.add(rules, i)
		}
	}
}

// covers finds an earlier rule that covers a later one without comparing all of them: it keeps a rule under the literals of one
// of its attributes, of which the later one has the first of its own.
type covers struct {
	byLiteral map[keyed][]int
	others    []int
}

// keyed is an attribute and one of its values.
type keyed struct{ name, value string }

func newCovers() *covers { return &covers{byLiteral: map[keyed][]int{}} }

func (k *covers) add(rules []rule, i int) {
	r := &rules[i]
	if r.conditional {
		return // nobody knows what it leaves
	}
	at := slices.IndexFunc(r.match.others, func(o condition) bool { return o.literals != nil })
	if at < 0 {
		k.others = append(k.others, i)
		return
	}
	o := r.match.others[at]
	for _, value := range o.literals {
		key := keyed{o.attribute.Name, value}
		k.byLiteral[key] = append(k.byLiteral[key], i)
	}
}

// of returns the first rule that covers r, or -1.
func (k *covers) of(rules []rule, r *rule) int {
	first := -1
	look := func(indices []int) {
		for _, i := range indices {
			if (first < 0 || i < first) && rules[i].covers(r) {
				first = i
				return
			}
		}
	}
	look(k.others)
	for _, o := range r.match.others {
		look(k.byLiteral[keyed{o.attribute.Name, string(o.globs[0])}])
	}
	return first
}

// covers says whether r, which has no condition, matches whatever later matches.
func (r *rule) covers(later *rule) bool {
	if later.match.types&^r.match.types != 0 {
		return false
	}
	if r.match.typed && later.match.types&unmappedTypes != 0 && !coverAll(r.match.typeGlobs, later.match.unmappedGlobs()) {
		return false
	}
	for _, o := range r.match.others {
		at := slices.IndexFunc(later.match.others, func(l condition) bool { return l.attribute.Name == o.attribute.Name })
		if at < 0 || !coverAll(o.globs, later.match.others[at].globs) {
			return false
		}
	}
	return true
}

// unmappedGlobs are the globs that the names of unmapped types must fit.
func (m match) unmappedGlobs() []Glob {
	if !m.typed {
		return []Glob{"*"}
	}
	return m.typeGlobs
}

func coverAll(wide, narrow []Glob) bool {
	return !slices.ContainsFunc(narrow, func(n Glob) bool {
		return !anyOf(wide, func(w Glob) bool { return w.covers(n) })
	})
}
