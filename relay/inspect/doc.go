// Package inspect is the page for people who want to see what became of a webhook: a table of the last ones, live; of each the
// provider's payload and the event beside it, with what moved where; rates and latencies; and the dead letters.
//
// It knows no webhook under way and stores nothing. The relay tells it what became of each, in a few words and without the body;
// what was stored it reads from the stream, so that it shows what subscribers see. Payloads are strangers' text: they reach the
// browser through html/template only, and the page's Content-Security-Policy lets nothing run but its own script.
//
//	entry.go     what became of one webhook
//	recent.go    the last of them, in bounded memory
//	rates.go     how many a second, and how long they took
//	filter.go    which of them are asked for
//	inspector.go Inspector: options, paths, and what every answer has
//	session.go   who may look, where a token is wanted
//	table.go     the page; live.go: what comes while it is open
//	plot.go      rates and latencies as drawings
//	detail.go    one webhook: what is known of it, and what is stored
//	lines.go     JSON, line by line, as it was written
//	moves.go     which value of the payload went where
//	letters.go   the dead letters: read, publish again, discard
//	page/        templates, one style sheet, one script
package inspect
