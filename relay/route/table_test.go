package route

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/meetbus/meetbus/schemas"
)

var providers = []string{"dyte", "realtimekit", "videosdk"}

func mapping(rules ...Rule) Mapping {
	return Mapping{
		Default: DefaultTemplate, Rules: rules,
		Providers: providers, Endpoints: []string{"main", "other"},
	}
}

// withTypes says that dyte has no hls.
func withTypes(m Mapping) Mapping {
	m.Types = map[string][]string{"dyte": {"meeting.started"}}
	return m
}

func compiled(t testing.TB, m Mapping) *Table {
	t.Helper()
	table, faults := Compile(m)
	if len(faults) > 0 {
		t.Fatalf("faults: %v", faults)
	}
	return table
}

func TestWithoutRules(t *testing.T) {
	long := strings.Repeat("x", 65)
	table := compiled(t, mapping())
	for _, c := range []struct{ typ, provider, own, want string }{
		{"meeting.participantJoined", "dyte", "meeting.participantJoined", "meeting.participantJoined"},
		{"meeting.participantJoined", "videosdk", "participant-joined", "meeting.participantJoined"},
		{"dyte.meeting.waved", "dyte", "meeting.waved", "meetbus.unmapped.dyte.meeting_waved"},
		{"videosdk.waved-hello", "videosdk", "waved-hello", "meetbus.unmapped.videosdk.waved-hello"},
		{"dyte.>", "dyte", ">", "meetbus.unmapped.dyte._"},
		{"dyte.a b\r\n*\x00", "dyte", "a b\r\n*\x00", "meetbus.unmapped.dyte.a_b____"},
		{"dyte." + long, "dyte", long, "meetbus.unmapped.dyte." + strings.Repeat("x", 47) + "-9537c5fdf120482f"},
	} {
		e := schemas.Event{Type: c.typ, Provider: c.provider, ProviderType: c.own}
		if got := table.Route(&e); got.Subject != c.want || got.Rule != -1 {
			t.Errorf("type %q, own name %q: %+v, want %q", c.typ, c.own, got, c.want)
		}
	}
	want := append(typeNames(), "meetbus.unmapped.*.*")
	if got := table.Subjects(); !slices.Equal(got, want) {
		t.Errorf("subjects are %q, want %q", got, want)
	}
	if got := table.DeadLetter("realtimekit"); got != "meetbus.deadletter.realtimekit" {
		t.Errorf("dead letters go to %q", got)
	}
}

func TestPrefixIsBeforeEverything(t *testing.T) {
	m := mapping(Rule{Match: map[string][]string{"type": {"call.*"}}, Subject: "{provider}.{type}"})
	m.Prefix = "acme.prod"
	table := compiled(t, m)
	call := schemas.Event{Type: "call.ringing", Provider: "videosdk"}
	for got, want := range map[string]string{
		table.Route(new(joined("dyte"))).Subject: "acme.prod.meeting.participantJoined",
		table.Route(&call).Subject:               "acme.prod.videosdk.call.ringing",
		table.DeadLetter("dyte"):                 "acme.prod.meetbus.deadletter.dyte",
		table.DeadLetterSubjects()[0]:            "acme.prod.meetbus.deadletter.*",
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	for _, subject := range table.Subjects() {
		if !strings.HasPrefix(subject, "acme.prod.") {
			t.Errorf("%s has no prefix", subject)
		}
	}
}

func TestTheFirstRuleThatMatchesCounts(t *testing.T) {
	is := func(pairs ...string) map[string][]string {
		m := map[string][]string{}
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i]] = strings.Split(pairs[i+1], "|")
		}
		return m
	}
	table := compiled(t, mapping(
		Rule{Match: is("type", "recording.statusUpdate", "status", "UPLOADED"), Subject: "recording.ready.{meetingid}"},
		Rule{Match: is("type", "meeting.participant*", "provider", "dyte|realtimekit"), When: "EXISTS sessionid", Subject: "{type}.{meetingid}"},
		Rule{Match: is("type", "hls.*"), Drop: true},
		Rule{Match: is("verified", "false"), When: "LEFT(meetingid, 4) = 'test'", Drop: true},
		Rule{Match: is("meetingid", "vip-*|m-7"), Subject: "vip.{type}"},
		Rule{Match: is("type", "dyte.*|*.statusUpdate", "endpoint", "other"), Subject: "other.{type}.{status}"},
	))
	for _, c := range []struct {
		name   string
		change func(*schemas.Event)
		want   Decision
	}{
		{"nothing fits", func(e *schemas.Event) {}, Decision{Subject: "meeting.participantJoined", Rule: -1}},
		{"condition holds", func(e *schemas.Event) { e.SessionID = "s.1" }, Decision{Subject: "meeting.participantJoined.m-1", Rule: 1}},
		{"another provider", func(e *schemas.Event) { e.SessionID, e.Provider = "s", "videosdk" },
			Decision{Subject: "meeting.participantJoined", Rule: -1}},
		{"uploaded", func(e *schemas.Event) { e.Type, e.Status = schemas.TypeRecordingUpdate, "UPLOADED" },
			Decision{Subject: "recording.ready.m-1", Rule: 0}},
		{"uploaded, of no meeting", func(e *schemas.Event) { e.Type, e.Status, e.MeetingID = schemas.TypeRecordingUpdate, "UPLOADED", "" },
			Decision{Subject: "recording.ready._", Rule: 0}},
		{"not uploaded", func(e *schemas.Event) { e.Type, e.Status = schemas.TypeRecordingUpdate, "uploaded" },
			Decision{Subject: "recording.statusUpdate", Rule: -1}},
		{"dropped", func(e *schemas.Event) { e.Type = schemas.TypeHLSUpdate }, Decision{Drop: true, Rule: 2}},
		{"condition and match", func(e *schemas.Event) { e.Verified, e.MeetingID = false, "test-9" }, Decision{Drop: true, Rule: 3}},
		{"a star crosses dots", func(e *schemas.Event) { e.MeetingID = "vip-a.b.c" },
			Decision{Subject: "vip.meeting.participantJoined", Rule: 4}},
		{"one of a list", func(e *schemas.Event) { e.MeetingID = "m-7" }, Decision{Subject: "vip.meeting.participantJoined", Rule: 4}},
		{"unmapped", func(e *schemas.Event) {
			e.Type, e.ProviderType, e.Endpoint = "dyte.meeting.waved", "meeting.waved", "other"
		},
			Decision{Subject: "other.meetbus.unmapped.dyte.meeting_waved._", Rule: 5}},
		{"unmapped of another", func(e *schemas.Event) {
			e.Type, e.Provider, e.ProviderType, e.Endpoint = "videosdk.waved", "videosdk", "waved", "other"
		}, Decision{Subject: "meetbus.unmapped.videosdk.waved", Rule: -1}},
		{"cannot be told", func(e *schemas.Event) { e.Verified, e.MeetingID = false, "" },
			Decision{Subject: "meeting.participantJoined", Rule: -1, Failed: []int{3}}},
	} {
		e := joined("dyte")
		c.change(&e)
		if got := table.Route(&e); fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

// TestSubjectsAreExact: what no event can come to is not held, and no subject stands beside a wider one.
func TestSubjectsAreExact(t *testing.T) {
	typ := func(globs ...string) map[string][]string { return map[string][]string{"type": globs} }
	for _, c := range []struct {
		name  string
		rules []Rule
		in    []string
		out   []string
	}{
		{"a type that a rule takes is not the default's", []Rule{{Match: typ("meeting.*"), Subject: "m.{type}"}},
			[]string{"m.meeting.started", "hls.statusUpdate"}, []string{"meeting.started", "m.hls.statusUpdate"}},
		{"a dropped type has no subject", []Rule{{Match: typ("hls.*"), Drop: true}},
			[]string{"meeting.started"}, []string{"hls.statusUpdate"}},
		{"one that a condition may leave has both", []Rule{{Match: typ("hls.*"), When: "verified", Drop: true}},
			[]string{"hls.statusUpdate"}, nil},
		{"all providers are any", []Rule{{Match: map[string][]string{"type": {"hls.*"}, "provider": providers}, Drop: true}},
			[]string{"meeting.started"}, []string{"hls.statusUpdate"}},
		{"not all providers", []Rule{{Match: map[string][]string{"type": {"hls.*"}, "provider": providers[:2]}, Drop: true}},
			[]string{"hls.statusUpdate"}, nil},
		{"only some types have a status", []Rule{{Match: map[string][]string{"status": {"*"}}, Subject: "s.{type}.{status}"}},
			[]string{"s.recording.statusUpdate.*", "s.hls.statusUpdate.*"}, []string{"s.meeting.started.*", "s.meetbus.unmapped.*.*.*"}},
		{"unmapped is not what cannot be", []Rule{{Match: typ("meeting.*"), Subject: "m.{type}"}}, nil, []string{"m.meetbus.unmapped.*.*"}},
		{"unmapped of one provider leaves the others'", []Rule{{Match: typ("dyte.*"), Subject: "u.{type}"}},
			[]string{"u.meetbus.unmapped.*.*", "meetbus.unmapped.*.*"}, []string{"u.meeting.started"}},
		{"unmapped of every provider", []Rule{{Match: typ("dyte.*", "realtimekit.*", "videosdk.*"), Drop: true}},
			[]string{"meeting.started"}, []string{"meetbus.unmapped.*.*"}},
		{"all but one are dropped", []Rule{{Match: typ("hls.*"), Subject: "h"}, {Match: typ("*"), Drop: true}}, []string{"h"}, []string{"meeting.started"}},
		{"everything", []Rule{{Subject: "all.{provider}"}}, []string{"all.*"}, []string{"meeting.started", "meetbus.unmapped.*.*"}},
		{"the wider one is enough", []Rule{
			{Match: typ("hls.*"), Subject: "a.b.c"}, {Match: typ("call.*"), Subject: "a.{meetingid}.{status}"}, {Match: typ("meeting.*"), Subject: "a.b.{id}"},
		}, []string{"a.*.*"}, []string{"a.b.c", "a.b.*"}},
	} {
		got := compiled(t, mapping(c.rules...)).Subjects()
		for _, s := range c.in {
			if !slices.Contains(got, s) {
				t.Errorf("%s: %s is not in %q", c.name, s, got)
			}
		}
		for _, s := range c.out {
			if slices.Contains(got, s) {
				t.Errorf("%s: %s is in %q", c.name, s, got)
			}
		}
	}
}

func TestPossible(t *testing.T) {
	typ := func(globs ...string) map[string][]string { return map[string][]string{"type": globs} }
	table := compiled(t, mapping(
		Rule{Match: map[string][]string{"type": {"hls.*"}, "provider": {"dyte"}}, Drop: true},
		Rule{Match: map[string][]string{"type": {"meeting.started"}}, When: "verified", Subject: "v.{type}.{meetingid}"},
		Rule{Match: map[string][]string{"type": {"meeting.*"}, "provider": {"videosdk"}}, Subject: "sdk.{type}"},
		Rule{Match: typ("dyte.*"), Subject: "u.{type}"},
		Rule{Match: map[string][]string{"type": {"recording.*"}, "status": {"UPLOADED"}}, Subject: "ready"},
	))
	wild := regexp.MustCompile(`\{[^}]*\}`)
	to := func(rule int, form string) Possibility {
		return Possibility{Decision{Subject: wild.ReplaceAllString(form, "*"), Rule: rule}, form}
	}
	dropped := func(rule int) Possibility { return Possibility{Decision: Decision{Drop: true, Rule: rule}} }
	for _, c := range []struct {
		known map[string][]string
		want  []Possibility
	}{
		{map[string][]string{"provider": {"dyte"}, "type": {"meeting.started"}},
			[]Possibility{to(1, "v.meeting.started.{meetingid}"), to(-1, "meeting.started")}},
		{map[string][]string{"provider": {"videosdk"}, "type": {"meeting.started"}},
			[]Possibility{to(1, "v.meeting.started.{meetingid}"), to(2, "sdk.meeting.started")}},
		{map[string][]string{"provider": {"dyte"}, "type": {"hls.statusUpdate"}}, []Possibility{dropped(0)}},
		{map[string][]string{"provider": {"videosdk"}, "type": {"hls.statusUpdate"}}, []Possibility{to(-1, "hls.statusUpdate")}},
		{map[string][]string{"provider": {"dyte"}, "type": {""}}, []Possibility{to(3, "u.meetbus.unmapped.{provider}.{providertype}")}},
		{map[string][]string{"provider": {"videosdk"}, "type": {""}}, []Possibility{to(-1, "meetbus.unmapped.{provider}.{providertype}")}},
		{map[string][]string{"provider": {"videosdk"}, "type": {"recording.statusUpdate"}, "status": {"INVOKED"}},
			[]Possibility{to(-1, "recording.statusUpdate")}},
		{map[string][]string{"provider": {"videosdk"}, "type": {"recording.statusUpdate"}, "status": {"UPLOADED"}},
			[]Possibility{to(4, "ready")}},
		{map[string][]string{"provider": {"videosdk"}, "type": {"recording.statusUpdate"}, "status": {"UPLOADED", "STOPPED"}},
			[]Possibility{to(4, "ready"), to(-1, "recording.statusUpdate")}},
		{map[string][]string{"provider": {"dyte"}, "type": {"recording.statusUpdate"}},
			[]Possibility{to(4, "ready"), to(-1, "recording.statusUpdate")}},
	} {
		if got := table.Possible(c.known); fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%v: %+v, want %+v", c.known, got, c.want)
		}
	}
}

// TestFaults wants exactly the paths of what is wrong, and a part of each message.
func TestFaults(t *testing.T) {
	typ := func(globs ...string) map[string][]string { return map[string][]string{"type": globs} }
	for _, c := range []struct {
		name string
		m    Mapping
		want map[string]string
	}{
		{"prefix", Mapping{Prefix: "acme.*", Default: "{type}"}, map[string]string{"prefix": "must be tokens of"}},
		{"prefix of clients", Mapping{Prefix: "_INBOX", Default: "{type}"}, map[string]string{"prefix": "must not begin with _"}},
		{"default", Mapping{Default: ""}, map[string]string{"default": "has an empty token"}},
		{"first token", mapping(Rule{Subject: "{provider}.{type}"}), map[string]string{"rules[0].subject": "must begin with a literal or {type}"}},
		{"placeholder", mapping(Rule{Subject: "a.{meetngid}"}), map[string]string{"rules[0].subject": "did you mean {meetingid}?"}},
		{"wildcard", mapping(Rule{Subject: "a.*"}), map[string]string{"rules[0].subject": "has a wildcard"}},
		{"brace", mapping(Rule{Subject: "a.b-{status}"}), map[string]string{"rules[0].subject": "stands alone between dots"}},
		{"token", mapping(Rule{Subject: "a.b c"}), map[string]string{"rules[0].subject": "has a token that is not 1 to 64"}},
		{"inbox", mapping(Rule{Subject: "_INBOX.x"}), map[string]string{"rules[0].subject": "must not begin with _"}},
		{"empty token", mapping(Rule{Subject: "a..b"}), map[string]string{"rules[0].subject": "has an empty token"}},
		{"tokens", mapping(Rule{Subject: "{type}" + strings.Repeat(".a", 13)}), map[string]string{"rules[0].subject": "has up to 17 tokens"}},
		{"no subject", mapping(Rule{Match: typ("hls.*")}), map[string]string{"rules[0].subject": "must be given, or drop: true"}},
		{"both", mapping(Rule{Match: typ("hls.*"), Drop: true, Subject: "a"}), map[string]string{"rules[0].subject": "stands beside drop: true"}},
		{"attribute", mapping(Rule{Match: map[string][]string{"meetngid": {"a"}}, Drop: true}),
			map[string]string{"rules[0].match.meetngid": "did you mean meetingid?"}},
		{"glob", mapping(Rule{Match: typ("meeting.start", "hls.*"), Drop: true}),
			map[string]string{"rules[0].match.type[0]": "did you mean meeting.started?"}},
		{"glob of nobody", mapping(Rule{Match: typ("zoom.*"), Drop: true}), map[string]string{"rules[0].match.type": "fits no type of event"}},
		{"no values", mapping(Rule{Match: typ(), Drop: true}), map[string]string{"rules[0].match.type": "must have a value"}},
		{"empty value", mapping(Rule{Match: map[string][]string{"meetingid": {"a", ""}}, Drop: true}),
			map[string]string{"rules[0].match.meetingid[1]": "is empty"}},
		{"provider", mapping(Rule{Match: map[string][]string{"provider": {"dite"}}, Drop: true}),
			map[string]string{"rules[0].match.provider": "fits none of dyte, realtimekit, videosdk"}},
		{"verified", mapping(Rule{Match: map[string][]string{"verified": {"yes"}}, Drop: true}),
			map[string]string{"rules[0].match.verified": "fits none of true, false"}},
		{"status", mapping(Rule{Match: map[string][]string{"type": {"meeting.started"}, "status": {"LIVE"}}, Drop: true}),
			map[string]string{"rules[0].match.status": "is an attribute of none of these types"}},
		{"when", mapping(Rule{When: "type = ", Drop: true}), map[string]string{"rules[0].when": "is not CloudEvents SQL at its character 8"}},
		{"covered", mapping(Rule{Match: typ("meeting.*"), Drop: true}, Rule{Match: typ("meeting.started"), When: "verified", Subject: "a"}),
			map[string]string{"rules[1]": "is never reached: subjects.rules[0] takes every event"}},
		{"covered by a list", mapping(
			Rule{Match: map[string][]string{"meetingid": {"a", "b"}}, Drop: true},
			Rule{Match: typ("hls.*"), Drop: true},
			Rule{Match: map[string][]string{"meetingid": {"b"}, "type": {"call.*"}}, Drop: true}),
			map[string]string{"rules[2]": "subjects.rules[0] takes"}},
		{"covered by several", mapping(Rule{Match: typ("meeting.*"), Drop: true}, Rule{Match: typ("hls.*"), Drop: true},
			Rule{Match: typ("hls.*", "meeting.ended"), Subject: "a"}),
			map[string]string{"rules[2]": "the rules before it take every event"}},
		{"covered by a rule for everything", mapping(Rule{Subject: "a"}, Rule{Match: typ("dyte.x"), Drop: true}),
			map[string]string{"rules[1]": "subjects.rules[0] takes"}},
		{"a condition covers nothing", mapping(Rule{Match: typ("meeting.*"), When: "verified", Drop: true}, Rule{Match: typ("meeting.*"), Drop: true}), nil},
		{"crossed", mapping(Rule{Match: typ("hls.*"), Subject: "a.{status}.c"}, Rule{Match: typ("call.*"), Subject: "a.b.{meetingid}"}),
			map[string]string{"rules[1].subject": "that subjects.rules[0].subject gives too"}},
		{"dead letters", mapping(Rule{Match: typ("hls.*"), Subject: "meetbus.{provider}.{endpoint}"}),
			map[string]string{"rules[0].subject": "the subjects of dead letters"}},
		{"drops everything", mapping(Rule{Drop: true}), map[string]string{"rules[0].drop": "drops every event that comes to the rule"}},
		{"nothing is left", mapping(Rule{Match: typ("*"), Drop: true}), map[string]string{"rules": "nothing would be stored"}},
		{"a provider that has none", withTypes(mapping(Rule{Match: map[string][]string{"type": {"hls.*"}, "provider": {"dyte"}}, Drop: true})),
			map[string]string{"rules[0].match.provider": "has no event of such a type"}},
		{"covered, and its condition is none", mapping(Rule{Match: typ("hls.*"), Drop: true}, Rule{Match: typ("hls.*"), When: "type =", Subject: "*"}),
			map[string]string{"rules[1]": "never reached", "rules[1].when": "", "rules[1].subject": ""}},
		{"a condition that is none covers nothing", mapping(Rule{Match: typ("hls.*"), When: "type =", Drop: true}, Rule{Match: typ("hls.*"), Subject: "a"}),
			map[string]string{"rules[0].when": "it ends too soon"}},
		{"unknown types by their subject", mapping(Rule{Match: typ("meetbus.unmapped.*"), Drop: true}),
			map[string]string{"rules[0].match.type": "as in dyte.*"}},
		{"all at once", Mapping{Prefix: "a b", Default: "x.", Rules: []Rule{{}, {Match: typ("nothing"), When: "zzz", Subject: "*"}}},
			map[string]string{"prefix": "", "default": "", "rules[0].subject": "", "rules[1].match.type": "", "rules[1].when": "", "rules[1].subject": ""}},
	} {
		_, faults := Compile(c.m)
		got := map[string]string{}
		for _, f := range faults {
			got[f.Path] += f.Message
			if want, expected := c.want[f.Path]; !expected || !strings.Contains(f.Message, want) {
				t.Errorf("%s: %s: %s", c.name, f.Path, f.Message)
			}
		}
		for path := range c.want {
			if got[path] == "" {
				t.Errorf("%s: no fault at %s, only %v", c.name, path, faults)
			}
		}
	}
}

func TestUnmappedTypesAreAWarning(t *testing.T) {
	table := compiled(t, mapping(Rule{Match: map[string][]string{"type": {"dyte.waved", "meeting.*"}}, Drop: true}))
	if got := table.Warnings(); len(got) != 1 || got[0].Path != "rules[0].match.type[0]" {
		t.Errorf("warnings are %v", got)
	}
}

func TestASubjectForEveryEventIsAWarning(t *testing.T) {
	table := compiled(t, mapping(Rule{Match: map[string][]string{"type": {"hls.*"}}, Subject: "h.{id}"}))
	if got := table.Warnings(); len(got) != 1 || got[0].Path != "rules[0].subject" {
		t.Errorf("warnings are %v", got)
	}
}

func TestTooManySubjects(t *testing.T) {
	var rules []Rule
	for i := range subjectsMax/len(catalogue) + 1 {
		rules = append(rules, Rule{Match: map[string][]string{"meetingid": {fmt.Sprint(i)}}, Subject: fmt.Sprintf("a%d.{type}", i)})
	}
	_, faults := Compile(mapping(rules...))
	if len(faults) != 1 || !strings.Contains(faults[0].Message, "more than 1000 subjects") {
		t.Errorf("faults are %v", faults)
	}
	if _, faults := Compile(mapping(rules[:len(rules)-3]...)); len(faults) > 0 {
		t.Errorf("with fewer rules: %v", faults)
	}
}
