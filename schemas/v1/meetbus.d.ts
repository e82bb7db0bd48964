/**
 * The events of meetbus, version 1 of their schemas. Written from the schemas beside this file by go test ./schemas -update.
 *
 *     import type { MeetbusEvent } from "./meetbus.js";
 *
 *     const event: MeetbusEvent = JSON.parse(text); // or message.json<MeetbusEvent>(), or HTTP.toEvent(…) as MeetbusEvent
 *     if (event.type === "meeting.participantJoined") console.log(event.data.participant?.name);
 *
 * A property, a type of event and a word in a list may be added at any time; nothing is removed or changed in version 1.
 */

/**
 * One event, as a message in structured mode holds it. A switch over its type narrows its data; what is left after all cases
 * is an event that the catalogue does not know, or did not know when this file was written.
 *
 * With cloudevents.type_prefix set to com.example. it is MeetbusEvent<"com.example.">.
 */
export type MeetbusEvent<Prefix extends string = ""> = MeetbusEventOf<keyof MeetbusData | UnmappedType, Prefix>;

/** The event of one type, or of some. The type is given without the prefix: MeetbusEventOf<"meeting.started", "com.example.">. */
export type MeetbusEventOf<
  Type extends keyof MeetbusData | UnmappedType | "meetbus.deadletter",
  Prefix extends string = "",
> = Type extends keyof MeetbusData
  ? MeetbusEnvelope<`${Prefix}${Type}`, MeetbusData[Type]>
  : Type extends "meetbus.deadletter"
    ? MeetbusEnvelope<`${Prefix}${Type}`, DeadLetter>
    : MeetbusEnvelope<`${Prefix}${Type}`, Unmapped>;

/** The type of an event that the catalogue does not know: the provider, and its own name of the event. */
export type UnmappedType = `${"dyte" | "realtimekit" | "videosdk"}.${string}`;

/** A time in RFC 3339, in UTC, with up to nine digits of a second; Date keeps three of them. */
export type Timestamp = string;

/** The types of the catalogue, and the data that events of each have. */
export interface MeetbusData {
  /** A session of a meeting has begun: the first participant is there. */
  "meeting.started": MeetingStarted;
  /** A session of a meeting has ended. */
  "meeting.ended": MeetingEnded;
  /** Somebody has joined a meeting. */
  "meeting.participantJoined": ParticipantJoined;
  /** Somebody has left a meeting, or lost the connection. */
  "meeting.participantLeft": ParticipantLeft;
  /** The chat of a session can be downloaded. */
  "meeting.chatSynced": ChatSynced;
  /** The transcript of a session can be downloaded. */
  "meeting.transcript": MeetingTranscript;
  /** The summary of a session can be downloaded. */
  "meeting.summary": MeetingSummary;
  /** The recording of a meeting has a new status. */
  "recording.statusUpdate": RecordingUpdate;
  /** The recording of one participant has a new status. */
  "recording.participantStatusUpdate": ParticipantRecordingUpdate;
  /** The recording of one participant's track has a new status. */
  "recording.trackStatusUpdate": ParticipantRecordingUpdate;
  /** The merging of recordings has a new status. */
  "recording.mergeStatusUpdate": RecordingUpdate;
  /** The livestream of a meeting has a new status. */
  "livestreaming.statusUpdate": LivestreamUpdate;
  /** The HLS stream of a meeting has a new status. */
  "hls.statusUpdate": HLSUpdate;
  /** The transcription of a meeting has a new status. */
  "transcription.statusUpdate": TranscriptionUpdate;
  /** The provider has set a resource aside. */
  "resource.acquired": ResourceAcquired;
  /** An AI agent's session has a new status. */
  "agent.statusUpdate": AgentUpdate;
  /** A call has started. */
  "call.started": CallEvent;
  /** A call was answered. */
  "call.answered": CallEvent;
  /** A call is ringing. */
  "call.ringing": CallEvent;
  /** A call was missed. */
  "call.missed": CallEvent;
  /** A call has ended. */
  "call.hangup": CallEvent;
  /** A call has changed. */
  "call.updated": CallEvent;
  /** A call was transferred. */
  "call.transferred": CallEvent;
  /** A call is being transferred. */
  "call.transferring": CallEvent;
  /** The transfer of a call was asked for. */
  "call.transferInitiated": CallEvent;
  /** The transfer of a call was accepted. */
  "call.transferAccepted": CallEvent;
  /** The target of a transfer is ringing. */
  "call.transferRinging": CallEvent;
  /** The transfer of a call has failed. */
  "call.transferFailed": CallEvent;
  /** A call's move to another room was asked for. */
  "call.switchRoomInitiated": CallEvent;
  /** A call has moved to another room. */
  "call.switchRoomCompleted": CallEvent;
  /** A call could not move to another room. */
  "call.switchRoomFailed": CallEvent;
  /** The summary of an agent's call is there. */
  "call.summary": CallEvent;
  /** A batch of calls has started. */
  "batchCall.started": BatchCallEvent;
  /** A batch of calls is complete. */
  "batchCall.completed": BatchCallEvent;
}

/** One event as a message in structured mode holds it: a CloudEvent 1.0.2. Other attributes may come, too. */
export type MeetbusEnvelope<Type extends string, Data> = {
  /** Version of CloudEvents. */
  specversion: "1.0";
  /** Names the event, together with source. */
  id: string;
  /** Whose event it is, as a URI. */
  source: string;
  /** What happened. */
  type: Type;
  /** Id of the meeting, else of what the event is about. */
  subject?: string;
  /** When it happened. */
  time: Timestamp;
  /** Media type of the data. */
  datacontenttype: "application/json";
  /** JSON Schema of the data. */
  dataschema: string;
  /** Whose webhook it was: dyte, realtimekit, videosdk, or a newer word. */
  provider: "dyte" | "realtimekit" | "videosdk" | (string & {});
  /** The provider's own name of the event. */
  providertype?: string;
  /** Name of the endpoint that it came to. */
  endpoint: string;
  /** Whether the signature was checked. */
  verified: boolean;
  /** Id of the meeting. */
  meetingid?: string;
  /** Id of the session of the meeting. */
  sessionid?: string;
  /** Id of the participant. */
  participantid?: string;
  /** New status, for types ending in statusUpdate. */
  status?: string;
  /** The provider's id of the delivery, unsigned. */
  deliveryid?: string;
  /** The provider's id of the registration, unsigned. */
  webhookid?: string;
  /** When the webhook arrived. */
  recordedtime: Timestamp;
  /** The same for all events of one meeting. */
  partitionkey?: string;
  /** SHA-256 of the body, in hex. */
  digest: string;
  /** The provider's signature of the body, in base64. */
  signature?: string;
  /** Trace that the request was part of. */
  traceparent?: string;
  /** Vendors' part of traceparent. */
  tracestate?: string;
  /** Id of the event that this is a replay of. */
  replayof?: string;
  /** What the event says, as the schema named by dataschema describes it. */
  data: Data;
};

/** AgentUpdate is the data of agent.statusUpdate. */
export interface AgentUpdate {
  /** The meeting that the event is about. */
  meeting?: Meeting;
  /** The provider's own payload, exactly as it was signed: a string that holds JSON, byte for byte. */
  original?: string;
  /** The agent. */
  agent?: Agent;
}

/** BatchCallEvent is the data of every batchCall.* event. */
export interface BatchCallEvent {
  /** The meeting that the event is about. */
  meeting?: Meeting;
  /** The provider's own payload, exactly as it was signed: a string that holds JSON, byte for byte. */
  original?: string;
  /** The batch of calls. */
  batchCall?: Call;
}

/** CallEvent is the data of every call.* event. */
export interface CallEvent {
  /** The meeting that the event is about. */
  meeting?: Meeting;
  /** The provider's own payload, exactly as it was signed: a string that holds JSON, byte for byte. */
  original?: string;
  /** The call. */
  call?: Call;
}

/** ChatSynced is the data of meeting.chatSynced. */
export interface ChatSynced {
  /** The meeting that the event is about. */
  meeting?: Meeting;
  /** The provider's own payload, exactly as it was signed: a string that holds JSON, byte for byte. */
  original?: string;
  /** The chat of the session, as a file. */
  chat?: Download;
}

/** DeadLetter is the data of meetbus.deadletter: an authentic webhook that could not become an event. */
export interface DeadLetter {
  /** not_utf8, not_json, no_event, refused, too_large, or a newer word. */
  reason: "not_utf8" | "not_json" | "no_event" | "refused" | "too_large" | (string & {});
  /** What exactly was wrong, for people to read. */
  detail?: string;
  /** The name of the endpoint that it came to. */
  endpoint: string;
  /** The provider's own headers, content-* and user-agent; of all other headers the names only, with empty lists. */
  headers?: { [name: string]: string[] };
  /** The bytes of the body; in JSON they are base64. */
  body: string;
  /** When it arrived. */
  receivedAt: Timestamp;
}

/** HLSUpdate is the data of hls.statusUpdate. */
export interface HLSUpdate {
  /** The meeting that the event is about. */
  meeting?: Meeting;
  /** The provider's own payload, exactly as it was signed: a string that holds JSON, byte for byte. */
  original?: string;
  /** The stream. */
  hls?: HLS;
}

/** LivestreamUpdate is the data of livestreaming.statusUpdate. */
export interface LivestreamUpdate {
  /** The meeting that the event is about. */
  meeting?: Meeting;
  /** The provider's own payload, exactly as it was signed: a string that holds JSON, byte for byte. */
  original?: string;
  /** The stream. */
  livestream?: Livestream;
}

/** MeetingEnded is the data of meeting.ended. */
export interface MeetingEnded {
  /** The meeting that the event is about. */
  meeting?: Meeting;
  /** The provider's own payload, exactly as it was signed: a string that holds JSON, byte for byte. */
  original?: string;
  /** Why it ended, in the provider's word: HOST_ENDED_MEETING, ALL_PARTICIPANTS_LEFT, … */
  reason?: string;
  /** What went wrong, as the provider wrote it: any JSON value but null. */
  error?: unknown;
}

/** MeetingStarted is the data of meeting.started. */
export interface MeetingStarted {
  /** The meeting that the event is about. */
  meeting?: Meeting;
  /** The provider's own payload, exactly as it was signed: a string that holds JSON, byte for byte. */
  original?: string;
}

/** MeetingSummary is the data of meeting.summary. */
export interface MeetingSummary {
  /** The meeting that the event is about. */
  meeting?: Meeting;
  /** The provider's own payload, exactly as it was signed: a string that holds JSON, byte for byte. */
  original?: string;
  /** A summary of the session, as a file. */
  summary?: Download;
}

/** MeetingTranscript is the data of meeting.transcript. */
export interface MeetingTranscript {
  /** The meeting that the event is about. */
  meeting?: Meeting;
  /** The provider's own payload, exactly as it was signed: a string that holds JSON, byte for byte. */
  original?: string;
  /** What was said in the session, as a file. */
  transcript?: Download;
}

/** ParticipantJoined is the data of meeting.participantJoined. */
export interface ParticipantJoined {
  /** The meeting that the event is about. */
  meeting?: Meeting;
  /** The provider's own payload, exactly as it was signed: a string that holds JSON, byte for byte. */
  original?: string;
  /** Who joined. */
  participant?: Participant;
}

/** ParticipantLeft is the data of meeting.participantLeft. */
export interface ParticipantLeft {
  /** The meeting that the event is about. */
  meeting?: Meeting;
  /** The provider's own payload, exactly as it was signed: a string that holds JSON, byte for byte. */
  original?: string;
  /** Who left. */
  participant?: Participant;
  /** Why, in the provider's word: user-left, connection-error, … */
  reason?: string;
}

/** ParticipantRecordingUpdate is the data of recording.participantStatusUpdate and recording.trackStatusUpdate. */
export interface ParticipantRecordingUpdate {
  /** The meeting that the event is about. */
  meeting?: Meeting;
  /** The provider's own payload, exactly as it was signed: a string that holds JSON, byte for byte. */
  original?: string;
  /** Who is recorded. */
  participant?: Participant;
  /** The recording. */
  recording?: Recording;
}

/** RecordingUpdate is the data of recording.statusUpdate and recording.mergeStatusUpdate. */
export interface RecordingUpdate {
  /** The meeting that the event is about. */
  meeting?: Meeting;
  /** The provider's own payload, exactly as it was signed: a string that holds JSON, byte for byte. */
  original?: string;
  /** The recording. */
  recording?: Recording;
}

/** ResourceAcquired is the data of resource.acquired. */
export interface ResourceAcquired {
  /** The meeting that the event is about. */
  meeting?: Meeting;
  /** The provider's own payload, exactly as it was signed: a string that holds JSON, byte for byte. */
  original?: string;
  /** The resource. */
  resource?: Resource;
}

/** TranscriptionUpdate is the data of transcription.statusUpdate. */
export interface TranscriptionUpdate {
  /** The meeting that the event is about. */
  meeting?: Meeting;
  /** The provider's own payload, exactly as it was signed: a string that holds JSON, byte for byte. */
  original?: string;
  /** The run of speech to text. */
  transcription?: Transcription;
}

/** Unmapped is the data of an event whose type is not in the catalogue but <provider>.<its own name>. */
export interface Unmapped {
  /** The meeting that the event is about. */
  meeting?: Meeting;
  /** The provider's own payload, exactly as it was signed: a string that holds JSON, byte for byte. */
  original?: string;
}

/** Agent is an AI agent at work. */
export interface Agent {
  /** session (the agent's part in a meeting), deployment (a session of an agent that the provider runs), or a newer word. */
  kind?: "session" | "deployment" | (string & {});
  /** The provider's id of the agent's session, which is no session of a meeting. */
  sessionId?: string;
  /** STARTING, STARTED, STOPPING, STOPPED, ERRORED, or a newer word of the provider. */
  status?: "STARTING" | "STARTED" | "STOPPING" | "STOPPED" | "ERRORED" | (string & {});
}

/** Call is a telephone call that is connected with a room, or a batch of calls. */
export interface Call {
  /** The provider's id of the call, or of the batch. */
  id?: string;
  /** The room that the call is connected with. */
  roomId?: string;
  /** The agent that takes part. */
  agentId?: string;
  /** When it happened. */
  at?: Timestamp;
}

/** Download is a document that the provider has made of a meeting and keeps for some days. */
export interface Download {
  /** Where to download it. Often a presigned URL: whoever has it can read the document. */
  downloadUrl?: string;
  /** When the download URL stops working. */
  downloadExpiresAt?: Timestamp;
}

/** File is one file of a recording. */
export interface File {
  /** The path in the provider's or the customer's storage. */
  path?: string;
  /** Where to download the file. */
  url?: string;
}

/** HLS is a meeting that is streamed over HTTP Live Streaming. */
export interface HLS {
  /** STARTING, STARTED, PLAYABLE, STOPPING, STOPPED, ERRORED, or a newer word of the provider. */
  status?: "STARTING" | "STARTED" | "PLAYABLE" | "STOPPING" | "STOPPED" | "ERRORED" | (string & {});
  /** Where to watch, also afterwards. */
  playbackUrl?: string;
  /** Where to watch live only. */
  liveUrl?: string;
}

/** Livestream is a meeting that is streamed to a platform. The stream key, a secret, is only in original. */
export interface Livestream {
  /** The provider's id of the stream. */
  id?: string;
  /** STARTING, LIVE, IDLE, STOPPING, OFFLINE, ERRORED, or a newer word of the provider. */
  status?: "STARTING" | "LIVE" | "IDLE" | "STOPPING" | "OFFLINE" | "ERRORED" | (string & {});
  /** Whether the customer feeds the stream. */
  manualIngest?: boolean;
  /** Where to watch. */
  playbackUrl?: string;
  /** Where to feed the stream. */
  ingestUrl?: string;
}

/** Meeting is a room that people meet in, and one period in which it was occupied. */
export interface Meeting {
  /** The provider's id of the meeting (at VideoSDK: the room). It stays when people meet again. */
  id?: string;
  /** The provider's id of this one occupied period. */
  sessionId?: string;
  /** The title, for people to read. */
  title?: string;
  /** The name of the room, where the provider still has one beside the id. */
  roomName?: string;
  /** The provider's word for the state of the meeting. Dyte writes LIVE even when the meeting has ended. */
  status?: string;
  /** When the meeting was created. */
  createdAt?: Timestamp;
  /** When this session started. */
  startedAt?: Timestamp;
  /** When this session ended. */
  endedAt?: Timestamp;
  /** The organization whose meeting it is. */
  organizer?: Organizer;
}

/** Organizer is an organization at the provider: a customer of theirs. */
export interface Organizer {
  /** The provider's id of the organization. */
  id?: string;
  /** The name, for people to read. */
  name?: string;
}

/** Participant is somebody in a meeting. Count presence by connectionId, else id; know people by customId. */
export interface Participant {
  /** The provider's own word: a connection at Dyte, a person at VideoSDK. */
  id?: string;
  /** The application's key of the person. */
  customId?: string;
  /** One connection of the person, where the provider tells connections apart. */
  connectionId?: string;
  /** The name that is shown to others. */
  name?: string;
  /** When the participant joined. */
  joinedAt?: Timestamp;
  /** When the participant left. */
  leftAt?: Timestamp;
}

/** Recording is one recording of a meeting, of a participant, or of a track. */
export interface Recording {
  /** The provider's id of the recording. */
  id?: string;
  /** INVOKED, RECORDING, PAUSED, UPLOADING, UPLOADED, STOPPED, ERRORED, or a newer word of the provider. */
  status?: "INVOKED" | "RECORDING" | "PAUSED" | "UPLOADING" | "UPLOADED" | "STOPPED" | "ERRORED" | (string & {});
  /** When the recording was asked for. */
  invokedAt?: Timestamp;
  /** When the recording started. */
  startedAt?: Timestamp;
  /** When the recording stopped. */
  stoppedAt?: Timestamp;
  /** The provider's id of the file. */
  fileId?: string;
  /** The name of the file. */
  fileName?: string;
  /** The path of the file in the provider's or the customer's storage. */
  filePath?: string;
  /** The size of the file in bytes: an integer of any length. JSON.parse rounds what is above Number.MAX_SAFE_INTEGER. */
  fileSize?: number;
  /** Where to download the file. Often a presigned URL: whoever has it can read the recording. */
  downloadUrl?: string;
  /** Where to download the sound alone. */
  audioDownloadUrl?: string;
  /** When the download URLs stop working. */
  downloadExpiresAt?: Timestamp;
  /** The length of the recording in seconds. */
  duration?: number;
  /** Why the recording stopped, as the provider wrote it. */
  stopReason?: string;
  /** What went wrong, or other words of the provider about the status. */
  message?: string;
  /** What was recorded: audio, video, screen_audio, screen_video, or a newer word of the provider. */
  kind?: "audio" | "video" | "screen_audio" | "screen_video" | (string & {});
  /** The format of the file, such as webm. */
  format?: string;
  /** The files, where there are several. */
  files?: File[];
  /** The provider's id of the organization that the recording belongs to. */
  organizationId?: string;
}

/** Resource is a machine that the provider has set aside for a task. */
export interface Resource {
  /** The provider's id of the resource. */
  id?: string;
  /** The task, such as recording. */
  kind?: string;
}

/** Transcription is a run of speech to text. */
export interface Transcription {
  /** The provider's id of the run. */
  id?: string;
  /** The kind of run, such as realtime. */
  kind?: string;
  /** STARTED, STOPPED, COMPLETED, ERRORED, or a newer word of the provider. */
  status?: "STARTED" | "STOPPED" | "COMPLETED" | "ERRORED" | (string & {});
}
