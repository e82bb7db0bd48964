package bus

import (
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// thousand returns the most subjects that a configuration may ask for.
func thousand(format string) []string {
	var all []string
	for i := range 1000 {
		all = append(all, fmt.Sprintf(format, i))
	}
	return all
}

// hardest is a thousand subjects on each side, each pair of which is alike to the last token.
func hardest() (have jetstream.StreamConfig, others []jetstream.StreamConfig, want Stream) {
	want = Stream{Name: "MEETBUS", Subjects: thousand("a.b.*.c.%d"), Manage: true}
	have = want.config()
	have.Subjects = thousand("a.b.*.d.%d")
	return have, []jetstream.StreamConfig{{Name: "THEIRS", Subjects: thousand("a.b.*.e.%d")}}, want
}

func TestThousandSubjectsAreQuick(t *testing.T) {
	have, others, want := hardest()
	crossing := have
	crossing.Subjects = thousand("a.b.%d.*.x")
	want.Subjects = append(want.Subjects[:999:999], "a.b.*.c.x")
	for name, have := range map[string]jetstream.StreamConfig{"apart": have, "crossing": crossing} {
		began := time.Now()
		p := planner{}.plan(&have, others, want)
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("%s: plan took %s", name, took)
		}
		if (len(p.faults) > 0) != (name == "crossing") || len(p.add) != 1000 {
			t.Errorf("%s: %d faults, %d added", name, len(p.faults), len(p.add))
		}
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 100 * time.Millisecond: "100ms", 10 * time.Second: "10s", time.Minute: "1m", 90 * time.Second: "1m30s",
		20 * time.Minute: "20m", time.Hour: "1h", 90 * time.Minute: "1h30m", 168 * time.Hour: "168h", time.Hour + time.Second: "1h0m1s",
	} {
		if got := span(d); got != want {
			t.Errorf("%s: %s", d, got)
		}
		if back, err := time.ParseDuration(span(d)); err != nil || back != d {
			t.Errorf("%s: %s, %v", d, back, err)
		}
	}
}

func TestQuoted(t *testing.T) {
	if got := quoted([]string{"a.*", "it's.>"}); got != `'a.*,it'\''s.>'` {
		t.Error(got)
	}
}

func BenchmarkPlan(b *testing.B) {
	have, others, want := hardest()
	for b.Loop() {
		planner{}.plan(&have, others, want)
	}
}
