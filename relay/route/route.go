package route

import "github.com/meetbus/meetbus/schemas"

const (
	unmapped    = "meetbus.unmapped."
	deadLetters = "meetbus.deadletter."
)

// Subject returns the subject of e: its type; for a type that is not in the catalogue
// meetbus.unmapped.<provider>.<its own name as one token>; for a dead letter meetbus.deadletter.<provider>.
func Subject(e *schemas.Event) string {
	switch {
	case schemas.Known(e.Type):
		return e.Type
	case e.Type == schemas.TypeDeadLetter:
		return deadLetters + Token(e.Provider)
	default:
		return unmapped + Token(e.Provider) + "." + Token(e.ProviderType)
	}
}

// Subjects returns every subject that an event can have, for the main stream: a literal for each type of the catalogue, and
// * for each token that depends on the event. No two of them overlap.
func Subjects() []string {
	var subjects []string
	for _, t := range schemas.Catalogue() {
		subjects = append(subjects, t.Name)
	}
	return append(subjects, unmapped+"*.*")
}

// DeadLetterSubjects returns every subject that a dead letter can have.
func DeadLetterSubjects() []string { return []string{deadLetters + "*"} }
