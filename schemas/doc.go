// Package schemas is the contract with subscribers: the types of event that meetbus speaks, the Go structs of their data,
// their JSON Schemas and their envelope, a CloudEvent 1.0.2.
//
// A subscriber needs this package and nothing else of meetbus. It knows no provider: whose words become which of these
// fields is package normalize's business. It imports the standard library and the CloudEvents SDK only.
//
// The files, in reading order:
//
//	catalogue.go  the event types, each with a sentence and its data
//	data.go       the data: meeting, participant, recording, …
//	event.go      Event: the attributes of one event, and its data
//	attribute.go  the attributes by name, and what one may hold
//	envelope.go   Event to the bytes on the bus
//	seal.go       how: what the SDK needs for it
//	binary.go     the same in binary mode, and back
//	decode.go     a message in either mode to Event: what a subscriber calls
//	schema.go     the JSON Schemas in v1/, and the types of TypeScript, as files of the binary
//
// The schemas are written from the structs and their comments, with examples from package normalize, by
// go test ./schemas -update, and the types of TypeScript, v1/meetbus.d.ts, from the schemas. They say no more than what package
// normalize guarantees, since a subscriber's validator must never refuse an authentic event: times are date-time and the body of
// a dead letter is base64, but a URL is the provider's word, a list of words is open, and original has no contentMediaType,
// because validators that assert it refuse JSON such as 1e999.
//
// # Versions
//
// What a subscriber reads today it can read after every upgrade of meetbus. In a version there may come, at any time:
//
//   - a new type of event, whose schema is new
//   - a new property, and a new attribute of the envelope
//   - a new word in a list of words, which is why a subscriber has a case for all others
//   - a promise: a property that is always there from now on, a type where there was none, an integer where there were fractions
//   - other descriptions, examples and titles
//
// Everything else is incompatible: a property, a word or a type of event that vanishes or means something else; a property of
// another type, format or encoding, or that was always there and may be absent; another $id. So is a name of the data, in Go
// and TypeScript, that is gone. TestNothingThatWasReleasedBreaks compares with the schemas of the last release, which stand in
// testdata/released and which go test ./schemas -release writes when there is a new one; only what something means it cannot see.
//
// What is incompatible needs a new major version, of all schemas together: v2/<type>.json, urn:meetbus:schema:v2:<type>, served
// at /schemas/v2/ beside v1, which stays as it is. The types of event keep their names. An event is of one version, and
// dataschema says which; a relay goes on with v1 until its operator asks for v2, so that subscribers can change first.
package schemas
