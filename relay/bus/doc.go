// Package bus is the relay's way to JetStream: one connection that never gives up, the streams that it needs there, and
// Publish, which returns only when the event is stored or certainly refused. It is the home of nats.go; the embedded server,
// home of nats-server, is the room below.
//
// The bus knows no webhook and no provider: a subject, an id, a header and bytes in; an acknowledgement or an error out.
//
//	bus.go      Bus: connect, checks on the first connection, close
//	connect.go  the options of the connection: credentials, TLS, reconnection without a buffer
//	streams.go  the streams: created, added to, never narrowed; the unsuitable refused
//	publish.go  one message, acknowledged, or an error with a kind
//	read.go     reading a stream: the last messages, then what comes
package bus
