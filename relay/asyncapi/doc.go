// Package asyncapi describes what a relay sends, as an AsyncAPI 3.0 document in JSON: the servers, a channel for each form of
// subject that the rules can produce, and a message for each type of event, with the schemas and an example of exactly what a
// subscriber of this configuration gets.
//
// The package is pure: a description of the configuration in, a document out, the same bytes every time. It reads no file, asks no
// server, and knows no secret: whoever describes leaves them out.
//
// The files, in reading order:
//
//	describe.go    Description, and Document, which makes the document of it
//	document.go    the objects of AsyncAPI that are used here
//	info.go        what the document says of itself; info.md is the text
//	servers.go     where the bus is
//	channels.go    which subjects there can be, and which types of event they have
//	messages.go    one type of event as a message: its headers and its payload
//	attributes.go  the attributes of a CloudEvent, in JSON and as headers
//	examples.go    whole events, made of the examples that the schemas carry
//	schema.go      JSON Schema, and package schemas' files as parts of the document
//	members.go     members of a JSON object in the order in which people read
//
// The schemas are written in AsyncAPI's own dialect, which is JSON Schema draft-07 and a little more: it is the format that every
// tool reads, while none of the official ones reads the 2020-12 that the published files have. Nothing in them means another thing
// there. Their parts become components of the document, so that every $ref is resolved within it.
package asyncapi
