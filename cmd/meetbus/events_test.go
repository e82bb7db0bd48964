package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/meetbus/meetbus/normalize"
)

var choices = []struct {
	args string
	// want has provider, event and status of each sample.
	want []string
}{
	{"dyte meeting.started", []string{"dyte meeting.started "}},
	{"videosdk participant-joined", []string{"videosdk participant-joined "}},
	{"videosdk meeting.participantJoined", []string{"videosdk participant-joined "}},
	{"dyte recording.statusUpdate:UPLOADED", []string{"dyte recording.statusUpdate UPLOADED"}},
	{"dyte recording.statusUpdate:uploaded", []string{"dyte recording.statusUpdate UPLOADED"}},
	{"videosdk recording.statusUpdate:ERRORED", []string{"videosdk recording-failed ERRORED"}},
	{"realtimekit meeting.ended livestreaming.statusUpdate:LIVE",
		[]string{"realtimekit meeting.ended ", "realtimekit livestreaming.statusUpdate LIVE"}},
	{"dyte meeting.ended meeting.ended", []string{"dyte meeting.ended ", "dyte meeting.ended "}},
}

func TestChoose(t *testing.T) {
	for _, c := range choices {
		t.Run(c.args, func(t *testing.T) {
			chosen, err := choose(normalize.Samples(), strings.Fields(c.args), false)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range chosen {
				got = append(got, s.Provider.Name+" "+s.Event+" "+s.Status)
			}
			if strings.Join(got, "\n") != strings.Join(c.want, "\n") {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestChooseAll(t *testing.T) {
	everybody, err := choose(normalize.Samples(), nil, true)
	if err != nil || len(everybody) != len(normalize.Samples()) || len(everybody) == 0 {
		t.Fatalf("got %d samples, %v", len(everybody), err)
	}
	sum := 0
	for _, p := range normalize.Providers() {
		theirs, err := choose(normalize.Samples(), []string{p.Name}, true)
		if err != nil || len(theirs) == 0 {
			t.Errorf("%s: got %d samples, %v", p.Name, len(theirs), err)
		}
		for _, s := range theirs {
			if s.Provider.Name != p.Name {
				t.Errorf("%s: got one of %s", p.Name, s.Provider.Name)
			}
		}
		sum += len(theirs)
	}
	if sum != len(everybody) {
		t.Errorf("the providers have %d samples, all together %d", sum, len(everybody))
	}
}

var mischoices = []struct {
	args string
	all  bool
	want string
}{
	{"", false, "meetbus trigger dyte meeting.participantJoined"},
	{"dite meeting.started", false, `unknown provider "dite": there is dyte, realtimekit or videosdk`},
	{"dyte", false, "which event of dyte? One or more of meeting.started, meeting.ended,"},
	{"dyte meeting.partcipantJoined", false, "did you mean meeting.participantJoined,"},
	{"videosdk Participant_Joined", false, "did you mean participant-joined,"},
	{"dyte hls-started", false, `unknown event "hls-started" of dyte`},
	{"dyte meeting.started meeting.strated", false, `unknown event "meeting.strated"`},
	{"dyte recording.statusUpdate:DONE", false, "there is INVOKED, RECORDING, PAUSED, UPLOADING, UPLOADED or ERRORED"},
	{"dyte meeting.started:LIVE", false, `leave out ":LIVE"`},
	{"dyte meeting.started", true, "leave out meeting.started, or --all"},
}

func TestMischoose(t *testing.T) {
	for _, c := range mischoices {
		t.Run(c.args, func(t *testing.T) {
			chosen, err := choose(normalize.Samples(), strings.Fields(c.args), c.all)
			if err == nil {
				t.Fatalf("got %d samples", len(chosen))
			}
			if !errors.As(err, new(usageError)) {
				t.Errorf("%v is no usage error", err)
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %q, want %q in it", err, c.want)
			}
		})
	}
}
