// Package outbox stands before a bus that may be away: what the bus has not acknowledged in a second, or at once while there is no
// connection, is stored on this machine's disk, and forwarded in the order of acceptance as soon as the bus is back. While
// anything waits, new messages wait behind it.
//
// The store is a JetStream that only this process reaches, synced before every acknowledgement: an entry survives what an event
// survives. It is bounded, and full is an error, never a deletion.
//
//	outbox.go   Outbox: straight to the bus, or into the store; which of the two, so that order is kept
//	gap.go      the way back from the store, when it will soon be empty
//	entry.go    a message as the store has it
//	forward.go  from the store to the bus: in batches, each entry until the bus has it
//	anew.go     what the bus has refused for good, tried again at each start
//	status.go   what waits, for people
package outbox
