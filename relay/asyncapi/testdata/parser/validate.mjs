// Validates AsyncAPI documents as AsyncAPI's own parser does: node validate.mjs FILE...
// It ends with 1 on any diagnostic, and on an example that is not what its message says: the parser looks at those of AsyncAPI 2 only.
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";
import Ajv from "ajv";
import addFormats from "ajv-formats";

// That there is a newer AsyncAPI is no fault: fewer tools read 3.1, and it has nothing more for us.
const known = new Set(["asyncapi-latest-version"]);

const parser = new Parser();
let failed = 0;
const fail = (file, text) => { failed++; console.error(`${file}: ${text}`); };

for (const file of process.argv.slice(2)) {
  const before = failed;
  const { document, diagnostics } = await parser.parse(readFileSync(file, "utf8"));
  for (const d of diagnostics.filter((d) => !known.has(d.code)).slice(0, 20)) { // one fault of a schema is hundreds
    fail(file, `${["error", "warning", "information", "hint"][d.severity]}: ${d.code}: ${d.message} at ${d.path.join(".")}`);
  }
  if (!document) {
    fail(file, "is no document");
    continue;
  }
  const ajv = addFormats(new Ajv({ strict: false, allErrors: true }));
  let examples = 0;
  for (const message of document.components().messages().all()) {
    const validate = { headers: ajv.compile(message.headers().json()), payload: ajv.compile(message.payload().json()) };
    for (const example of message.examples().all()) {
      examples++;
      for (const [part, value] of [["headers", example.headers()], ["payload", example.payload()]]) {
        if (!validate[part](value)) {
          fail(file, `${message.name()}: the ${part} of an example: ${ajv.errorsText(validate[part].errors)}`);
        }
      }
    }
  }
  const channels = document.channels().all().length;
  const messages = document.components().messages().all().length;
  if (!channels || examples < messages) {
    fail(file, `${channels} channels, ${messages} messages, ${examples} examples`);
  }
  if (failed === before) {
    console.log(`${file}: valid: ${channels} channels, ${messages} messages, ${examples} examples`);
  }
}
process.exit(failed || process.argv.length < 3 ? 1 : 0);
