package schemas

import (
	"slices"
	"strings"
)

// TypeDeadLetter is the type of a dead letter. It is not in the catalogue, and never matches a rule.
const TypeDeadLetter = "meetbus.deadletter"

// The types of event, after Dyte's pattern resource.event.
const (
	TypeMeetingStarted             = "meeting.started"
	TypeMeetingEnded               = "meeting.ended"
	TypeParticipantJoined          = "meeting.participantJoined"
	TypeParticipantLeft            = "meeting.participantLeft"
	TypeChatSynced                 = "meeting.chatSynced"
	TypeMeetingTranscript          = "meeting.transcript"
	TypeMeetingSummary             = "meeting.summary"
	TypeRecordingUpdate            = "recording.statusUpdate"
	TypeParticipantRecordingUpdate = "recording.participantStatusUpdate"
	TypeTrackRecordingUpdate       = "recording.trackStatusUpdate"
	TypeMergeRecordingUpdate       = "recording.mergeStatusUpdate"
	TypeLivestreamUpdate           = "livestreaming.statusUpdate"
	TypeHLSUpdate                  = "hls.statusUpdate"
	TypeTranscriptionUpdate        = "transcription.statusUpdate"
	TypeResourceAcquired           = "resource.acquired"
	TypeAgentUpdate                = "agent.statusUpdate"
	TypeCallStarted                = "call.started"
	TypeCallAnswered               = "call.answered"
	TypeCallRinging                = "call.ringing"
	TypeCallMissed                 = "call.missed"
	TypeCallHangup                 = "call.hangup"
	TypeCallUpdated                = "call.updated"
	TypeCallTransferred            = "call.transferred"
	TypeCallTransferring           = "call.transferring"
	TypeCallTransferInitiated      = "call.transferInitiated"
	TypeCallTransferAccepted       = "call.transferAccepted"
	TypeCallTransferRinging        = "call.transferRinging"
	TypeCallTransferFailed         = "call.transferFailed"
	TypeCallSwitchRoomInitiated    = "call.switchRoomInitiated"
	TypeCallSwitchRoomCompleted    = "call.switchRoomCompleted"
	TypeCallSwitchRoomFailed       = "call.switchRoomFailed"
	TypeCallSummary                = "call.summary"
	TypeBatchCallStarted           = "batchCall.started"
	TypeBatchCallCompleted         = "batchCall.completed"
)

// Type is one row of the catalogue.
type Type struct {
	// Name is the type of the event, without prefix.
	Name string
	// About says in one sentence when the event comes.
	About string

	empty func() Data
}

// HasStatus says whether events of the type named have a status attribute.
func HasStatus(name string) bool {
	return strings.HasSuffix(name, "statusUpdate") || strings.HasSuffix(name, "StatusUpdate")
}

// Of returns empty data for events of the type named, to be filled or decoded into: a pointer to one of the structs of this
// package. For a name that is not in the catalogue it is *Unmapped.
func Of(name string) Data {
	if name == TypeDeadLetter {
		return new(DeadLetter)
	}
	if t, known := byName[name]; known {
		return t.empty()
	}
	return new(Unmapped)
}

// Known says whether the type named is in the catalogue.
func Known(name string) bool {
	_, known := byName[name]
	return known
}

// Catalogue returns every type of event that meetbus speaks, in the order of the documentation.
func Catalogue() []Type { return slices.Clone(catalogue) }

var catalogue = []Type{
	{TypeMeetingStarted, "A session of a meeting has begun: the first participant is there.", of[MeetingStarted]},
	{TypeMeetingEnded, "A session of a meeting has ended.", of[MeetingEnded]},
	{TypeParticipantJoined, "Somebody has joined a meeting.", of[ParticipantJoined]},
	{TypeParticipantLeft, "Somebody has left a meeting, or lost the connection.", of[ParticipantLeft]},
	{TypeChatSynced, "The chat of a session can be downloaded.", of[ChatSynced]},
	{TypeMeetingTranscript, "The transcript of a session can be downloaded.", of[MeetingTranscript]},
	{TypeMeetingSummary, "The summary of a session can be downloaded.", of[MeetingSummary]},
	{TypeRecordingUpdate, "The recording of a meeting has a new status.", of[RecordingUpdate]},
	{TypeParticipantRecordingUpdate, "The recording of one participant has a new status.", of[ParticipantRecordingUpdate]},
	{TypeTrackRecordingUpdate, "The recording of one participant's track has a new status.", of[ParticipantRecordingUpdate]},
	{TypeMergeRecordingUpdate, "The merging of recordings has a new status.", of[RecordingUpdate]},
	{TypeLivestreamUpdate, "The livestream of a meeting has a new status.", of[LivestreamUpdate]},
	{TypeHLSUpdate, "The HLS stream of a meeting has a new status.", of[HLSUpdate]},
	{TypeTranscriptionUpdate, "The transcription of a meeting has a new status.", of[TranscriptionUpdate]},
	{TypeResourceAcquired, "The provider has set a resource aside.", of[ResourceAcquired]},
	{TypeAgentUpdate, "An AI agent's session has a new status.", of[AgentUpdate]},
	{TypeCallStarted, "A call has started.", of[CallEvent]},
	{TypeCallAnswered, "A call was answered.", of[CallEvent]},
	{TypeCallRinging, "A call is ringing.", of[CallEvent]},
	{TypeCallMissed, "A call was missed.", of[CallEvent]},
	{TypeCallHangup, "A call has ended.", of[CallEvent]},
	{TypeCallUpdated, "A call has changed.", of[CallEvent]},
	{TypeCallTransferred, "A call was transferred.", of[CallEvent]},
	{TypeCallTransferring, "A call is being transferred.", of[CallEvent]},
	{TypeCallTransferInitiated, "The transfer of a call was asked for.", of[CallEvent]},
	{TypeCallTransferAccepted, "The transfer of a call was accepted.", of[CallEvent]},
	{TypeCallTransferRinging, "The target of a transfer is ringing.", of[CallEvent]},
	{TypeCallTransferFailed, "The transfer of a call has failed.", of[CallEvent]},
	{TypeCallSwitchRoomInitiated, "A call's move to another room was asked for.", of[CallEvent]},
	{TypeCallSwitchRoomCompleted, "A call has moved to another room.", of[CallEvent]},
	{TypeCallSwitchRoomFailed, "A call could not move to another room.", of[CallEvent]},
	{TypeCallSummary, "The summary of an agent's call is there.", of[CallEvent]},
	{TypeBatchCallStarted, "A batch of calls has started.", of[BatchCallEvent]},
	{TypeBatchCallCompleted, "A batch of calls is complete.", of[BatchCallEvent]},
}

var byName = func() map[string]Type {
	m := make(map[string]Type, len(catalogue))
	for _, t := range catalogue {
		m[t.Name] = t
	}
	return m
}()

func of[D any, P interface {
	*D
	Data
}]() Data {
	return P(new(D))
}
