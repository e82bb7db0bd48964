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
//	schema.go     the JSON Schemas in v1/, as files of the binary
//
// The schemas are written from the structs and their comments, with examples from package normalize, by
// go test ./schemas -update. They say no more than what package normalize guarantees, since a subscriber's validator must
// never refuse an authentic event: times are date-time and the body of a dead letter is base64, but a URL is the provider's
// word, a list of words is open, and original has no contentMediaType, because validators that assert it refuse JSON such as
// 1e999.
package schemas
