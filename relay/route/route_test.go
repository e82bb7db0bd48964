package route

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/meetbus/meetbus/schemas"
)

func TestSubject(t *testing.T) {
	long := strings.Repeat("x", 65)
	for _, c := range []struct{ typ, provider, own, want string }{
		{"meeting.participantJoined", "dyte", "meeting.participantJoined", "meeting.participantJoined"},
		{"meeting.participantJoined", "videosdk", "participant-joined", "meeting.participantJoined"},
		{"dyte.meeting.waved", "dyte", "meeting.waved", "meetbus.unmapped.dyte.meeting_waved"},
		{"videosdk.waved-hello", "videosdk", "waved-hello", "meetbus.unmapped.videosdk.waved-hello"},
		{"dyte.>", "dyte", ">", "meetbus.unmapped.dyte._"},
		{"dyte.a b\r\n*\x00", "dyte", "a b\r\n*\x00", "meetbus.unmapped.dyte.a_b____"},
		{"dyte." + long, "dyte", long, "meetbus.unmapped.dyte." + strings.Repeat("x", 47) + "-9537c5fdf120482f"},
		{"meetbus.deadletter", "realtimekit", "", "meetbus.deadletter.realtimekit"},
	} {
		e := schemas.Event{Type: c.typ, Provider: c.provider, ProviderType: c.own}
		if got := Subject(&e); got != c.want {
			t.Errorf("Subject(type %q, own name %q) = %q, want %q", c.typ, c.own, got, c.want)
		}
	}
}

func TestTokenIsOneToken(t *testing.T) {
	one := regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
	rapid.Check(t, func(t *rapid.T) {
		s := string(rapid.SliceOf(rapid.Byte()).Draw(t, "text"))
		if got := Token(s); !one.MatchString(got) {
			t.Fatalf("Token(%q) = %q", s, got)
		}
	})
}

func TestEverySubjectIsHeldOnce(t *testing.T) {
	var types []string
	for _, c := range schemas.Catalogue() {
		types = append(types, c.Name)
	}
	rapid.Check(t, func(t *rapid.T) {
		e := schemas.Event{
			Type:         rapid.OneOf(rapid.SampledFrom(types), rapid.String()).Draw(t, "type"),
			Provider:     rapid.String().Draw(t, "provider"),
			ProviderType: rapid.String().Draw(t, "own name"),
		}
		subject, holders := Subject(&e), 0
		for _, s := range append(Subjects(), DeadLetterSubjects()...) {
			if holds(s, subject) {
				holders++
			}
		}
		if holders != 1 {
			t.Fatalf("%d streams' subjects hold %q", holders, subject)
		}
	})
}

// holds says whether subject is one that pattern, with * for a token, stands for.
func holds(pattern, subject string) bool {
	p, s := strings.Split(pattern, "."), strings.Split(subject, ".")
	if len(p) != len(s) {
		return false
	}
	for i := range p {
		if s[i] == "" || (p[i] != "*" && p[i] != s[i]) {
			return false
		}
	}
	return true
}

func BenchmarkSubject(b *testing.B) {
	mapped := schemas.Event{Type: schemas.TypeParticipantJoined, Provider: "dyte"}
	unmapped := schemas.Event{Type: "dyte.meeting.waved", Provider: "dyte", ProviderType: "meeting.waved"}
	for name, e := range map[string]*schemas.Event{"mapped": &mapped, "unmapped": &unmapped} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Subject(e)
			}
		})
	}
}
