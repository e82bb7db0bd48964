// Package normalize turns a provider's webhook into an event in our words. It is pure: headers, bytes and the time of
// arrival in, an event or one of three errors out. It checks no signature, chooses no subject and sends nothing.
//
// The files, in reading order:
//
//	provider.go   the table of providers, and what one row says
//	normalize.go  Normalize: from webhook to event, in the order that it happens
//	attributes.go the attributes of an event, which are valid whatever the body holds
//	trace.go      the trace that a request was part of
//	identity.go   the id of an event, by which a retry is recognised
//	parse.go      reading a body once, with all objects in it
//	document.go   asking what it says: names are case-sensitive, the last duplicate counts, no number becomes a float
//	times.go      reading a time: nothing is rolled over and nothing guessed
//	reading.go    what a provider's table of events says, and what reading by it gives
//	dyte.go       Dyte's words, which RealtimeKit speaks too
//	realtimekit.go, videosdk.go   the other providers' words
//	deadletter.go the event that keeps what could not be understood
//	samples.go    one real-looking webhook for each row of the catalogue, from testdata
//
// To add a provider: one file here with its table of events, one folder of testdata, one row in Providers.
package normalize
