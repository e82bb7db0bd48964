package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/meetbus/meetbus/relay/bus"
)

// verdict is the journal against the streams.
type verdict struct {
	sent, taken, queued, again int
	// lost were answered with 200 and are not there; twice are those that are there more than once; disordered are there before one
	// of the same meeting that the same relay had taken earlier.
	lost, twice, disordered []string
	// refusedStored were given up, and are there: with an answer of 503 each time, or with an answer that never came.
	refusedStored, unansweredStored int
	unanswered                      int
	// unhealed counts faults after which something did not end or start as it should.
	unhealed       int
	slowest, pause time.Duration
}

func judge(events []event, stored []bus.Stored) verdict {
	var v verdict
	places := map[string][]int{}
	for i, m := range stored {
		if marker := markerOf(m); marker != "" {
			places[marker] = append(places[marker], i)
		}
	}
	type lane struct {
		meeting int
		relay   string
	}
	last, several := map[lane]int{}, relaysIn(events) > 1
	slices.SortStableFunc(events, func(a, b event) int { return a.N - b.N })
	for _, e := range events {
		v.count(e)
		at := places[e.Marker]
		switch {
		case e.Taken && len(at) == 0:
			v.lost = append(v.lost, e.Marker)
		case !e.Taken && len(at) > 0 && silent(e):
			v.unansweredStored++
		case !e.Taken && len(at) > 0:
			v.refusedStored++
		}
		if len(at) > 1 {
			v.twice = append(v.twice, e.Marker)
		}
		// Each relay keeps its own order. Where there are several, what one of them has sent on without answering is there before the
		// other has accepted it.
		if l := (lane{e.Meeting, e.Relay}); e.Taken && len(at) > 0 && !(several && silent(e)) {
			if before, any := last[l]; any && at[0] < before {
				v.disordered = append(v.disordered, e.Marker)
			}
			last[l] = max(last[l], at[0])
		}
	}
	v.pause = longestPause(events)
	return v
}

func (v *verdict) count(e event) {
	v.sent++
	if e.Taken {
		v.taken++
	}
	for i, a := range e.Attempts {
		v.slowest = max(v.slowest, a.Took)
		if a.Queued {
			v.queued++
		}
		if i > 0 {
			v.again++
		}
		if a.Status == 0 {
			v.unanswered++
		}
	}
}

// silent says whether some attempt had no answer.
func silent(e event) bool {
	return slices.ContainsFunc(e.Attempts, func(a attempt) bool { return a.Status == 0 })
}

func relaysIn(events []event) int {
	relays := map[string]bool{}
	for _, e := range events {
		if e.Taken {
			relays[e.Relay] = true
		}
	}
	return len(relays)
}

// longestPause is the longest time in which nothing was taken while something was sent.
func longestPause(events []event) time.Duration {
	var all []attempt
	for _, e := range events {
		all = append(all, e.Attempts...)
	}
	slices.SortFunc(all, func(a, b attempt) int { return a.At.Add(a.Took).Compare(b.At.Add(b.Took)) })
	var longest time.Duration
	var last time.Time
	for _, a := range all {
		if a.Status != http.StatusOK {
			continue
		}
		if now := a.At.Add(a.Took); !last.IsZero() {
			longest, last = max(longest, now.Sub(last)), now
		} else {
			last = now
		}
	}
	return longest
}

// markerOf reads the marker of a stored event.
func markerOf(m bus.Stored) string {
	var e struct{ Data struct{ Original string } }
	var body struct{ Torture string }
	if json.Unmarshal(m.Data, &e) != nil || json.Unmarshal([]byte(e.Data.Original), &body) != nil {
		return ""
	}
	return body.Torture
}

func (v verdict) good() bool {
	return v.taken > 0 && len(v.lost) == 0 && len(v.twice) == 0 && len(v.disordered) == 0 && v.refusedStored == 0 && v.unhealed == 0
}

func (v verdict) print(w io.Writer, broken []string) {
	for _, b := range broken {
		fmt.Fprintln(w, b)
	}
	rows := []struct {
		name  string
		value any
		which []string
	}{
		{"faults", len(broken), nil},
		{"  of them not healed as they should", v.unhealed, nil},
		{"webhooks", v.sent, nil},
		{"answered with 200", v.taken, nil},
		{"  of them queued", v.queued, nil},
		{"sent again", v.again, nil},
		{"attempts without an answer", v.unanswered, nil},
		{"lost", len(v.lost), v.lost},
		{"stored twice", len(v.twice), v.twice},
		{"out of order", len(v.disordered), v.disordered},
		{"refused each time, and stored", v.refusedStored, nil},
		{"given up without an answer, and stored", v.unansweredStored, nil},
		{"slowest answer", v.slowest.Round(time.Millisecond), nil},
		{"longest time with nothing taken", v.pause.Round(time.Millisecond), nil},
	}
	for _, r := range rows {
		fmt.Fprintf(w, "%-40s %v", r.name, r.value)
		if n := len(r.which); n > 0 {
			fmt.Fprintf(w, "  %v", r.which[:min(n, 10)])
		}
		fmt.Fprintln(w)
	}
}
