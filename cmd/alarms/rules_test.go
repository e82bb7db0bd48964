package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// milliseconds are durations as shorten writes them.
var milliseconds = regexp.MustCompile(`(for: |\[|offset )\d+ms`)

// TestEveryAlertHasAScene: there is a fault for each alert, and none for what is no alert.
func TestEveryAlertHasAScene(t *testing.T) {
	rules := alerts(t)
	var played []string
	for _, s := range scenes() {
		played = append(played, s.alert)
		if s.inflict == nil || s.mend == nil || s.fault == "" || s.mended == "" {
			t.Errorf("%s: %+v", s.alert, s)
		}
	}
	if got := alertsIn(rules); !slices.Equal(got, played) || len(got) < 16 {
		t.Errorf("the alerts are %v, and the scenes %v", got, played)
	}
}

// TestShorten: only durations change, and only in rules that have a long one.
func TestShorten(t *testing.T) {
	rules := alerts(t)
	if same, names := shorten(rules, 1); same != rules || names != nil {
		t.Errorf("by 1: %v are shortened", names)
	}
	shorter, names := shorten(rules, 20)
	want := []string{"MeetbusSilent", "MeetbusNothingTaken", "MeetbusDeadLetters", "MeetbusKeysStale", "MeetbusCertificateEnds", "MeetbusRuleErrors"}
	if !slices.Equal(names, want) {
		t.Errorf("shortened are %v, want %v", names, want)
	}
	before, after := strings.Split(rules, "\n"), strings.Split(shorter, "\n")
	for i, line := range before {
		if after[i] != line && durations.ReplaceAllString(line, "$1") != milliseconds.ReplaceAllString(after[i], "$1") {
			t.Errorf("%q became %q", line, after[i])
		}
	}
	for _, part := range []string{"[180000ms] offset 4320000ms)", "for: 180000ms", "> 86400", "< 14 * 86400", "for: 1m\n", "[5m]"} {
		if !strings.Contains(shorter, part) {
			t.Errorf("%q is not in the shortened rules", part)
		}
	}
}

func alerts(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../" + alertsFile)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
