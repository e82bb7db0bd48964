// Package relay takes webhooks in and puts events on the bus. The whole product is one function, Relay.take in relay.go, and
// its calls, one a file:
//
//	admit.go      is there room for it? Bounded work, before anything is read, and while it is
//	receive.go    the bytes of one webhook: bounded, nothing decoded
//	verify.go     is it really them? The signature over the raw bytes; or, on an unverified endpoint, is it really here?
//	turnstile.go  not too many of them at once
//	              (normalize, a package of its own: their words into ours)
//	accept.go     is it about us? A signature only says that the provider sent it
//	claims.go     what a refused webhook says of itself, for who looks for it
//	              (route, a room below: where does it belong? A rule may say: nowhere)
//	publish.go    durable on the bus, or an error; and the dead letters
//	respond.go    what became of it, as an HTTP answer: the one table from errors to status codes
//
// Around them:
//
//	foresee.go    what would become of a webhook, without taking it
//	again.go      what a webhook that was taken before is today
//	endpoint.go   one place that providers send to, and whom it trusts
//	front.go      the HTTP front end for providers
//	admin.go      the HTTP front end for operators: health, metrics, schemas, what is sent, the inspector
//	profile.go    what `go tool pprof` reads
//	observe.go    one log line for each webhook, its counts, and what the inspector has of it
//	metrics.go    the metrics by name
//	backlog.go    what waits in the outbox, for /readyz and the metrics
//	server.go     an http.Server that starts and stops well
//
// The rooms below are keys (whose signature is it), route (subjects), bus (JetStream, and the embedded server), deadletter (what
// could not be understood, and trying it again), inspect (the page for operators), replay (events anew of stored ones), asyncapi (what
// a subscriber gets, as a document) and loopback (is it this machine).
package relay
