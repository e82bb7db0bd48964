// Package deadletter reads the stream of dead letters, authentic webhooks that could not become events, and acts on them: it tries
// one again, with what the relay understands and takes today, or discards it. The command and the inspector are for people; this
// is what both do.
//
//	letter.go   Letter, and Box: which there are, and one of them
//	retry.go    Retry: a letter becomes the event that it is today
//	search.go   is the event of a letter stored already?
//	discard.go  Discard: a letter is gone for good
//
// # Once
//
// A letter that is tried again keeps its source and id, so that its message has one Nats-Msg-Id however often it is tried. Stream
// and letter are not changed in one step: the event is stored and acknowledged first, and then the letter removed. Whoever dies in
// between, or does it twice at once, finds on the next try that the stream has the event: it remembers ids for its window, and
// what is older than that is looked for in it, before anything is sent. So the event is stored once for as long as the stream
// keeps it. The id of the letter's own message is the same, and no matter: each stream remembers its own.
//
// # Trust
//
// A letter says that it was verified when it came, and beside a NATS server of the operator's whoever may publish to its subject can
// say so. So its signature, which is among its headers, is checked again before it becomes an event.
//
// How a webhook is read, whether it is authentic and where an event belongs is the relay's business, which it says by Options.Again.
package deadletter
