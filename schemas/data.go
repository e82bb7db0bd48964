package schemas

import (
	"encoding/json"
	"time"
)

// Timestamp is a time in RFC 3339, in UTC, with as many digits of a second as the provider wrote: 2026-06-03T10:05:00.000Z.
// The empty string is no time at all.
type Timestamp string

// Time returns the instant, or an error if t is empty or not RFC 3339.
func (t Timestamp) Time() (time.Time, error) { return time.Parse(time.RFC3339, string(t)) }

// Data is what one event says. Each row of the catalogue has one struct for it; Of returns an empty one.
type Data interface {
	// Shared returns the part that all events have. It is never nil.
	Shared() *Common
}

// Common is the part of the data that all events have.
type Common struct {
	// The meeting that the event is about.
	Meeting *Meeting `json:"meeting,omitempty"`
	// The provider's own payload, exactly as it was signed: a string that holds JSON, byte for byte.
	Original string `json:"original,omitempty"`
}

// Shared returns c.
func (c *Common) Shared() *Common { return c }

// Meeting is a room that people meet in, and one period in which it was occupied.
type Meeting struct {
	// The provider's id of the meeting (at VideoSDK: the room). It stays when people meet again.
	ID string `json:"id,omitempty"`
	// The provider's id of this one occupied period.
	SessionID string `json:"sessionId,omitempty"`
	// The title, for people to read.
	Title string `json:"title,omitempty"`
	// The name of the room, where the provider still has one beside the id.
	RoomName string `json:"roomName,omitempty"`
	// The provider's word for the state of the meeting. Dyte writes LIVE even when the meeting has ended.
	Status string `json:"status,omitempty"`
	// When the meeting was created.
	CreatedAt Timestamp `json:"createdAt,omitempty"`
	// When this session started.
	StartedAt Timestamp `json:"startedAt,omitempty"`
	// When this session ended.
	EndedAt Timestamp `json:"endedAt,omitempty"`
	// The organization whose meeting it is.
	Organizer *Organizer `json:"organizer,omitempty"`
}

// Organizer is an organization at the provider: a customer of theirs.
type Organizer struct {
	// The provider's id of the organization.
	ID string `json:"id,omitempty"`
	// The name, for people to read.
	Name string `json:"name,omitempty"`
}

// Participant is somebody in a meeting. Count presence by connectionId, else id; know people by customId.
type Participant struct {
	// The provider's own word: a connection at Dyte, a person at VideoSDK.
	ID string `json:"id,omitempty"`
	// The application's key of the person.
	CustomID string `json:"customId,omitempty"`
	// One connection of the person, where the provider tells connections apart.
	ConnectionID string `json:"connectionId,omitempty"`
	// The name that is shown to others.
	Name string `json:"name,omitempty"`
	// When the participant joined.
	JoinedAt Timestamp `json:"joinedAt,omitempty"`
	// When the participant left.
	LeftAt Timestamp `json:"leftAt,omitempty"`
}

// Recording is one recording of a meeting, of a participant, or of a track.
type Recording struct {
	// The provider's id of the recording.
	ID string `json:"id,omitempty"`
	// INVOKED, RECORDING, PAUSED, UPLOADING, UPLOADED, STOPPED, ERRORED, or a newer word of the provider.
	Status string `json:"status,omitempty"`
	// When the recording was asked for.
	InvokedAt Timestamp `json:"invokedAt,omitempty"`
	// When the recording started.
	StartedAt Timestamp `json:"startedAt,omitempty"`
	// When the recording stopped.
	StoppedAt Timestamp `json:"stoppedAt,omitempty"`
	// The provider's id of the file.
	FileID string `json:"fileId,omitempty"`
	// The name of the file.
	FileName string `json:"fileName,omitempty"`
	// The path of the file in the provider's or the customer's storage.
	FilePath string `json:"filePath,omitempty"`
	// The size of the file in bytes: an integer of any length.
	FileSize json.Number `json:"fileSize,omitempty" jsonschema:"type=integer"`
	// Where to download the file. Often a presigned URL: whoever has it can read the recording.
	DownloadURL string `json:"downloadUrl,omitempty"`
	// Where to download the sound alone.
	AudioDownloadURL string `json:"audioDownloadUrl,omitempty"`
	// When the download URLs stop working.
	DownloadExpiresAt Timestamp `json:"downloadExpiresAt,omitempty"`
	// The length of the recording in seconds.
	Duration json.Number `json:"duration,omitempty"`
	// Why the recording stopped, as the provider wrote it.
	StopReason string `json:"stopReason,omitempty"`
	// What went wrong, or other words of the provider about the status.
	Message string `json:"message,omitempty"`
	// What was recorded: audio, video, screen_audio, screen_video, or a newer word of the provider.
	Kind string `json:"kind,omitempty"`
	// The format of the file, such as webm.
	Format string `json:"format,omitempty"`
	// The files, where there are several.
	Files []File `json:"files,omitempty"`
	// The provider's id of the organization that the recording belongs to.
	OrganizationID string `json:"organizationId,omitempty"`
}

// File is one file of a recording.
type File struct {
	// The path in the provider's or the customer's storage.
	Path string `json:"path,omitempty"`
	// Where to download the file.
	URL string `json:"url,omitempty"`
}

// Livestream is a meeting that is streamed to a platform. The stream key, a secret, is only in original.
type Livestream struct {
	// The provider's id of the stream.
	ID string `json:"id,omitempty"`
	// STARTING, LIVE, IDLE, STOPPING, OFFLINE, ERRORED, or a newer word of the provider.
	Status string `json:"status,omitempty"`
	// Whether the customer feeds the stream.
	ManualIngest *bool `json:"manualIngest,omitempty"`
	// Where to watch.
	PlaybackURL string `json:"playbackUrl,omitempty"`
	// Where to feed the stream.
	IngestURL string `json:"ingestUrl,omitempty"`
}

// HLS is a meeting that is streamed over HTTP Live Streaming.
type HLS struct {
	// STARTING, STARTED, PLAYABLE, STOPPING, STOPPED, ERRORED, or a newer word of the provider.
	Status string `json:"status,omitempty"`
	// Where to watch, also afterwards.
	PlaybackURL string `json:"playbackUrl,omitempty"`
	// Where to watch live only.
	LiveURL string `json:"liveUrl,omitempty"`
}

// Download is a document that the provider has made of a meeting and keeps for some days.
type Download struct {
	// Where to download it. Often a presigned URL: whoever has it can read the document.
	DownloadURL string `json:"downloadUrl,omitempty"`
	// When the download URL stops working.
	DownloadExpiresAt Timestamp `json:"downloadExpiresAt,omitempty"`
}

// Transcription is a run of speech to text.
type Transcription struct {
	// The provider's id of the run.
	ID string `json:"id,omitempty"`
	// The kind of run, such as realtime.
	Kind string `json:"kind,omitempty"`
	// STARTED, STOPPED, COMPLETED, ERRORED, or a newer word of the provider.
	Status string `json:"status,omitempty"`
}

// Resource is a machine that the provider has set aside for a task.
type Resource struct {
	// The provider's id of the resource.
	ID string `json:"id,omitempty"`
	// The task, such as recording.
	Kind string `json:"kind,omitempty"`
}

// Agent is an AI agent at work.
type Agent struct {
	// session (the agent's part in a meeting), deployment (a session of an agent that the provider runs), or a newer word.
	Kind string `json:"kind,omitempty"`
	// The provider's id of the agent's session, which is no session of a meeting.
	SessionID string `json:"sessionId,omitempty"`
	// STARTING, STARTED, STOPPING, STOPPED, ERRORED, or a newer word of the provider.
	Status string `json:"status,omitempty"`
}

// Call is a telephone call that is connected with a room, or a batch of calls.
type Call struct {
	// The provider's id of the call, or of the batch.
	ID string `json:"id,omitempty"`
	// The room that the call is connected with.
	RoomID string `json:"roomId,omitempty"`
	// The agent that takes part.
	AgentID string `json:"agentId,omitempty"`
	// When it happened.
	At Timestamp `json:"at,omitempty"`
}

// The data of each type of event.
type (
	// MeetingStarted is the data of meeting.started.
	MeetingStarted struct {
		Common
	}
	// MeetingEnded is the data of meeting.ended.
	MeetingEnded struct {
		Common
		// Why it ended, in the provider's word: HOST_ENDED_MEETING, ALL_PARTICIPANTS_LEFT, …
		Reason string `json:"reason,omitempty"`
		// What went wrong, as the provider wrote it: any JSON value but null.
		Error json.RawMessage `json:"error,omitempty"`
	}
	// ParticipantJoined is the data of meeting.participantJoined.
	ParticipantJoined struct {
		Common
		// Who joined.
		Participant *Participant `json:"participant,omitempty"`
	}
	// ParticipantLeft is the data of meeting.participantLeft.
	ParticipantLeft struct {
		Common
		// Who left.
		Participant *Participant `json:"participant,omitempty"`
		// Why, in the provider's word: user-left, connection-error, …
		Reason string `json:"reason,omitempty"`
	}
	// ChatSynced is the data of meeting.chatSynced.
	ChatSynced struct {
		Common
		// The chat of the session, as a file.
		Chat *Download `json:"chat,omitempty"`
	}
	// MeetingTranscript is the data of meeting.transcript.
	MeetingTranscript struct {
		Common
		// What was said in the session, as a file.
		Transcript *Download `json:"transcript,omitempty"`
	}
	// MeetingSummary is the data of meeting.summary.
	MeetingSummary struct {
		Common
		// A summary of the session, as a file.
		Summary *Download `json:"summary,omitempty"`
	}
	// RecordingUpdate is the data of recording.statusUpdate and recording.mergeStatusUpdate.
	RecordingUpdate struct {
		Common
		// The recording.
		Recording *Recording `json:"recording,omitempty"`
	}
	// ParticipantRecordingUpdate is the data of recording.participantStatusUpdate and recording.trackStatusUpdate.
	ParticipantRecordingUpdate struct {
		Common
		// Who is recorded.
		Participant *Participant `json:"participant,omitempty"`
		// The recording.
		Recording *Recording `json:"recording,omitempty"`
	}
	// LivestreamUpdate is the data of livestreaming.statusUpdate.
	LivestreamUpdate struct {
		Common
		// The stream.
		Livestream *Livestream `json:"livestream,omitempty"`
	}
	// HLSUpdate is the data of hls.statusUpdate.
	HLSUpdate struct {
		Common
		// The stream.
		HLS *HLS `json:"hls,omitempty"`
	}
	// TranscriptionUpdate is the data of transcription.statusUpdate.
	TranscriptionUpdate struct {
		Common
		// The run of speech to text.
		Transcription *Transcription `json:"transcription,omitempty"`
	}
	// ResourceAcquired is the data of resource.acquired.
	ResourceAcquired struct {
		Common
		// The resource.
		Resource *Resource `json:"resource,omitempty"`
	}
	// AgentUpdate is the data of agent.statusUpdate.
	AgentUpdate struct {
		Common
		// The agent.
		Agent *Agent `json:"agent,omitempty"`
	}
	// CallEvent is the data of every call.* event.
	CallEvent struct {
		Common
		// The call.
		Call *Call `json:"call,omitempty"`
	}
	// BatchCallEvent is the data of every batchCall.* event.
	BatchCallEvent struct {
		Common
		// The batch of calls.
		BatchCall *Call `json:"batchCall,omitempty"`
	}
	// Unmapped is the data of an event whose type is not in the catalogue but <provider>.<its own name>.
	Unmapped struct {
		Common
	}
)

// DeadLetter is the data of meetbus.deadletter: an authentic webhook that could not become an event.
type DeadLetter struct {
	// Nothing was read of it, so it shares nothing with events.
	Common `json:"-"`
	// not_utf8, not_json, no_event, refused, too_large, or a newer word.
	Reason string `json:"reason"`
	// What exactly was wrong, for people to read.
	Detail string `json:"detail,omitempty"`
	// The name of the endpoint that it came to.
	Endpoint string `json:"endpoint"`
	// The provider's own headers, content-* and user-agent; of all other headers the names only, with empty lists.
	Headers map[string][]string `json:"headers,omitempty"`
	// The bytes of the body; in JSON they are base64.
	Body []byte `json:"body"`
	// When it arrived.
	ReceivedAt Timestamp `json:"receivedAt"`
}
