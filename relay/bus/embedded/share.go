package embedded

import (
	"fmt"
	"slices"

	"github.com/nats-io/nats-server/v2/server"
)

// Share lets guests hear subjects of the main stream that are new since the start, as they come: whoever reads the stream, which is
// how events are to be read, needs none of this. Subscriptions that guests have already stay as they are.
//
// The server can neither take an import back nor tell two that overlap apart, and would deliver twice: subjects that overlap
// earlier ones are returned, and heard only after the next start. It must not be called by several goroutines at once.
func (s *Server) Share(subjects []string) (later []string, err error) {
	var fresh []string
	for _, subject := range subjects {
		overlaps := func(shared string) bool { return server.SubjectsCollide(shared, subject) }
		covers := func(shared string) bool { return server.SubjectMatchesFilter(subject, shared) }
		switch {
		case slices.ContainsFunc(s.shared, covers):
		case slices.ContainsFunc(s.shared, overlaps):
			later = append(later, subject)
		default:
			fresh = append(fresh, subject)
		}
	}
	relay, err := s.server.LookupAccount(relayAccount)
	if err != nil {
		return nil, fmt.Errorf("share subjects with guests: %w", err)
	}
	guest, err := s.server.LookupAccount(guestAccount)
	if err != nil {
		return nil, fmt.Errorf("share subjects with guests: %w", err)
	}
	if err := letHear(relay, guest, fresh); err != nil {
		return nil, fmt.Errorf("share subjects with guests: %w", err)
	}
	s.shared = append(slices.Clone(s.shared), fresh...)
	return later, nil
}
