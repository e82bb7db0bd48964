// What the types of schemas/v1/meetbus.d.ts must say, and must refuse. It is checked by tsc, and never runs.

import type { JsMsg } from "@nats-io/jetstream";
import { CloudEvent, HTTP, type CloudEventV1 } from "cloudevents";
import type {
  DeadLetter,
  MeetbusData,
  MeetbusEnvelope,
  MeetbusEvent,
  MeetbusEventOf,
  ParticipantJoined,
  Recording,
  RecordingUpdate,
  Unmapped,
  UnmappedType,
} from "./meetbus.js";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
declare function proven<_ extends true>(): void;

declare const event: MeetbusEvent;

// A switch narrows; what is left is unmapped.
switch (event.type) {
  case "meeting.participantJoined":
    proven<Same<typeof event.data, ParticipantJoined>>();
    proven<Same<typeof event, MeetbusEventOf<"meeting.participantJoined">>>();
    proven<Same<NonNullable<typeof event.data.participant>["joinedAt"], string | undefined>>();
    break;
  case "recording.statusUpdate":
  case "recording.mergeStatusUpdate":
    proven<Same<typeof event.data, RecordingUpdate>>();
    break;
  case "dyte.meeting.pollClosed":
    proven<Same<typeof event.data, Unmapped>>();
    break;
}
function handle(event: MeetbusEvent): string | undefined {
  if (event.type === "hls.statusUpdate") return event.data.hls?.playbackUrl;
  switch (event.type) {
    case "meeting.started": case "meeting.ended": case "meeting.participantJoined": case "meeting.participantLeft":
    case "meeting.chatSynced": case "meeting.transcript": case "meeting.summary":
    case "recording.statusUpdate": case "recording.participantStatusUpdate": case "recording.trackStatusUpdate":
    case "recording.mergeStatusUpdate": case "livestreaming.statusUpdate": case "transcription.statusUpdate":
    case "resource.acquired": case "agent.statusUpdate":
    case "call.started": case "call.answered": case "call.ringing": case "call.missed": case "call.hangup": case "call.updated":
    case "call.transferred": case "call.transferring": case "call.transferInitiated": case "call.transferAccepted":
    case "call.transferRinging": case "call.transferFailed": case "call.switchRoomInitiated": case "call.switchRoomCompleted":
    case "call.switchRoomFailed": case "call.summary": case "batchCall.started": case "batchCall.completed":
      return event.meetingid;
    default:
      proven<Same<typeof event.type, UnmappedType>>();
      proven<Same<typeof event.data, Unmapped>>();
      return event.data.original;
  }
}
// A table of handlers, each of which gets its own type.
type Handlers = { [Type in keyof MeetbusData]?: (event: MeetbusEventOf<Type>) => void };
const handlers: Handlers = { "meeting.ended": (ended) => void ended.data.reason };

// Without narrowing there is what all have.
proven<Same<typeof event.verified, boolean>>();
event.data.original?.length;
// @ts-expect-error a join has a participant, but who says that this is one
event.data.participant;
// @ts-expect-error no such attribute
event.meetingId;
// @ts-expect-error a dead letter is in a stream of its own
if (event.type === "meetbus.deadletter") handle(event);
// @ts-expect-error no such provider
if (event.type === "zoom.meeting.started") handle(event);
// @ts-expect-error it may be absent
event.subject.length;
// @ts-expect-error a time is a string
event.time.getTime();
new Date(event.time);

// Lists of words are open, and offer the words.
declare const recording: Recording;
if (recording.status === "UPLOADED" || recording.status === "TRANSCODED") handle(event);
recording.status = "a newer word";
proven<"UPLOADED" extends typeof recording.status ? true : false>();
proven<Same<Recording["status"], string | undefined> extends true ? false : true>();
// @ts-expect-error a word is a string
recording.status = 7;
// @ts-expect-error JSON.parse makes no bigint
recording.fileSize = 1n;
recording.fileSize = 2 ** 60;
// @ts-expect-error what is absent is not null
recording.downloadUrl = null;

// One type, or some.
declare const joined: MeetbusEventOf<"meeting.participantJoined">;
proven<Same<typeof joined.type, "meeting.participantJoined">>();
joined.data.participant?.connectionId;
// @ts-expect-error the participant may be absent
joined.data.participant.name;
declare const some: MeetbusEventOf<"meeting.started" | "meeting.ended">;
if (some.type === "meeting.ended") some.data.reason;
const any: MeetbusEvent = some;
declare const unmapped: MeetbusEventOf<"videosdk.brand-new">;
proven<Same<typeof unmapped, MeetbusEnvelope<"videosdk.brand-new", Unmapped>>>();
declare const dead: MeetbusEventOf<"meetbus.deadletter">;
proven<Same<typeof dead.data, DeadLetter>>();
Buffer.from(dead.data.body, "base64");
// @ts-expect-error no such type
type Danced = MeetbusEventOf<"meeting.danced">;
declare const ended: MeetbusEventOf<"meeting.ended">;
// @ts-expect-error it says what went wrong in any JSON
ended.data.error.code;
// @ts-expect-error another type
const wrong: MeetbusEventOf<"meeting.started"> = ended;

// With a prefix.
declare const prefixed: MeetbusEvent<"com.example.">;
switch (prefixed.type) {
  case "com.example.meeting.participantJoined":
    proven<Same<typeof prefixed.data, ParticipantJoined>>();
    break;
  case "com.example.dyte.meeting.pollClosed":
    proven<Same<typeof prefixed.data, Unmapped>>();
    break;
  // @ts-expect-error the prefix is missing
  case "meeting.started":
    break;
}
proven<Same<MeetbusEventOf<"meeting.started", "com.example.">["type"], "com.example.meeting.started">>();

// From the message.
declare const message: JsMsg;
const read: MeetbusEvent = JSON.parse(message.string());
const typed = message.json<MeetbusEvent>();
proven<Same<typeof typed, MeetbusEvent>>();

// From the CloudEvents SDK, and back.
const http = { headers: { "content-type": "application/cloudevents+json" }, body: message.string() };
const opened = HTTP.toEvent(http) as MeetbusEvent;
const openedOne = HTTP.toEvent(http) as MeetbusEventOf<"meeting.participantJoined">;
const known = HTTP.toEvent<ParticipantJoined>(http) as CloudEvent<ParticipantJoined>;
known.data?.participant?.name;
const interfaceOfSDK: CloudEventV1<ParticipantJoined> = joined;
const dataOfAny: CloudEventV1<MeetbusEvent["data"]> = event;
const made = new CloudEvent<ParticipantJoined>(joined);
// @ts-expect-error a CloudEvent of somebody else's
const others: MeetbusEvent = made;

export { any, dataOfAny, handle, handlers, interfaceOfSDK, opened, openedOne, others, read, wrong };
export type { Danced };
