package bus_test

import (
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/meetbus/meetbus/relay/bus"
	"github.com/meetbus/meetbus/relay/bus/bustest"
)

func TestMeasure(t *testing.T) {
	n := bustest.Server(t)
	js := admin(t, n)
	if err := fill(js, "S", []string{"a", "b", "c", "d"}, 2); err != nil {
		t.Fatal(err)
	}
	first, err := js.Stream(t.Context(), "S")
	if err != nil {
		t.Fatal(err)
	}
	at := func(sequence uint64) time.Time {
		m, err := first.GetMsg(t.Context(), sequence)
		if err != nil {
			t.Fatal(err)
		}
		return m.Time
	}
	o := bus.ReadOptions{Server: bus.Server{URL: n.URL()}, Stream: "S"}
	for name, c := range map[string]struct {
		start bus.Start
		want  bus.Extent
	}{
		"all":       {bus.Start{All: true}, bus.Extent{Messages: 3, First: at(1), Last: at(4)}},
		"since":     {bus.Start{Since: at(3)}, bus.Extent{Messages: 2, First: at(3), Last: at(4)}},
		"from then": {bus.Start{Since: time.Now()}, bus.Extent{}},
	} {
		o.Start = c.start
		if got, err := bus.Measure(t.Context(), o); err != nil || got.Messages != c.want.Messages || !got.First.Equal(c.want.First) || !got.Last.Equal(c.want.Last) {
			t.Errorf("%s: %+v, %v, want %+v", name, got, err, c.want)
		}
	}
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "EMPTY"}); err != nil {
		t.Fatal(err)
	}
	o.Stream = "EMPTY"
	o.Start = bus.Start{All: true}
	if got, err := bus.Measure(t.Context(), o); err != nil || got != (bus.Extent{}) {
		t.Errorf("nothing: %+v, %v", got, err)
	}
}

func TestOverlap(t *testing.T) {
	for _, c := range []struct {
		some, others []string
		want         bool
	}{
		{[]string{"again.>"}, []string{"meeting.started", "meetbus.*.x"}, false},
		{[]string{"meeting.>"}, []string{"recording.x", "meeting.started"}, true},
		{[]string{"a", "a.>"}, []string{"*"}, true},
		{[]string{"a", "a.>"}, []string{"b.*", "a.*.c"}, true},
		{nil, []string{"a"}, false},
	} {
		one, other, found := bus.Overlap(c.some, c.others)
		if found != c.want || found != (one != "") || found != (other != "") {
			t.Errorf("%q and %q: %q, %q, %v", c.some, c.others, one, other, found)
		}
	}
}
