// Package route decides where an event belongs: its subject, or that it is dropped. It is pure, and knows neither streams nor
// servers; config calls it to check the rules and to learn which subjects the streams must hold, the relay to choose one for
// each event.
//
// Compile makes a Table of the rules as they are written. The files, in the order in which a rule is read:
//
//	mapping.go   the rules as they are written, and what is wrong with them
//	match.go     match: which attributes must have which values; glob.go is one such value
//	when.go      when: a condition in CloudEvents SQL
//	template.go  subject: literals and placeholders; token.go makes one token of any text
//	table.go     Compile, and Route: an event to its subject
//	index.go     the first rule that matches, without looking at all of them
//	reach.go     which types come to which rule; cover.go finds rules that nothing comes to
//	subjects.go  all subjects that can come out, exact, and none of them twice
package route
