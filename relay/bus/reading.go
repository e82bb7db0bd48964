package bus

import (
	"context"
	"errors"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"
)

// errReplaced comes for a message of another stream of the same name, which is read from its start then.
var errReplaced = errors.New("the stream is another")

// run gives the messages, and begins again where it was when the server was lost.
func (r *reader) run(ctx context.Context, each func(Stored) error) error {
	for {
		done, err := r.consume(ctx, each)
		if done || ctx.Err() != nil || r.nc.IsClosed() || lasting(err) {
			return err
		}
		r.Log.Debug("reading is interrupted", zap.Error(err))
		pause(ctx, redialWait)
	}
}

// lasting says whether an error will not pass by waiting.
func lasting(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && api.Code != statusNotAvailable
}

// consume gives messages until the end, an error of each, or a loss; done says that it is not the loss.
func (r *reader) consume(ctx context.Context, each func(Stored) error) (done bool, err error) {
	c, err := r.js.OrderedConsumer(ctx, r.Stream, r.next)
	if err != nil {
		return false, err
	}
	if !r.Follow && c.CachedInfo().NumPending == 0 {
		return true, nil
	}
	messages, err := c.Messages()
	if err != nil {
		return false, err
	}
	defer messages.Stop()
	for {
		m, err := r.await(ctx, messages)
		if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
			switch {
			case !r.Follow && r.exhausted(ctx, c):
				return true, nil
			case r.replaced(ctx):
				return !r.Follow, nil
			}
			continue
		}
		if err != nil {
			return false, err
		}
		done, err := r.give(ctx, m, each)
		if errors.Is(err, errReplaced) {
			return !r.Follow, nil
		}
		if done || err != nil {
			return true, err
		}
	}
}

func (r *reader) await(ctx context.Context, messages jetstream.MessagesContext) (jetstream.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, quiet)
	defer cancel()
	return messages.Next(jetstream.NextContext(ctx))
}

// replaced says whether the stream is another since it was last looked at, and has it read from its start then: its sequences begin
// anew, and nothing would be given until they are past the old ones.
func (r *reader) replaced(ctx context.Context) bool {
	s, err := r.js.Stream(ctx, r.Stream)
	if err != nil || s.CachedInfo().Created.Equal(r.created) {
		return false
	}
	r.created = s.CachedInfo().Created
	r.next = jetstream.OrderedConsumerConfig{FilterSubjects: r.Subjects, DeliverPolicy: jetstream.DeliverAllPolicy}
	return true
}

// exhausted says whether nothing is left to give: what was left may have been deleted.
func (r *reader) exhausted(ctx context.Context, c jetstream.Consumer) bool {
	info, err := c.Info(ctx)
	return err == nil && info.NumPending == 0
}

// give hands over one message, unless it lies beyond the end; done says that none is left.
func (r *reader) give(ctx context.Context, m jetstream.Msg, each func(Stored) error) (done bool, err error) {
	meta, err := m.Metadata()
	if err != nil {
		return false, err
	}
	if meta.Sequence.Consumer <= r.delivered && r.replaced(ctx) {
		return false, errReplaced
	}
	r.delivered = meta.Sequence.Consumer
	if !r.Follow && meta.Sequence.Stream > r.end {
		return true, nil
	}
	r.next = jetstream.OrderedConsumerConfig{
		FilterSubjects: r.Subjects, DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: meta.Sequence.Stream + 1,
	}
	err = each(Stored{
		Stream: meta.Stream, Subject: m.Subject(), Sequence: meta.Sequence.Stream, Time: meta.Timestamp,
		Header: m.Headers(), Data: m.Data(),
	})
	if err != nil {
		return true, ownError{err}
	}
	return !r.Follow && (meta.NumPending == 0 || meta.Sequence.Stream >= r.end), nil
}
