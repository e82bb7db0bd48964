// Package bus is the relay's way to JetStream: one connection that never gives up, the streams that it needs there, and
// Publish, which returns only when the event is stored or certainly refused. It is the home of nats.go; the embedded server,
// home of nats-server, and the outbox are rooms below.
//
// The bus knows no webhook and no provider: a subject, an id, a header and bytes in; an acknowledgement or an error out.
//
//	bus.go       Bus: connect again and again, check, close
//	standing.go  how it stands with the bus: ready, full, unfit
//	connect.go   one connection: who we are, and how a dead peer is noticed
//	wire.go      its socket, which can be cut so that nothing is sent after Publish has returned; unsent_linux.go and
//	             unsent_other.go say whether anything is left to send
//	streams.go   the streams: asked for, planned, created, added to, never narrowed
//	plan.go      what would be done about a stream, and what is said of it: decided without asking anybody
//	suitable.go  which streams are refused, and how each is mended
//	drift.go     what an existing stream has other than the configuration: warned of, or widened on the embedded server
//	cli.go       the commands that mend a stream
//	inspect.go   the plan without the doing
//	api.go       JetStream's answers: what people must mend, and what passes
//	subjects.go  which subject covers, overlaps or crosses which
//	publish.go   one message, acknowledged, or an error with a kind
//	line.go      the way of all messages to one connection; flight.go: one on its way; reply.go: what the server said of it
//	flow.go      many at once, each stored for itself; batch.go: many at once, all stored or none; pace.go: which is faster
//	forward.go   many messages at once, in their order, for an outbox or a replay
//	keep.go      what an outbox needs to know and to remove
//	full.go      a stream that was full a moment ago; silence.go: a server that did not answer
//	read.go      reading a stream: the last messages, then what comes; matching.go: what there is to read; reading.go: to the end, or
//	             on and on, whatever becomes of server and stream; measure.go: how much that would be
//	pick.go      one message by its sequence: reading it, removing it; and the newest ones
//	consumer.go  a durable consumer for somebody else; settings.go: what it is, and whether one that is there is the same
//	place.go     where a message is that was on its way
//	wait.go      waiting for the first connection; open.go is for commands, which do not
//	bustest/     real servers for tests
package bus
