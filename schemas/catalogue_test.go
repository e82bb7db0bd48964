package schemas_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/meetbus/meetbus/schemas"
)

// catalogue is the table of the documentation: types with the names of their data besides meeting and original.
var catalogue = []struct{ types, data string }{
	{"meeting.started", ""},
	{"meeting.ended", "reason error"},
	{"meeting.participantJoined", "participant"},
	{"meeting.participantLeft", "participant reason"},
	{"meeting.chatSynced", "chat"},
	{"meeting.transcript", "transcript"},
	{"meeting.summary", "summary"},
	{"recording.statusUpdate", "recording"},
	{"recording.participantStatusUpdate", "participant recording"},
	{"recording.trackStatusUpdate", "participant recording"},
	{"recording.mergeStatusUpdate", "recording"},
	{"livestreaming.statusUpdate", "livestream"},
	{"hls.statusUpdate", "hls"},
	{"transcription.statusUpdate", "transcription"},
	{"resource.acquired", "resource"},
	{"agent.statusUpdate", "agent"},
	{"call.started call.answered call.ringing call.missed call.hangup call.updated call.transferred call.transferring" +
		" call.transferInitiated call.transferAccepted call.transferRinging call.transferFailed" +
		" call.switchRoomInitiated call.switchRoomCompleted call.switchRoomFailed", "call"},
	{"call.summary", "call"},
	{"batchCall.started batchCall.completed", "batchCall"},
}

func TestCatalogueIsTheDocumentedOne(t *testing.T) {
	var want, got []string
	for _, row := range catalogue {
		for _, name := range strings.Fields(row.types) {
			want = append(want, name)
			fields := append([]string{"meeting", "original"}, strings.Fields(row.data)...)
			if got := fieldNames(reflect.TypeOf(schemas.Of(name)).Elem()); !slices.Equal(got, fields) {
				t.Errorf("%s has %q, want %q", name, got, fields)
			}
		}
	}
	for _, row := range schemas.Catalogue() {
		got = append(got, row.Name)
		if !strings.HasSuffix(row.About, ".") {
			t.Errorf("%s: %q is no sentence", row.Name, row.About)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("catalogue is %q, want %q", got, want)
	}
}

func TestCatalogueIsTheCallersOwn(t *testing.T) {
	schemas.Catalogue()[0].Name = "meeting.other"
	if got := schemas.Catalogue()[0].Name; got != schemas.TypeMeetingStarted {
		t.Errorf("what one caller writes, the next one reads: %s", got)
	}
}

func TestFieldsAreTheDocumentedOnes(t *testing.T) {
	for _, tt := range []struct {
		data any
		want string
	}{
		{schemas.Meeting{}, "id sessionId title roomName status createdAt startedAt endedAt organizer"},
		{schemas.Organizer{}, "id name"},
		{schemas.Participant{}, "id customId connectionId name joinedAt leftAt"},
		{schemas.Recording{}, "id status invokedAt startedAt stoppedAt fileId fileName filePath fileSize downloadUrl audioDownloadUrl" +
			" downloadExpiresAt duration stopReason message kind format files organizationId"},
		{schemas.File{}, "path url"},
		{schemas.Livestream{}, "id status manualIngest playbackUrl ingestUrl"},
		{schemas.HLS{}, "status playbackUrl liveUrl"},
		{schemas.Download{}, "downloadUrl downloadExpiresAt"},
		{schemas.Transcription{}, "id kind status"},
		{schemas.Resource{}, "id kind"},
		{schemas.Agent{}, "kind sessionId status"},
		{schemas.Call{}, "id roomId agentId at"},
		{schemas.Unmapped{}, "meeting original"},
		{schemas.DeadLetter{}, "reason detail endpoint headers body receivedAt"},
	} {
		if got, want := fieldNames(reflect.TypeOf(tt.data)), strings.Fields(tt.want); !slices.Equal(got, want) {
			t.Errorf("%T has %q, want %q", tt.data, got, want)
		}
	}
}

// fieldNames returns the names that the fields of a struct have in JSON.
func fieldNames(t reflect.Type) []string {
	var names []string
	for _, f := range reflect.VisibleFields(t) {
		if len(f.Index) > 1 && t.Field(f.Index[0]).Tag.Get("json") == "-" || f.Anonymous {
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}

func TestWhatIsAbsentStaysAbsent(t *testing.T) {
	for _, row := range schemas.Catalogue() {
		if got, err := json.Marshal(schemas.Of(row.Name)); err != nil || string(got) != "{}" {
			t.Errorf("empty data of %s is %s, %v", row.Name, got, err)
		}
	}
}

func TestOf(t *testing.T) {
	for _, tt := range []struct {
		name   string
		want   schemas.Data
		known  bool
		status bool
	}{
		{schemas.TypeMeetingEnded, &schemas.MeetingEnded{}, true, false},
		{schemas.TypeRecordingUpdate, &schemas.RecordingUpdate{}, true, true},
		{schemas.TypeTrackRecordingUpdate, &schemas.ParticipantRecordingUpdate{}, true, true},
		{schemas.TypeCallSummary, &schemas.CallEvent{}, true, false},
		{schemas.TypeDeadLetter, &schemas.DeadLetter{}, false, false},
		{schemas.SchemaUnmapped, &schemas.Unmapped{}, false, false},
		{"dyte.poll.statusUpdate", &schemas.Unmapped{}, false, true},
		{"", &schemas.Unmapped{}, false, false},
	} {
		got := schemas.Of(tt.name)
		if !reflect.DeepEqual(got, tt.want) || got == schemas.Of(tt.name) || got.Shared() == nil {
			t.Errorf("Of(%q) is %#v, want a new %#v", tt.name, got, tt.want)
		}
		if schemas.Known(tt.name) != tt.known || schemas.HasStatus(tt.name) != tt.status {
			t.Errorf("%q: known %t, status %t", tt.name, schemas.Known(tt.name), schemas.HasStatus(tt.name))
		}
	}
}

func TestTimestampTime(t *testing.T) {
	for _, tt := range []struct {
		in, want string
	}{
		{"2026-06-03T10:05:00Z", "2026-06-03T10:05:00Z"},
		{"2026-06-03T10:05:00.903816Z", "2026-06-03T10:05:00.903816Z"},
		{"", ""},
		{"2026-06-03T15:60:35Z", ""},
	} {
		got, err := schemas.Timestamp(tt.in).Time()
		if tt.want == "" {
			if err == nil {
				t.Errorf("%q is %v, want an error", tt.in, got)
			}
			continue
		}
		if text, _ := got.MarshalText(); err != nil || string(text) != tt.want {
			t.Errorf("%q is %s, %v, want %s", tt.in, text, err, tt.want)
		}
	}
}
