import { AckPolicy, jetstreamManager, type JsMsg } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { HTTP } from "cloudevents";
import type { MeetbusEvent } from "./meetbus.js";

// read returns the event of a message in either content mode. In binary mode the SDK leaves the attributes percent-encoded, and
// verified a text.
function read(m: JsMsg): MeetbusEvent {
  const headers: Record<string, string> = {};
  for (const [name, [value]] of m.headers ?? []) headers[name] = name.startsWith("ce-") ? decodeURIComponent(value) : value;
  const event = HTTP.toEvent({ headers, body: m.string() }) as MeetbusEvent;
  return { ...event, verified: String(event.verified) === "true" };
}

const nc = await connect({ servers: process.env.NATS_URL ?? "nats://127.0.0.1:4222" });
const manager = await jetstreamManager(nc);
// Durable: after a restart it goes on where it was.
await manager.consumers.add("MEETBUS", { durable_name: "node", ack_policy: AckPolicy.Explicit });
const consumer = await manager.jetstream().consumers.get("MEETBUS", "node");
for await (const m of await consumer.consume()) {
  let event: MeetbusEvent;
  try {
    event = read(m);
  } catch (err) { // it will never be readable: it must not come again and hold up the others
    console.error(m.subject, err);
    m.term("cannot be read");
    continue;
  }
  const detail = event.type === "meeting.participantJoined" ? event.data.participant?.name : event.status;
  console.log(event.type, event.subject ?? "", detail ?? "");
  m.ack(); // after the work: what is not acknowledged comes again
}
