package route

import (
	"iter"
	"slices"

	"github.com/meetbus/meetbus/schemas"
)

// index finds the rules that may match an event, in their order, without looking at all of them. A rule stands under each value
// of one of its attributes: the one, of those with literals or beginnings of values (m-*) only, that has the most different ones
// among all rules. Without such an attribute, it stands under each of its types.
type index struct {
	byValue []valueIndex
	byType  map[typeSet][]int32
}

// valueIndex has the rules under the values of one attribute, and under the beginnings of values.
type valueIndex struct {
	attribute schemas.Attribute
	whole     map[string][]int32
	begun     map[string][]int32
	// lengths are those of the beginnings.
	lengths []int
}

func newIndex(rules []rule) index {
	x := index{byType: map[typeSet][]int32{}}
	varied := variety(rules)
	for i := range rules {
		m := rules[i].match
		chosen := -1
		for at, o := range m.others {
			if o.indexable() && (chosen < 0 || varied[o.attribute.Name] > varied[m.others[chosen].attribute.Name]) {
				chosen = at
			}
		}
		if chosen >= 0 {
			x.of(m.others[chosen].attribute).add(m.others[chosen].globs, int32(i))
			continue
		}
		rules[i].reach.each(func(one typeSet) { x.byType[one] = append(x.byType[one], int32(i)) })
	}
	return x
}

// indexable says whether all values are literals or beginnings.
func (c condition) indexable() bool {
	return !anyOf(c.globs, func(g Glob) bool { return g.beginning() == "" })
}

// variety counts the different values of each attribute.
func variety(rules []rule) map[string]int {
	seen, count := map[keyed]bool{}, map[string]int{}
	for _, r := range rules {
		for _, o := range r.match.others {
			for _, g := range o.globs {
				if key := (keyed{o.attribute.Name, string(g)}); !seen[key] {
					seen[key] = true
					count[key.name]++
				}
			}
		}
	}
	return count
}

func (x *index) of(a schemas.Attribute) *valueIndex {
	for i := range x.byValue {
		if x.byValue[i].attribute.Name == a.Name {
			return &x.byValue[i]
		}
	}
	x.byValue = append(x.byValue, valueIndex{attribute: a, whole: map[string][]int32{}, begun: map[string][]int32{}})
	return &x.byValue[len(x.byValue)-1]
}

func (x *valueIndex) add(globs []Glob, rule int32) {
	for _, g := range globs {
		in, value := x.whole, g.beginning()
		if !g.Literal() {
			in = x.begun
			if !slices.Contains(x.lengths, len(value)) {
				x.lengths = append(x.lengths, len(value))
			}
		}
		if n := len(in[value]); n == 0 || in[value][n-1] != rule { // a value may be listed twice
			in[value] = append(in[value], rule)
		}
	}
}

// lists appends the rules that stand under value, ascending in each list.
func (x *valueIndex) lists(to [][]int32, value string) [][]int32 {
	if list := x.whole[value]; len(list) > 0 {
		to = append(to, list)
	}
	for _, n := range x.lengths {
		if n <= len(value) && len(x.begun[value[:n]]) > 0 {
			to = append(to, x.begun[value[:n]])
		}
	}
	return to
}

// candidates yields the indices of the rules that may match an event of a type, ascending, each once. The caller must check them.
func (x *index) candidates(v schemas.Envelope, e *schemas.Event, one typeSet) iter.Seq[int] {
	return func(yield func(int) bool) {
		var room [8][]int32
		lists := append(room[:0], x.byType[one])
		for i := range x.byValue {
			if value := x.byValue[i].attribute.Of(v, e); value != "" {
				lists = x.byValue[i].lists(lists, value)
			}
		}
		for last := int32(-1); ; {
			least := -1
			for i, list := range lists {
				if len(list) > 0 && (least < 0 || list[0] < lists[least][0]) {
					least = i
				}
			}
			if least < 0 {
				return
			}
			rule := lists[least][0]
			lists[least] = lists[least][1:]
			if rule != last && !yield(int(rule)) {
				return
			}
			last = rule
		}
	}
}
