// Usage: node samples.mjs FOLDER >samples.ts
//
// Validates the examples of the schemas in FOLDER as subscribers do, and writes them as events of TypeScript, each with the
// type that it must have.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";

const folder = process.argv[2];
const schemas = readdirSync(folder)
  .filter((file) => file.endsWith(".json"))
  .map((file) => JSON.parse(readFileSync(join(folder, file), "utf8")));
const whole = schemas.find((schema) => schema.title === "meetbus.event");

const ajv = formats.default(new Ajv2020({ strict: true, allErrors: true }));
function validate(schema, value) {
  const valid = ajv.getSchema(schema.$id) ?? ajv.compile(schema);
  if (!valid(value)) throw new Error(`${schema.title}: ${ajv.errorsText(valid.errors)}`);
}

const events = whole.examples.map((event) => [event.type, event]);
for (const schema of schemas.filter((schema) => schema !== whole)) {
  const type = schema.title === "meetbus.unmapped" ? "dyte.meeting.pollClosed" : schema.title;
  for (const data of schema.examples) {
    validate(schema, data);
    events.push([type, { ...whole.examples[0], type, dataschema: schema.$id, data }]);
  }
}
if (events.length < schemas.length) throw new Error(`there are only ${events.length} examples`);

console.log('import type { MeetbusEvent, MeetbusEventOf } from "./meetbus.js";\n');
for (const [i, [type, event]] of events.entries()) {
  validate(whole, event);
  console.log(`export const e${i}: MeetbusEventOf<${JSON.stringify(type)}> = ${JSON.stringify(event, null, 2)};`);
  if (type !== "meetbus.deadletter") console.log(`export const any${i}: MeetbusEvent = e${i};`);
}
console.error(`${events.length} events are valid`);
