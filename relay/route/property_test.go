package route

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/meetbus/meetbus/schemas"
)

// drawMapping draws a mapping that may have any fault.
func drawMapping(t *rapid.T) Mapping {
	values := map[string][]string{
		"type":      {"meeting.*", "*", "recording.statusUpdate", "hls.*", "*.statusUpdate", "dyte.*", "call.*", "meeting.started", "videosdk.waved"},
		"provider":  {"dyte", "videosdk", "r*"},
		"meetingid": {"m-1", "m-2", "m-*", "*"},
		"status":    {"LIVE", "UPLOADED", "*"},
		"verified":  {"true", "false"},
		"endpoint":  {"main", "o*"},
	}
	template := rapid.Custom(func(t *rapid.T) string {
		tokens := rapid.SliceOfN(rapid.SampledFrom([]string{"{type}", "{meetingid}", "{status}", "{provider}", "{providertype}", "a", "b"}), 0, 4)
		return strings.Join(append([]string{rapid.SampledFrom([]string{"a", "b", "c", "{type}"}).Draw(t, "first")}, tokens.Draw(t, "rest")...), ".")
	})
	m := mapping()
	m.Prefix = rapid.SampledFrom([]string{"", "acme", "acme.prod"}).Draw(t, "prefix")
	m.Default = rapid.OneOf(rapid.Just("{type}"), template).Draw(t, "default")
	for range rapid.IntRange(0, 5).Draw(t, "rules") {
		r := Rule{Match: map[string][]string{}}
		for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"type", "provider", "meetingid", "status", "verified", "endpoint"}), 0, 3, rapid.ID[string]).Draw(t, "keys") {
			r.Match[name] = rapid.SliceOfN(rapid.SampledFrom(values[name]), 1, 3).Draw(t, name)
		}
		r.When = rapid.SampledFrom([]string{"", "", "verified", "EXISTS meetingid", "status = 'LIVE'", "INT(meetingid) > 1"}).Draw(t, "when")
		if r.Drop = rapid.Bool().Draw(t, "drop"); !r.Drop {
			r.Subject = template.Draw(t, "subject")
		}
		m.Rules = append(m.Rules, r)
	}
	return m
}

// drawEvent draws an event as package normalize makes them, with any bytes in the provider's texts.
func drawEvent(t *rapid.T) schemas.Event {
	text := rapid.OneOf(rapid.SampledFrom([]string{"", "m-1", "m-2", "x", "LIVE", ">", "*", "a.b", "7"}),
		rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }))
	e := schemas.Event{
		ID: "1", Source: "https://dyte.io", Provider: rapid.SampledFrom(providers).Draw(t, "provider"),
		ProviderType: text.Draw(t, "own name"), Endpoint: rapid.SampledFrom([]string{"main", "other"}).Draw(t, "endpoint"),
		Verified: rapid.Bool().Draw(t, "verified"), MeetingID: text.Draw(t, "meetingid"), SessionID: text.Draw(t, "sessionid"),
	}
	e.Type = rapid.OneOf(rapid.SampledFrom(typeNames()), rapid.Just(e.Provider+"."+e.ProviderType)).Draw(t, "type")
	if schemas.HasStatus(e.Type) && schemas.Known(e.Type) {
		e.Status = text.Draw(t, "status")
	}
	return e
}

// TestWhateverThePayload: every event is dropped by a rule that says so, or has a subject that exactly one of the stream's subjects
// holds and that has as many tokens as the rule; and it is the rule that looking at all of them in turn finds.
func TestWhateverThePayload(t *testing.T) {
	valid := 0
	rapid.Check(t, func(t *rapid.T) {
		m := drawMapping(t)
		table, faults := Compile(m)
		if len(faults) > 0 {
			if table != nil {
				t.Fatal("a table with faults")
			}
			return
		}
		valid++
		held := table.Subjects()
		for range 20 {
			e := drawEvent(t)
			d := table.Route(&e)
			if want := inTurn(table, &e); d.Rule != want {
				t.Fatalf("%+v goes by rule %d, want %d", e, d.Rule, want)
			}
			written := m.Default
			if d.Rule >= 0 {
				written = m.Rules[d.Rule].Subject
				if d.Drop != m.Rules[d.Rule].Drop {
					t.Fatalf("dropped: %v, against rule %d", d.Drop, d.Rule)
				}
			}
			if d.Drop {
				continue
			}
			if got, want := strings.Count(d.Subject, ".")+1, tokensOf(m.Prefix, written, &e); got != want {
				t.Fatalf("%q has %d tokens, and %q of rule %d has %d", d.Subject, got, written, d.Rule, want)
			}
			if n := holders(held, d.Subject); n != 1 {
				t.Fatalf("%d of the subjects %q hold %q of %+v", n, held, d.Subject, e)
			}
			if holders(table.DeadLetterSubjects(), d.Subject) > 0 {
				t.Fatalf("%q is a dead letter's", d.Subject)
			}
			known := map[string][]string{"provider": {e.Provider}, "type": {e.Type}, "endpoint": {e.Endpoint, "other"}, "verified": {"true", "false"}}
			if e.Status != "" {
				known["status"] = []string{e.Status}
			}
			if !slices.ContainsFunc(table.Possible(known), func(p Possibility) bool {
				return p.Rule == d.Rule && holders([]string{p.Subject}, d.Subject) == 1 && filled(p.Form, table.envelope, &e) == d.Subject
			}) {
				t.Fatalf("%+v is not among what is possible: %+v", d, table.Possible(known))
			}
		}
	})
	if valid < 10 {
		t.Errorf("only %d mappings were valid", valid)
	}
}

// filled puts the attributes of an event into the form of its subject.
func filled(form string, v schemas.Envelope, e *schemas.Event) string {
	tokens := strings.Split(form, ".")
	for i, token := range tokens {
		if a, named := schemas.AttributeNamed(strings.Trim(token, "{}")); named && strings.HasPrefix(token, "{") {
			tokens[i] = Token(a.Of(v, e))
		}
	}
	return strings.Join(tokens, ".")
}

// inTurn finds the rule without the index.
func inTurn(table *Table, e *schemas.Event) int {
	for i, r := range table.rules {
		if !r.match.holds(table.envelope, e, setOf(e.Type)) {
			continue
		}
		if r.when != nil {
			var q question
			if holds, err := q.ask(r.when, table.envelope, e); err != nil || !holds {
				continue
			}
		}
		return i
	}
	return -1
}

// tokensOf counts the tokens that a template has for an event, as people would.
func tokensOf(prefix, written string, e *schemas.Event) int {
	if prefix != "" {
		written = prefix + "." + written
	}
	typ := "t.t"
	if !schemas.Known(e.Type) {
		typ = "t.t.t.t"
	}
	return strings.Count(strings.ReplaceAll(written, "{type}", typ), ".") + 1
}

// holders counts the patterns, with * for a token, that stand for subject.
func holders(patterns []string, subject string) int {
	n := 0
	for _, p := range patterns {
		tokens := strings.Split(subject, ".")
		if cover(strings.Split(p, "."), tokens) && !slices.Contains(tokens, "") {
			n++
		}
	}
	return n
}

func TestOverlapAndCover(t *testing.T) {
	tokens := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "*"}), 1, 3)
	rapid.Check(t, func(t *rapid.T) {
		a, b := tokens.Draw(t, "a"), tokens.Draw(t, "b")
		covers, overlaps := true, false
		for _, s := range []string{"a", "b", "c"} {
			for _, s2 := range []string{"a", "b", "c"} {
				for _, s3 := range []string{"a", "b", "c"} {
					one := []string{s, s2, s3}[:len(b)]
					inA, inB := len(a) == len(one) && cover(a, one), cover(b, one)
					overlaps = overlaps || inA && inB
					covers = covers && (inA || !inB)
				}
			}
		}
		if cover(a, b) != covers || overlap(a, b) != overlaps {
			t.Fatalf("%q and %q: covers %v, overlaps %v", a, b, cover(a, b), overlap(a, b))
		}
	})
}

// BenchmarkRoute asks for events that a rule at the end, a condition, or no rule takes.
func BenchmarkRoute(b *testing.B) {
	for _, n := range []int{0, 1, 1000, 10000} {
		for name, rules := range map[string]func(i int) Rule{
			"literals": func(i int) Rule {
				return Rule{Match: map[string][]string{"meetingid": {fmt.Sprintf("m-%d", i)}}, Subject: fmt.Sprintf("tenant.t%d", i%900)}
			},
			"globs": func(i int) Rule {
				return Rule{Match: map[string][]string{"meetingid": {fmt.Sprintf("m%d-*", i)}}, Subject: fmt.Sprintf("tenant.t%d", i%900)}
			},
			"conditions": func(i int) Rule {
				return Rule{When: fmt.Sprintf("meetingid = 'm-%d'", i), Subject: fmt.Sprintf("tenant.t%d", i%900)}
			},
		} {
			b.Run(fmt.Sprintf("%s=%d", name, n), func(b *testing.B) {
				var all []Rule
				for i := range n {
					all = append(all, rules(i))
				}
				table := compiled(b, mapping(all...))
				e := joined("dyte")
				e.MeetingID = "nobody's"
				b.ReportAllocs()
				for b.Loop() {
					table.Route(&e)
				}
			})
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	for name, rule := range map[string]func(i int) Rule{
		"literals": func(i int) Rule {
			return Rule{Match: map[string][]string{"type": {"meeting.*"}, "meetingid": {fmt.Sprintf("m-%d", i)}}, Subject: "tenant.{type}.{meetingid}"}
		},
		"globs": func(i int) Rule {
			return Rule{Match: map[string][]string{"type": {"meeting.*"}, "meetingid": {fmt.Sprintf("m%d-*", i)}}, Subject: "tenant.{type}.{meetingid}"}
		},
		"conditions": func(i int) Rule {
			return Rule{When: fmt.Sprintf("meetingid = 'm-%d'", i), Subject: "tenant.{type}.{meetingid}"}
		},
	} {
		b.Run(name+"=10000", func(b *testing.B) {
			var all []Rule
			for i := range 10000 {
				all = append(all, rule(i))
			}
			for b.Loop() {
				compiled(b, mapping(all...))
			}
		})
	}
}
