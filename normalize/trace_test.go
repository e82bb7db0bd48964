package normalize

import (
	"net/http"
	"strings"
	"testing"
)

func TestTraceOf(t *testing.T) {
	const good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	for _, tt := range []struct {
		name          string
		parent, state []string
		want, wantOf  string
	}{
		{"parent alone", []string{good}, nil, good, ""},
		{"with state", []string{good}, []string{"a=1,b=2"}, good, "a=1,b=2"},
		{"state in two headers", []string{good}, []string{"a=1", "b=2"}, good, "a=1,b=2"},
		{"a later version", []string{"cc" + good[2:] + "-more"}, nil, "cc" + good[2:] + "-more", ""},
		{"no parent", nil, []string{"a=1"}, "", ""},
		{"two parents", []string{good, good}, []string{"a=1"}, "", ""},
		{"forbidden version", []string{"ff" + good[2:]}, nil, "", ""},
		{"more than this version has", []string{good + "-more"}, nil, "", ""},
		{"upper case", []string{strings.ToUpper(good)}, nil, "", ""},
		{"no trace", []string{"00-00000000000000000000000000000000-00f067aa0ba902b7-01"}, nil, "", ""},
		{"no span", []string{"00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01"}, nil, "", ""},
		{"blanks in a later version", []string{"cc" + good[2:] + "- x"}, nil, "", ""},
		{"too long a state", []string{good}, []string{strings.Repeat("a", 513)}, good, ""},
		{"state is not ASCII", []string{good}, []string{"a=é"}, good, ""},
	} {
		parent, state := TraceOf(http.Header{"Traceparent": tt.parent, "Tracestate": tt.state})
		if parent != tt.want || state != tt.wantOf {
			t.Errorf("%s: got %q, %q, want %q, %q", tt.name, parent, state, tt.want, tt.wantOf)
		}
	}
}
