// Reads the stream with the CloudEvents SDK for JavaScript, and prints for each message and each set of remedies, the smaller
// sets first, what the SDK makes of it, a line of JSON each. NATS_URL says where, LAST is the last sequence to read.
import { connect } from "@nats-io/transport-node";
import { jetstream } from "@nats-io/jetstream";
import { HTTP } from "cloudevents";

const remedies = ["decode", "verified", "time", "numbers"];
const subsets = remedies
  .reduce((sets, remedy) => [...sets, ...sets.map((set) => [...set, remedy])], [[]])
  .sort((a, b) => a.length - b.length);

function read(m, set) {
  const headers = {};
  for (const [name, [value]] of m.headers) headers[name] = set.includes("decode") && name.startsWith("ce-") ? decodeURIComponent(value) : value;
  process.env.CE_USE_BIG_INT = String(set.includes("numbers"));
  const { data, ...attributes } = HTTP.toEvent({ headers, body: m.string() });
  for (const [name, value] of Object.entries(attributes)) if (value === undefined) delete attributes[name];
  if (set.includes("verified")) attributes.verified = String(attributes.verified) === "true";
  if (set.includes("time")) attributes.time = headers["ce-time"] ?? JSON.parse(m.string()).time;
  return { attributes, data: JSON.stringify(data) };
}

const nc = await connect({ servers: process.env.NATS_URL });
const consumer = await jetstream(nc).consumers.get("MEETBUS");
for await (const m of await consumer.consume()) {
  for (const set of subsets) {
    let reading;
    try {
      reading = read(m, set);
    } catch (err) {
      reading = { failed: String(err) };
    }
    process.stdout.write(JSON.stringify({ sequence: m.seq, remedies: set, ...reading }) + "\n");
  }
  if (m.seq >= Number(process.env.LAST)) break;
}
await nc.close();
