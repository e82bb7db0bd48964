package main

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
)

func TestCheck(t *testing.T) {
	join := message{1, nil, []byte(`{"type":"meeting.participantJoined","subject":"room 1","data":{"participant":{"name":"Ada"}}}`)}
	call := message{2, nats.Header{
		"ce-specversion": {"1.0"}, "ce-type": {"call.started"}, "ce-subject": {"100%25"}, "ce-recordedtime": {arrival},
	}, []byte(`{}`)}
	other := message{3, nil, []byte(`{"type":"dyte.dance","subject":"room 1"}`)}
	all := []message{join, call, other}
	for _, c := range []struct {
		name, lines string
		types       int
		err         string
	}{
		{"all", "meeting.participantJoined room 1 Ada\ncall.started 100%\ndyte.dance room 1\n", 2, ""},
		{"one too few", "meeting.participantJoined room 1 Ada\ncall.started 100%\n", 2, "it ended before message 3"},
		{"not decoded", "meeting.participantJoined room 1 Ada\ncall.started 100%25\n", 1, "message 2: it printed"},
		{"another order", "call.started 100%\n", 0, "message 1: it printed"},
		{"half a subject", "meeting.participantJoined room 12 Ada\n", 0, "message 1: it printed"},
		{"no data", "meeting.participantJoined room 1\n", 0, `without "Ada"`},
		{"nothing", "", 0, "it ended before message 1"},
	} {
		types, err := check(bufio.NewScanner(strings.NewReader(c.lines)), all)
		if types != c.types || (c.err == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %d types, %v; want %d, %q", c.name, types, err, c.types, c.err)
		}
	}
}

func TestReport(t *testing.T) {
	page := filepath.Join(t.TempDir(), "README.md")
	o, err := parse([]string{"-subscriber", "shell", "-sdk", "js", "-case", "percent,digits", "-mode", "binary", "-shown", page})
	if err != nil {
		t.Fatal(err)
	}
	filled := func() *report {
		r := newReport(o)
		r.subscribed(o.subscribers[0], binary, 34, nil)
		r.read(o.sdks[0], binary, o.cases[0], cell{remedies: []string{remedyTime, remedyDecode, remedyTime}})
		return r
	}
	r := filled()
	r.read(o.sdks[0], binary, o.cases[1], cell{})
	var out strings.Builder
	if err := r.print(&out); err == nil || !strings.Contains(err.Error(), "README.md") {
		t.Errorf("no page: %v", err)
	}
	for _, want := range []string{"| `meetbus tail`, `jq` | 34 of 34 |\n", "| decode, time |\n", "| as is |\n", "- decode: ", "- time: "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
	if strings.Contains(out.String(), "- numbers") {
		t.Errorf("a remedy that nobody needs is explained in\n%s", &out)
	}
	if err := os.WriteFile(page, []byte("Figures:\n\n"+out.String()+"\nAnd more.\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r = filled()
	r.read(o.sdks[0], binary, o.cases[1], cell{})
	if err := r.print(&strings.Builder{}); err != nil {
		t.Error(err)
	}
	r = filled()
	r.read(o.sdks[0], binary, o.cases[1], cell{deadLetter: true})
	if err := r.print(&strings.Builder{}); err == nil || !strings.Contains(err.Error(), "does not show this") {
		t.Errorf("another table: %v", err)
	}
}

func TestReportOfFaults(t *testing.T) {
	o, err := parse(nil)
	if err != nil {
		t.Fatal(err)
	}
	r := newReport(o)
	r.subscribed(o.subscribers[0], binary, 33, nil)
	r.read(o.sdks[1], structured, o.cases[3], cell{wrong: []string{"data is lost"}})
	err = r.print(&strings.Builder{})
	for _, want := range []string{"it saw 33 of 34 types", "SDK js, structured, case percent: data is lost"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
