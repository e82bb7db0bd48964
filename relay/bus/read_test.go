package bus_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"pgregory.net/rapid"

	"github.com/meetbus/meetbus/relay/bus"
	"github.com/meetbus/meetbus/relay/bus/bustest"
)

// fill makes a stream with one message per subject, in their order, and takes some sequences out again.
func fill(js jetstream.JetStream, stream string, subjects []string, gone ...uint64) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	s, err := js.CreateStream(ctx, jetstream.StreamConfig{
		Name: stream, Subjects: []string{stream + ".>"}, Storage: jetstream.MemoryStorage, AllowDirect: true,
	})
	if err != nil {
		return err
	}
	for _, subject := range subjects {
		if _, err := js.Publish(ctx, stream+"."+subject, []byte(subject)); err != nil {
			return err
		}
	}
	for _, sequence := range gone {
		if err := s.DeleteMsg(ctx, sequence); err != nil {
			return err
		}
	}
	return nil
}

// sequences reads a stream to its end.
func sequences(o bus.ReadOptions) (got []uint64, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	err = bus.Read(ctx, o, func(m bus.Stored) error {
		got = append(got, m.Sequence)
		return nil
	})
	return got, err
}

// The last messages are exact, whatever the subjects asked for and whatever was deleted.
func TestReadLast(t *testing.T) {
	n := bustest.Server(t)
	js := admin(t, n)
	names := []string{"a.one", "a.two", "b.one", "b.two", "c"}
	run := 0
	rapid.Check(t, func(t *rapid.T) {
		run++
		stream := fmt.Sprint("S", run)
		subjects := rapid.SliceOfN(rapid.SampledFrom(names), 0, 20).Draw(t, "subjects")
		var gone []uint64
		for i := range subjects {
			if rapid.IntRange(0, 3).Draw(t, "gone") == 0 {
				gone = append(gone, uint64(i+1))
			}
		}
		asked := rapid.SliceOfDistinct(rapid.SampledFrom(append(names, "*.one")), rapid.ID).Draw(t, "asked")
		last := rapid.IntRange(1, 8).Draw(t, "last")
		var filters []string
		for _, name := range asked {
			filters = append(filters, stream+"."+name)
		}
		if err := fill(js, stream, subjects, gone...); err != nil {
			t.Fatal(err)
		}
		defer js.DeleteStream(context.Background(), stream)
		var want []uint64
		for i, subject := range subjects {
			matches := len(asked) == 0 || slices.Contains(asked, subject) ||
				slices.Contains(asked, "*.one") && strings.HasSuffix(subject, ".one")
			if sequence := uint64(i + 1); matches && !slices.Contains(gone, sequence) {
				want = append(want, sequence)
			}
		}
		want = want[max(0, len(want)-last):]
		got, err := sequences(bus.ReadOptions{
			Server: bus.Server{URL: n.URL()}, Stream: stream, Subjects: filters, Start: bus.Start{Last: last},
		})
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("last %d of %v without %v in %v: %v, %v, want %v", last, asked, gone, subjects, got, err, want)
		}
	})
}

func TestReadFrom(t *testing.T) {
	n := bustest.Server(t)
	js := admin(t, n)
	if err := fill(js, "EARLY", []string{"a", "b", "a"}); err != nil {
		t.Fatal(err)
	}
	s, err := js.Stream(t.Context(), "EARLY")
	if err != nil {
		t.Fatal(err)
	}
	second, err := s.GetMsg(t.Context(), 2)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		start bus.Start
		want  []uint64
	}{
		"what comes": {bus.Start{}, nil},
		"all":        {bus.Start{All: true}, []uint64{1, 2, 3}},
		"sequence":   {bus.Start{Sequence: 3}, []uint64{3}},
		"beyond":     {bus.Start{Sequence: 4}, nil},
		"since":      {bus.Start{Since: second.Time}, []uint64{2, 3}},
		"since now":  {bus.Start{Since: time.Now().Add(time.Hour)}, nil},
		"last":       {bus.Start{Last: 1}, []uint64{3}},
		"last ever":  {bus.Start{Last: 100}, []uint64{1, 2, 3}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := sequences(bus.ReadOptions{Server: bus.Server{URL: n.URL()}, Stream: "EARLY", Start: c.start})
			if err != nil || !slices.Equal(got, c.want) {
				t.Errorf("%v, %v, want %v", got, err, c.want)
			}
		})
	}
}

func TestReadGivesTheWholeMessage(t *testing.T) {
	n := bustest.Server(t)
	b := ready(t, bus.Server{URL: n.URL()}, events)
	m := message(1)
	m.Header = map[string][]string{"ce-id": {"x", "y"}}
	before := time.Now().Add(-time.Second)
	publish(t, b, m)
	err := bus.Read(t.Context(), bus.ReadOptions{Server: bus.Server{URL: n.URL()}, Stream: "MEETBUS", Start: bus.Start{All: true}},
		func(got bus.Stored) error {
			if got.Stream != "MEETBUS" || got.Subject != m.Subject || got.Sequence != 1 || string(got.Data) != "1" ||
				got.Time.Before(before) || !slices.Equal(got.Header["ce-id"], []string{"x", "y"}) {
				t.Errorf("%+v", got)
			}
			return bus.ErrStop
		})
	if err != nil {
		t.Error(err)
	}
}

// Following misses nothing and repeats nothing when the server is lost on the way.
func TestReadFollows(t *testing.T) {
	n := bustest.Server(t)
	p := bustest.NewProxy(t, n.Addr())
	b := ready(t, bus.Server{URL: n.URL()}, events)
	publish(t, b, message(1))
	ctx, cancel := contextFor(t, patience)
	defer cancel()
	got := make(chan uint64, 100)
	ended := make(chan error, 1)
	stop := errors.New("enough")
	go func() {
		o := bus.ReadOptions{Server: bus.Server{URL: p.URL()}, Stream: "MEETBUS", Start: bus.Start{Last: 1}, Follow: true}
		ended <- bus.Read(ctx, o, func(m bus.Stored) error {
			got <- m.Sequence
			if m.Sequence == 6 {
				return stop
			}
			return nil
		})
	}()
	want := func(sequences ...uint64) {
		t.Helper()
		for _, sequence := range sequences {
			select {
			case have := <-got:
				if have != sequence {
					t.Fatalf("sequence %d, want %d", have, sequence)
				}
			case <-ctx.Done():
				t.Fatalf("sequence %d did not come", sequence)
			}
		}
	}
	want(1)
	publish(t, b, message(2))
	want(2)
	p.Cut()
	publish(t, b, message(3))
	want(3)
	n.Stop()
	waitLost(t, b)
	n.Restart()
	waitReady(t, b)
	for i := 4; i <= 6; i++ {
		publish(t, b, message(i))
	}
	want(4, 5, 6)
	if err := <-ended; err != stop {
		t.Errorf("%v, want the error of the caller's function as it is", err)
	}
}

func TestReadEndsWithItsContext(t *testing.T) {
	n := bustest.Server(t)
	ready(t, bus.Server{URL: n.URL()}, events)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	o := bus.ReadOptions{Server: bus.Server{URL: n.URL()}, Stream: "MEETBUS", Follow: true}
	if err := bus.Read(ctx, o, func(bus.Stored) error { return nil }); err != context.Canceled {
		t.Errorf("%v, want canceled", err)
	}
}

func TestReadErrors(t *testing.T) {
	n, away := bustest.Server(t), bustest.Server(t)
	away.Stop()
	ready(t, bus.Server{URL: n.URL()}, events)
	for name, c := range map[string]struct {
		o    bus.ReadOptions
		want string
	}{
		"server away": {bus.ReadOptions{Server: bus.Server{URL: away.URL()}, Stream: "MEETBUS"}, "connection refused"},
		"no stream":   {bus.ReadOptions{Server: bus.Server{URL: n.URL()}, Stream: "OTHER"}, "stream OTHER: there is none"},
		"two starts": {bus.ReadOptions{Server: bus.Server{URL: n.URL()}, Stream: "MEETBUS", Start: bus.Start{All: true, Last: 1}},
			"start is one of"},
		"negative start": {bus.ReadOptions{Server: bus.Server{URL: n.URL()}, Stream: "MEETBUS", Start: bus.Start{Last: -1}},
			"start is one of"},
		"bad subject": {bus.ReadOptions{Server: bus.Server{URL: n.URL()}, Stream: "MEETBUS", Subjects: []string{"a..b"}},
			"no subject"},
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			got, err := sequences(c.o)
			if err == nil || !strings.Contains(err.Error(), c.want) || len(got) > 0 {
				t.Errorf("%v, %v, want %q", got, err, c.want)
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("took %s", took)
			}
		})
	}
}

// A stream that is made anew while it is followed has sequences that were seen before: none of its messages is passed over.
func TestReadFollowsAStreamMadeAnew(t *testing.T) {
	n := bustest.Server(t)
	js := admin(t, n)
	if err := fill(js, "AGAIN", []string{"a", "b", "c"}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := contextFor(t, patience)
	defer cancel()
	got := make(chan string, 100)
	ended := make(chan error, 1)
	go func() {
		o := bus.ReadOptions{Server: bus.Server{URL: n.URL()}, Stream: "AGAIN", Start: bus.Start{All: true}, Follow: true}
		ended <- bus.Read(ctx, o, func(m bus.Stored) error {
			got <- m.Subject
			if m.Subject == "AGAIN.end" {
				return bus.ErrStop
			}
			return nil
		})
	}()
	wait := func(subjects ...string) {
		t.Helper()
		for _, want := range subjects {
			select {
			case have := <-got:
				if have != "AGAIN."+want {
					t.Fatalf("%s, want %s", have, want)
				}
			case <-ctx.Done():
				t.Fatalf("%s did not come", want)
			}
		}
	}
	wait("a", "b", "c")
	if err := js.DeleteStream(ctx, "AGAIN"); err != nil {
		t.Fatal(err)
	}
	if err := fill(js, "AGAIN", []string{"d", "e"}); err != nil {
		t.Fatal(err)
	}
	wait("d", "e")
	// This one is soon past the sequences of the last.
	if err := js.DeleteStream(ctx, "AGAIN"); err != nil {
		t.Fatal(err)
	}
	if err := fill(js, "AGAIN", []string{"f", "g", "h", "i", "end"}); err != nil {
		t.Fatal(err)
	}
	wait("f", "g", "h", "i", "end")
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestReadSaysHowTheStreamIs(t *testing.T) {
	n := bustest.Server(t)
	js := admin(t, n)
	if err := fill(js, "HAS", []string{"old.one", "new", "old.one"}, 3); err != nil {
		t.Fatal(err)
	}
	s, err := js.Stream(t.Context(), "HAS")
	if err != nil {
		t.Fatal(err)
	}
	c := s.CachedInfo().Config
	c.Subjects = []string{"HAS.new", "HAS.later.*"}
	if _, err := js.UpdateStream(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	var states []bus.StreamState
	o := bus.ReadOptions{
		Server: bus.Server{URL: n.URL()}, Stream: "HAS", Start: bus.Start{All: true},
		Subjects: []string{"HAS.old.*", "HAS.new", "HAS.later.x", "HAS.never", "HAS.later"},
		Opened:   func(s bus.StreamState) { states = append(states, s) },
	}
	got, err := sequences(o)
	if err != nil || !slices.Equal(got, []uint64{1, 2}) || len(states) != 1 {
		t.Fatalf("%v, %v, %+v", got, err, states)
	}
	if s := states[0]; s.Messages != 2 || s.LastSequence != 3 || len(s.Unmatched) != 2 ||
		s.Unmatched[0].Subject != "HAS.never" || s.Unmatched[1].Subject != "HAS.later" || !slices.Equal(s.Unmatched[0].Subjects, c.Subjects) {
		t.Errorf("%+v", s)
	}
}
