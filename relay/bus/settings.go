package bus

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// defaultAckWait is the server's own.
const defaultAckWait = 30 * time.Second

// config is a consumer of which nobody loses a message, and the reasons:
//
//   - It is durable and the server never forgets it (no inactive_threshold): its place in the stream outlives every subscriber.
//   - It is pulled from: a subscriber takes what it can work on, and any number of them share the work.
//   - Each message is acknowledged for itself, since they are not always done in the order in which they were given.
//   - Deliveries are not limited: past a limit the server would pass over the message, and tell nobody but those who listen for its
//     advisories. Instead a message that is never acknowledged comes ever more seldom, so that it does not take the time of others;
//     with max_ack_pending of them, the consumer stands still, which somebody notices, and loses nothing.
//   - How many may be given out at once is the server's own limit (max_ack_pending is 1,000 unless it is configured). In order it is
//     one: what comes after a message waits until that is done, so there is nothing to be spared by waiting longer each time.
//   - Replicas and storage are those of the stream: a place that is lost sooner than its messages is no place.
func (o ConsumerOptions) config() jetstream.ConsumerConfig {
	c := jetstream.ConsumerConfig{
		Durable: o.Name, AckPolicy: jetstream.AckExplicitPolicy, AckWait: o.AckWait, MaxDeliver: -1,
		DeliverPolicy: jetstream.DeliverAllPolicy, Metadata: o.Metadata,
	}
	if len(o.Filters) == 1 {
		c.FilterSubject = o.Filters[0] // the request's subject names it then, and permissions can be given for it
	} else {
		c.FilterSubjects = o.Filters
	}
	if c.AckWait == 0 {
		c.AckWait = defaultAckWait
	}
	if o.New {
		c.DeliverPolicy = jetstream.DeliverNewPolicy
	}
	if o.InOrder {
		c.MaxAckPending = 1
	} else {
		c.BackOff = []time.Duration{c.AckWait, 2 * c.AckWait, 10 * c.AckWait, 30 * c.AckWait}
	}
	return c
}

func consumerOf(info *jetstream.ConsumerInfo) Consumer {
	c := info.Config
	retries := c.BackOff
	if len(retries) == 0 {
		retries = []time.Duration{c.AckWait}
	}
	return Consumer{
		Filters: filtersOf(c), Waiting: info.NumPending, Unacknowledged: uint64(info.NumAckPending),
		AckWait: c.AckWait, Retries: retries, MostUnacknowledged: c.MaxAckPending,
	}
}

// existing refuses a consumer with other settings: with some, messages would be lost; with any, somebody may rely on them.
func existing(info *jetstream.ConsumerInfo, o ConsumerOptions) (Consumer, error) {
	var others []string
	for _, s := range settings(info.Config, o.config()) {
		if s.have != s.want {
			others = append(others, fmt.Sprintf("%s is %s and would be %s", s.name, s.have, s.want))
		}
	}
	if len(others) > 0 {
		nats := o.Server.cli()
		return Consumer{}, ConsumerError{fmt.Errorf("it is there already with other settings: %s; take another name, change it where "+
			"the server allows that (`%s consumer edit %s %s`), or remove it and its place in the stream (`%[2]s consumer rm %[3]s %[4]s`)",
			strings.Join(others, ", "), nats, o.Stream, o.Name)}
	}
	c := consumerOf(info)
	c.Existed = true
	return c, nil
}

// setting is what an existing consumer has, and what it should have.
type setting struct{ name, have, want string }

// settings are those that decide what is given, and when. What only says how fast, or is for people, may be as it is.
func settings(have, want jetstream.ConsumerConfig) []setting {
	both := func(name string, of func(jetstream.ConsumerConfig) string) setting {
		return setting{name, of(have), of(want)}
	}
	list := []setting{
		both("the filter", func(c jetstream.ConsumerConfig) string { return quoted(filtersOf(c)) }),
		both("deliver_policy", func(c jetstream.ConsumerConfig) string { return c.DeliverPolicy.String() }),
		both("deliver_subject", func(c jetstream.ConsumerConfig) string { return orNone(c.DeliverSubject) }),
		both("ack_policy", func(c jetstream.ConsumerConfig) string { return c.AckPolicy.String() }),
		both("ack_wait", func(c jetstream.ConsumerConfig) string { return span(c.AckWait) }),
		both("backoff", func(c jetstream.ConsumerConfig) string { return spans(c.BackOff) }),
		both("max_deliver", func(c jetstream.ConsumerConfig) string { return fmt.Sprint(c.MaxDeliver) }),
		both("inactive_threshold", func(c jetstream.ConsumerConfig) string { return span(c.InactiveThreshold) }),
		both("mem_storage", func(c jetstream.ConsumerConfig) string { return fmt.Sprint(c.MemoryStorage) }),
		both("headers_only", func(c jetstream.ConsumerConfig) string { return fmt.Sprint(c.HeadersOnly) }),
		both("replay_policy", func(c jetstream.ConsumerConfig) string { return c.ReplayPolicy.String() }),
		both("priority_groups", func(c jetstream.ConsumerConfig) string { return orNone(strings.Join(c.PriorityGroups, ",")) }),
	}
	if (have.MaxAckPending == 1) != (want.MaxAckPending == 1) {
		list = append(list, both("max_ack_pending", func(c jetstream.ConsumerConfig) string {
			if c.MaxAckPending == 0 {
				return "the server's own"
			}
			return fmt.Sprint(c.MaxAckPending)
		}))
	}
	return list
}

func filtersOf(c jetstream.ConsumerConfig) []string {
	filters := slices.Clone(c.FilterSubjects)
	if c.FilterSubject != "" {
		filters = append(filters, c.FilterSubject)
	}
	slices.Sort(filters)
	return filters
}

func spans(all []time.Duration) string {
	var words []string
	for _, d := range all {
		words = append(words, span(d))
	}
	return orNone(strings.Join(words, ","))
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
