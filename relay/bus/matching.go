package bus

import (
	"context"
	"fmt"
	"slices"

	"github.com/nats-io/nats.go/jetstream"
)

// NoSubjectError comes for a subject under which a stream can hold nothing, and holds nothing.
type NoSubjectError struct {
	Subject string
	// Subjects that the stream has.
	Subjects []string
}

func (e NoSubjectError) Error() string {
	return fmt.Sprintf("no subject of the stream matches %q: it has %s", e.Subject, some(e.Subjects))
}

// unmatched are the subjects under which nothing is in a stream, and nothing can come. A server says nothing about them, and whoever
// misspells a subject would wait for good. What the stream holds under subjects that it has no longer, since rules have changed, is
// matched.
func unmatched(ctx context.Context, s jetstream.Stream, subjects []string) ([]NoSubjectError, error) {
	stream := s.CachedInfo().Config
	if stream.Mirror != nil || len(stream.Sources) > 0 {
		return nil, nil // its subjects are those of other streams
	}
	held := patternsOf(stream.Subjects)
	var found []NoSubjectError
	for _, subject := range subjects {
		if slices.ContainsFunc(held, patternOf(subject).overlaps) {
			continue
		}
		n, err := countFrom(ctx, s, []string{subject}, 1)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			found = append(found, NoSubjectError{Subject: subject, Subjects: stream.Subjects})
		}
	}
	return found, nil
}

// countFrom counts the messages that match, from a sequence on: the server does for a new consumer.
func countFrom(ctx context.Context, s jetstream.Stream, subjects []string, sequence uint64) (uint64, error) {
	c, err := s.CreateConsumer(ctx, jetstream.ConsumerConfig{
		FilterSubjects: subjects, DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: sequence,
		AckPolicy: jetstream.AckNonePolicy, MemoryStorage: true, InactiveThreshold: searchIdle,
	})
	if err != nil {
		return 0, err
	}
	info := c.CachedInfo()
	return info.NumPending, s.DeleteConsumer(ctx, info.Name)
}
