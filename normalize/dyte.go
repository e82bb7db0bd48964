package normalize

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/meetbus/meetbus/schemas"
)

// Dyte, https://docs.dyte.io/guides/capabilities/webhooks/webhooks-overview. Its service lives on as RealtimeKit.
var Dyte = Provider{
	Name:   "dyte",
	Source: "https://dyte.io",
	KeyURL: "https://api.dyte.io/.well-known/webhooks.json",
	Headers: Headers{
		Signature:    []string{"dyte-signature"},
		Delivery:     []string{"dyte-uuid"},
		Registration: []string{"dyte-webhook-id"},
	},
	NamesOrganizations: true,
	prefixes:           []string{"dyte-"},
	events:             dyteEvents,
	read:               readDyte,
	meeting:            dyteMeeting,
	claims:             func(_ http.Header, body object) bool { return body.has("event") },
}

var dyteEvents = table{
	{"meeting.started", schemas.TypeMeetingStarted, "", dyteStarted},
	{"meeting.ended", schemas.TypeMeetingEnded, "", dyteEnded},
	{"meeting.participantJoined", schemas.TypeParticipantJoined, "", dyteJoined},
	{"meeting.participantLeft", schemas.TypeParticipantLeft, "", dyteLeft},
	{"meeting.chatSynced", schemas.TypeChatSynced, "", dyteChat},
	{"meeting.transcript", schemas.TypeMeetingTranscript, "", dyteTranscript},
	{"meeting.summary", schemas.TypeMeetingSummary, "", dyteSummary},
	{"recording.statusUpdate", schemas.TypeRecordingUpdate, "", dyteRecording},
	{"livestreaming.statusUpdate", schemas.TypeLivestreamUpdate, "", dyteLivestream},
}

func readDyte(body object) (*reading, error) {
	event := body.str("event")
	if strings.TrimSpace(event) == "" {
		return nil, unnamed("event")
	}
	meeting := dyteMeeting(body)
	r := dyteEvents.read(event, body, meeting)
	r.organization = dyteOrganization(body, meeting.Organizer)
	return r, nil
}

// dyteMeeting reads the meeting. meeting.chatSynced has no object for it: its parts stand at the top of the body.
func dyteMeeting(body object) schemas.Meeting {
	meeting := body.object("meeting")
	place := meeting
	if len(place) == 0 {
		place = body
	}
	m := schemas.Meeting{
		ID:        cmp.Or(meeting.text("id"), body.text("meetingId")),
		SessionID: cmp.Or(meeting.text("sessionId"), body.text("sessionId")),
		Title:     place.text("title"),
		RoomName:  meeting.text("roomName"),
		Status:    meeting.text("status"),
		CreatedAt: place.time("createdAt"),
		StartedAt: place.time("startedAt"),
		EndedAt:   place.time("endedAt"),
		Organizer: cmp.Or(dyteOrganizer(meeting), dyteOrganizer(body)),
	}
	if m.ID == "" || m.SessionID == "" {
		recording := body.object("recording")
		m.ID = cmp.Or(m.ID, recording.text("meetingId"))
		m.SessionID = cmp.Or(m.SessionID, recording.text("roomUUID"))
	}
	return m
}

func dyteOrganizer(place object) *schemas.Organizer {
	by := place.object("organizedBy")
	return some(schemas.Organizer{ID: by.text("id"), Name: by.text("name")})
}

// dyteOrganization returns the customer whose meeting it is. The bodies of recordings have named it since 2022.
func dyteOrganization(body object, organizer *schemas.Organizer) string {
	if organizer != nil && organizer.ID != "" {
		return organizer.ID
	}
	return cmp.Or(body.object("organizedBy").text("id"), body.object("recording").text("organizationId"))
}

// dyteWhen returns a time of the meeting as it was written.
func dyteWhen(body object, name string) string {
	if meeting := body.object("meeting"); len(meeting) > 0 {
		return meeting.text(name)
	}
	return body.text(name)
}

func dyteStarted(body object, r *reading) {
	r.data = new(schemas.MeetingStarted)
	r.occurred = dyteWhen(body, "startedAt")
}

func dyteEnded(body object, r *reading) {
	r.data = &schemas.MeetingEnded{Reason: body.text("reason"), Error: body.anything("error")}
	r.occurred = dyteWhen(body, "endedAt")
}

func dyteJoined(body object, r *reading) {
	p := body.object("participant")
	r.data = &schemas.ParticipantJoined{Participant: dyteParticipant(p)}
	r.occurred = p.text("joinedAt")
}

func dyteLeft(body object, r *reading) {
	p := body.object("participant")
	r.data = &schemas.ParticipantLeft{Participant: dyteParticipant(p), Reason: body.text("reason")}
	r.occurred = p.text("leftAt")
}

// dyteParticipant reads a participant: a peer is one connection, so the id of the peer is the id of both.
func dyteParticipant(p object) *schemas.Participant {
	peer := p.text("peerId")
	return some(schemas.Participant{
		ID:           peer,
		CustomID:     p.either("customParticipantId", "clientSpecificId"),
		ConnectionID: peer,
		Name:         p.text("userDisplayName"),
		JoinedAt:     p.time("joinedAt"),
		LeftAt:       p.time("leftAt"),
	})
}

func dyteChat(body object, r *reading) {
	r.data = &schemas.ChatSynced{Chat: dyteDownload(body, "chatDownloadUrl", "chatDownloadUrlExpiry")}
}

// The documentation had transcriptDownloadExpiry for one day.
func dyteTranscript(body object, r *reading) {
	r.data = &schemas.MeetingTranscript{
		Transcript: dyteDownload(body, "transcriptDownloadUrl", "transcriptDownloadUrlExpiry", "transcriptDownloadExpiry"),
	}
}

func dyteSummary(body object, r *reading) {
	r.data = &schemas.MeetingSummary{Summary: dyteDownload(body, "summaryDownloadUrl", "summaryDownloadUrlExpiry")}
}

func dyteDownload(body object, url string, expiry ...string) *schemas.Download {
	return some(schemas.Download{
		DownloadURL:       body.text(url),
		DownloadExpiresAt: timestamp(body.either(expiry...)),
	})
}

func dyteRecording(body object, r *reading) {
	o := body.object("recording")
	r.data = &schemas.RecordingUpdate{Recording: some(schemas.Recording{
		ID:                o.either("id", "recordingId"),
		Status:            o.text("status"),
		InvokedAt:         o.time("invokedTime"),
		StartedAt:         o.time("startedTime"),
		StoppedAt:         o.time("stoppedTime"),
		FileName:          o.text("outputFileName"),
		FileSize:          cmp.Or(o.integer("fileSize"), o.integer("filesize")),
		DownloadURL:       o.text("downloadUrl"),
		AudioDownloadURL:  o.text("audioDownloadUrl"),
		DownloadExpiresAt: o.time("downloadUrlExpiry"),
		Duration:          o.number("recordingDuration"),
		StopReason:        o.text("stopReason"),
		Message:           o.text("errMessage"),
		OrganizationID:    o.text("organizationId"),
	})}
	r.status = o.text("status")
	switch r.status {
	case "INVOKED":
		r.occurred = o.text("invokedTime")
	case "UPLOADING":
		r.occurred = o.text("stoppedTime")
	}
}

func dyteLivestream(body object, r *reading) {
	r.status = body.text("status")
	r.data = &schemas.LivestreamUpdate{Livestream: some(schemas.Livestream{
		ID:           body.text("streamId"),
		Status:       r.status,
		ManualIngest: body.boolean("manualIngest"),
		PlaybackURL:  body.text("playbackUrl"),
		IngestURL:    body.text("ingestServer"),
	})}
}
