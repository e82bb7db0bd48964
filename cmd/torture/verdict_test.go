package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"testing"
	"time"

	"github.com/meetbus/meetbus/relay/bus"
)

// taken is the nth event of a meeting, answered with 200 by a relay.
func taken(meeting, n int, relay string) event {
	return event{
		Marker: fmt.Sprintf("%d-%d", meeting, n), Meeting: meeting, N: n, Taken: true, Relay: relay,
		Attempts: []attempt{{At: time.Unix(int64(n), 0), Status: http.StatusOK}},
	}
}

// again is taken, and had no answer the first time.
func again(meeting, n int, relay string) event {
	e := taken(meeting, n, relay)
	e.Attempts = append([]attempt{{At: e.Attempts[0].At}}, e.Attempts...)
	return e
}

func given(meeting, n, status int) event {
	e := taken(meeting, n, "")
	e.Taken, e.Attempts[0].Status = false, status
	return e
}

func stored(t *testing.T, markers ...string) []bus.Stored {
	t.Helper()
	var all []bus.Stored
	for _, marker := range markers {
		body := fmt.Sprintf(`{"event":"x","torture":%q}`, marker)
		data, err := json.Marshal(map[string]any{"data": map[string]string{"original": body}})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, bus.Stored{Data: data})
	}
	return all
}

// TestJudge: the harness must see what it is there to see.
func TestJudge(t *testing.T) {
	for _, c := range []struct {
		name                    string
		events                  []event
		stored                  []string
		lost, twice, disordered []string
		refused, unanswered     int
	}{
		{"all there", []event{taken(0, 0, "a"), taken(0, 1, "a")}, []string{"0-0", "0-1"}, nil, nil, nil, 0, 0},
		{"lost", []event{taken(0, 0, "a"), taken(0, 1, "a")}, []string{"0-1"}, []string{"0-0"}, nil, nil, 0, 0},
		{"twice", []event{taken(0, 0, "a")}, []string{"0-0", "0-0"}, nil, []string{"0-0"}, nil, 0, 0},
		{"out of order", []event{taken(0, 0, "a"), taken(0, 1, "a")}, []string{"0-1", "0-0"}, nil, nil, []string{"0-1"}, 0, 0},
		{"sent on by another relay, which was killed", []event{taken(0, 0, "a"), taken(0, 1, "b"), again(0, 2, "a")},
			[]string{"0-2", "0-1", "0-0"}, nil, nil, nil, 0, 0},
		{"sent on by the only relay, which was killed", []event{taken(0, 0, "a"), again(0, 1, "a")}, []string{"0-1", "0-0"}, nil, nil, []string{"0-1"}, 0, 0},
		{"another relay's order", []event{taken(0, 0, "a"), taken(0, 1, "b")}, []string{"0-1", "0-0"}, nil, nil, nil, 0, 0},
		{"another meeting's order", []event{taken(0, 0, "a"), taken(1, 1, "a")}, []string{"1-1", "0-0"}, nil, nil, nil, 0, 0},
		{"refused and stored", []event{given(0, 0, 503)}, []string{"0-0"}, nil, nil, nil, 1, 0},
		{"refused", []event{given(0, 0, 503)}, nil, nil, nil, nil, 0, 0},
		{"no answer, and stored", []event{given(0, 0, 0)}, []string{"0-0"}, nil, nil, nil, 0, 1},
	} {
		v := judge(c.events, stored(t, c.stored...))
		if !reflect.DeepEqual(v.lost, c.lost) || !reflect.DeepEqual(v.twice, c.twice) || !reflect.DeepEqual(v.disordered, c.disordered) ||
			v.refusedStored != c.refused || v.unansweredStored != c.unanswered {
			t.Errorf("%s: %+v", c.name, v)
		}
		if good := len(c.lost)+len(c.twice)+len(c.disordered)+c.refused == 0 && v.taken > 0; v.good() != good {
			t.Errorf("%s: good is %v", c.name, v.good())
		}
	}
}

func TestLongestPause(t *testing.T) {
	events := []event{taken(0, 0, "a"), taken(0, 1, "a"), given(0, 3, 503), taken(0, 7, "a")}
	if got := longestPause(events); got != 6*time.Second {
		t.Errorf("got %s", got)
	}
}
