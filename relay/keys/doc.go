// Package keys knows the public keys that providers sign with: it reads their key documents, fetches them, keeps them on
// disk, and checks signatures with them. It knows no HTTP request and no payload: a digest, a signature and the time of
// arrival in; nil, or one of two errors out.
//
//	document.go  Parse: a key document to public keys, in every form that providers use
//	ring.go      Ring: the keys of one source that are valid now, and the check
//	flight.go    when a document is fetched: once an hour, on demand, never more than once a minute; Run
//	fetch.go     how one document is fetched: https, limits of time, size and redirects
//	disk.go      the copy on disk, so that a restart without network still verifies
//
// Verify never fetches by itself: it asks the goroutine that runs Run, which owns every fetch, and waits for it.
package keys
