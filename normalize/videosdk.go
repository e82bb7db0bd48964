package normalize

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/meetbus/meetbus/schemas"
)

// VideoSDK, https://docs.videosdk.live/api-reference/realtime-communication/user-webhooks. No header tells one delivery from
// another, and no body names the customer.
var VideoSDK = Provider{
	Name:     "videosdk",
	Source:   "https://videosdk.live",
	KeyURL:   "https://api.videosdk.live/v2/public/rsa-public-key",
	Headers:  Headers{Signature: []string{"videosdk-signature"}},
	prefixes: []string{"videosdk-"},
	events:   videoSDKEvents,
	read:     readVideoSDK,
	meeting:  roomIn,
	claims: func(_ http.Header, body object) bool {
		return body.has("webhookType") || body.has("type") && body.has("data") || body.has(callSummary)
	},
}

// callSummary is the name of the part of a body that makes it a call summary: it is the only event without a webhookType.
const callSummary = "call-summary"

// Names that families of events start with.
const (
	participantRecording = "participant-recording-"
	trackRecording       = "participant-track-recording-"
	agentSession         = "agent-session-"
	deploymentSession    = "ai-deployment-session-"
)

var videoSDKEvents = table{
	{"session-started", schemas.TypeMeetingStarted, "", sessionStarted},
	{"session-ended", schemas.TypeMeetingEnded, "", sessionEnded},
	{"participant-joined", schemas.TypeParticipantJoined, "", personJoined},
	{"participant-left", schemas.TypeParticipantLeft, "", personLeft},

	{"recording-starting", schemas.TypeRecordingUpdate, "INVOKED", roomRecording},
	{"recording-started", schemas.TypeRecordingUpdate, "RECORDING", roomRecording},
	{"recording-stopping", schemas.TypeRecordingUpdate, "UPLOADING", roomRecording},
	{"recording-stopped", schemas.TypeRecordingUpdate, stopped, roomRecording},
	{"recording-failed", schemas.TypeRecordingUpdate, "ERRORED", roomRecording},

	{participantRecording + "starting", schemas.TypeParticipantRecordingUpdate, "INVOKED", personRecording},
	{participantRecording + "started", schemas.TypeParticipantRecordingUpdate, "RECORDING", personRecording},
	{participantRecording + "stopping", schemas.TypeParticipantRecordingUpdate, "UPLOADING", personRecording},
	{participantRecording + "stopped", schemas.TypeParticipantRecordingUpdate, stopped, personRecording},
	{participantRecording + "failed", schemas.TypeParticipantRecordingUpdate, "ERRORED", personRecording},

	{trackRecording + "starting", schemas.TypeTrackRecordingUpdate, "INVOKED", personRecording},
	{trackRecording + "started", schemas.TypeTrackRecordingUpdate, "RECORDING", personRecording},
	{trackRecording + "stopping", schemas.TypeTrackRecordingUpdate, "UPLOADING", personRecording},
	{trackRecording + "stopped", schemas.TypeTrackRecordingUpdate, stopped, personRecording},
	{trackRecording + "failed", schemas.TypeTrackRecordingUpdate, "ERRORED", personRecording},

	{"merge-recording-completed", schemas.TypeMergeRecordingUpdate, "UPLOADED", roomRecording},
	{"merge-recording-failed", schemas.TypeMergeRecordingUpdate, "ERRORED", roomRecording},

	{"livestream-starting", schemas.TypeLivestreamUpdate, "STARTING", livestream},
	{"livestream-started", schemas.TypeLivestreamUpdate, "LIVE", livestream},
	{"livestream-stopping", schemas.TypeLivestreamUpdate, "STOPPING", livestream},
	{"livestream-stopped", schemas.TypeLivestreamUpdate, "OFFLINE", livestream},
	{"livestream-failed", schemas.TypeLivestreamUpdate, "ERRORED", livestream},

	{"hls-starting", schemas.TypeHLSUpdate, "STARTING", hls},
	{"hls-started", schemas.TypeHLSUpdate, "STARTED", hls},
	{"hls-playable", schemas.TypeHLSUpdate, "PLAYABLE", hls},
	{"hls-stopping", schemas.TypeHLSUpdate, "STOPPING", hls},
	{"hls-stopped", schemas.TypeHLSUpdate, "STOPPED", hls},
	{"hls-failed", schemas.TypeHLSUpdate, "ERRORED", hls},

	{"transcription-started", schemas.TypeTranscriptionUpdate, "STARTED", transcription},
	{"transcription-stopped", schemas.TypeTranscriptionUpdate, "STOPPED", transcription},
	{"transcription-completed", schemas.TypeTranscriptionUpdate, "COMPLETED", transcription},
	{"transcription-failed", schemas.TypeTranscriptionUpdate, "ERRORED", transcription},

	{"resource-acquired", schemas.TypeResourceAcquired, "", resource},

	{agentSession + "starting", schemas.TypeAgentUpdate, "STARTING", agent("session")},
	{agentSession + "started", schemas.TypeAgentUpdate, "STARTED", agent("session")},
	{agentSession + "stopping", schemas.TypeAgentUpdate, "STOPPING", agent("session")},
	{agentSession + "stopped", schemas.TypeAgentUpdate, "STOPPED", agent("session")},
	{agentSession + "failed", schemas.TypeAgentUpdate, "ERRORED", agent("session")},
	{deploymentSession + "starting", schemas.TypeAgentUpdate, "STARTING", agent("deployment")},
	{deploymentSession + "started", schemas.TypeAgentUpdate, "STARTED", agent("deployment")},
	{deploymentSession + "stopping", schemas.TypeAgentUpdate, "STOPPING", agent("deployment")},
	{deploymentSession + "stopped", schemas.TypeAgentUpdate, "STOPPED", agent("deployment")},
	{deploymentSession + "failed", schemas.TypeAgentUpdate, "ERRORED", agent("deployment")},

	{"call-started", schemas.TypeCallStarted, "", call},
	{"call-answered", schemas.TypeCallAnswered, "", call},
	{"call-ringing", schemas.TypeCallRinging, "", call},
	{"call-missed", schemas.TypeCallMissed, "", call},
	{"call-hangup", schemas.TypeCallHangup, "", call},
	{"call-update", schemas.TypeCallUpdated, "", call},
	{"call-transferred", schemas.TypeCallTransferred, "", call},
	{"call-transferring", schemas.TypeCallTransferring, "", call},
	{"call-transfer-initiated", schemas.TypeCallTransferInitiated, "", call},
	{"call-transfer-accepted", schemas.TypeCallTransferAccepted, "", call},
	{"call-transfer-ringing", schemas.TypeCallTransferRinging, "", call},
	{"call-transfer-failed", schemas.TypeCallTransferFailed, "", call},
	{"switch-room-initiated", schemas.TypeCallSwitchRoomInitiated, "", call},
	{"switch-room-completed", schemas.TypeCallSwitchRoomCompleted, "", call},
	{"switch-room-failed", schemas.TypeCallSwitchRoomFailed, "", call},
	{callSummary, schemas.TypeCallSummary, "", call},

	{"batchcall-started", schemas.TypeBatchCallStarted, "", batchCall},
	{"batchcall-completed", schemas.TypeBatchCallCompleted, "", batchCall},
}

func readVideoSDK(body object) (*reading, error) {
	event := cmp.Or(body.str("webhookType"), body.str("type"))
	switch {
	case strings.TrimSpace(event) != "":
		data := body.object("data")
		return videoSDKEvents.read(event, data, room(event, data)), nil
	case body.has(callSummary):
		data := body.object("room-data")
		return videoSDKEvents.read(callSummary, data, summarized(data)), nil
	}
	return nil, unnamed("webhookType")
}

// roomIn finds the room in a body of any event, or of none.
func roomIn(body object) schemas.Meeting {
	if m := room("", body.object("data")); m.ID != "" {
		return m
	}
	return summarized(body.object("room-data"))
}

// summarized is the room of a call summary.
func summarized(data object) schemas.Meeting {
	return schemas.Meeting{ID: data.text("meeting-id"), SessionID: data.text("session-id")}
}

// room reads the meeting, which is a room here, and one of its sessions. An agent's session is none of the room's.
func room(event string, data object) schemas.Meeting {
	m := schemas.Meeting{ID: data.either("meetingId", "roomId")}
	if !strings.HasPrefix(event, agentSession) && !strings.HasPrefix(event, deploymentSession) {
		m.SessionID = data.text("sessionId")
	}
	return m
}

func sessionStarted(data object, r *reading) {
	r.meeting.StartedAt = data.time("start")
	r.occurred = data.text("start")
	r.data = new(schemas.MeetingStarted)
}

func sessionEnded(data object, r *reading) {
	r.meeting.StartedAt, r.meeting.EndedAt = data.time("start"), data.time("end")
	r.occurred = data.text("end")
	r.data = &schemas.MeetingEnded{Reason: data.text("reason"), Error: data.anything("error")}
}

func personJoined(data object, r *reading) {
	r.data = &schemas.ParticipantJoined{Participant: person(data)}
}

func personLeft(data object, r *reading) {
	r.data = &schemas.ParticipantLeft{Participant: person(data), Reason: data.text("reason")}
}

// person reads a participant, whose id the application has chosen. It stays when the person joins again.
func person(data object) *schemas.Participant {
	id := data.text("participantId")
	return some(schemas.Participant{ID: id, CustomID: id, Name: data.text("participantName")})
}

func roomRecording(data object, r *reading) {
	r.data = &schemas.RecordingUpdate{Recording: recording(data, r)}
}

func personRecording(data object, r *reading) {
	r.data = &schemas.ParticipantRecordingUpdate{Participant: person(data), Recording: recording(data, r)}
}

// stopped is the status of a recording that has stopped, until a file is found to be there: then it is uploaded.
const stopped, uploaded = "STOPPED", "UPLOADED"

func recording(data object, r *reading) *schemas.Recording {
	rec := &schemas.Recording{
		ID:          data.text("id"),
		FileID:      data.text("fileId"),
		FilePath:    data.text("filePath"),
		DownloadURL: data.text("fileUrl"),
		Message:     data.text("message"),
		Kind:        data.text("kind"),
		Format:      data.text("fileFormat"),
	}
	for _, detail := range data.list("fileDetails") {
		o := members(detail)
		if file := some(schemas.File{Path: o.text("filePath"), URL: o.text("fileUrl")}); file != nil {
			rec.Files = append(rec.Files, *file)
		}
	}
	if r.status == stopped && (len(rec.Files) > 0 || cmp.Or(rec.DownloadURL, rec.FilePath, rec.FileID) != "") {
		r.status = uploaded
	}
	rec.Status = r.status
	return rec
}

func livestream(_ object, r *reading) {
	r.data = &schemas.LivestreamUpdate{Livestream: &schemas.Livestream{Status: r.status}}
}

func hls(data object, r *reading) {
	r.data = &schemas.HLSUpdate{HLS: &schemas.HLS{
		Status:      r.status,
		PlaybackURL: data.either("playbackHlsUrl", "downstreamUrl"),
		LiveURL:     data.text("livestreamUrl"),
	}}
}

func transcription(data object, r *reading) {
	r.data = &schemas.TranscriptionUpdate{Transcription: &schemas.Transcription{
		ID:     data.text("id"),
		Kind:   data.text("type"),
		Status: r.status,
	}}
}

func resource(data object, r *reading) {
	r.data = &schemas.ResourceAcquired{Resource: some(schemas.Resource{ID: data.text("id"), Kind: data.text("type")})}
}

func agent(kind string) func(object, *reading) {
	return func(data object, r *reading) {
		r.data = &schemas.AgentUpdate{Agent: &schemas.Agent{
			Kind:      kind,
			SessionID: data.text("sessionId"),
			Status:    r.status,
		}}
	}
}

func call(data object, r *reading) {
	r.data = &schemas.CallEvent{Call: some(telephony(data, "callId"))}
}

// The payload of batch calls is not documented: the id may have any of these names.
func batchCall(data object, r *reading) {
	r.data = &schemas.BatchCallEvent{BatchCall: some(telephony(data, "batchCallId", "batchId", "id"))}
}

func telephony(data object, id ...string) schemas.Call {
	return schemas.Call{
		ID:      data.either(id...),
		RoomID:  data.text("roomId"),
		AgentID: data.text("agentId"),
		At:      data.time("timestamp"),
	}
}
