// Package replay makes events anew of the webhooks that are in stored ones, by what the relay understands and where it sends things
// today, and puts them into a stream of their own: so that a new rule, or a new subscriber, sees what is past, and nobody who
// listens to the events takes it for the present.
//
// Each replay is an event with an id of its own, and with replayof, the id of the one that it was made from. Whether its webhook was
// verified and when it arrived is as it was: who could have written it into the stream of events need not wait for a replay of it. It
// keeps nothing of its own: a run that was interrupted is taken up by its time, and what is run twice is there twice.
//
// How a webhook is read and where an event belongs is the relay's business, which it says by Options.Again. The streams are package
// bus's.
//
//	replay.go   Run, and Report
//	send.go     many messages at once, and what became of them
package replay
