// Package route decides where an event belongs: its subject. It is pure, and knows neither streams nor servers; config calls
// it to learn which subjects the streams must hold, the relay to choose one for each event.
//
//	route.go  an event to its subject, and all subjects that can come out
//	token.go  any text to exactly one token of a subject
package route
