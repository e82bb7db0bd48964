package embedded

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/meetbus/meetbus/relay/bus"
)

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// seen gives the subject of the next message.
type seen func() (subject string, err error)

// Each way reads two events that were there and one that comes, with the library's own calls.
func TestGuestsRead(t *testing.T) { eachKind(t, guestsRead) }

func guestsRead(t *testing.T, k kind) {
	for name, open := range map[string]func(*testing.T, *nats.Conn) seen{
		"ordered":               ordered,
		"durable pull":          pull,
		"push":                  push,
		"legacy ordered push":   func(t *testing.T, nc *nats.Conn) seen { return legacy(t, nc, nats.OrderedConsumer()) },
		"legacy durable push":   func(t *testing.T, nc *nats.Conn) seen { return legacy(t, nc, nats.Durable("old")) },
		"legacy ephemeral push": func(t *testing.T, nc *nats.Conn) seen { return legacy(t, nc, nats.DeliverAll()) },
	} {
		t.Run(name, func(t *testing.T) {
			s := k.start(t)
			b := connect(t, s)
			publish(t, b, "MEETBUS", "meeting.started", "1")
			publish(t, b, "MEETBUS", "meetbus.unmapped.dyte.x", "2")
			next := open(t, k.guest(t, s))
			for i, want := range []string{"meeting.started", "meetbus.unmapped.dyte.x", "meeting.ended"} {
				if i == 2 {
					publish(t, b, "MEETBUS", want, "3")
				}
				if got, err := next(); err != nil || got != want {
					t.Fatalf("message %d: %q, %v, want %q", i, got, err, want)
				}
			}
		})
	}
}

func ordered(t *testing.T, nc *nats.Conn) seen {
	c, err := stream(t, nc).OrderedConsumer(t.Context(), jetstream.OrderedConsumerConfig{})
	must(t, err)
	messages, err := c.Messages()
	must(t, err)
	t.Cleanup(messages.Stop)
	return func() (string, error) {
		m, err := messages.Next(jetstream.NextContext(within(t, patience)))
		if err != nil {
			return "", err
		}
		return m.Subject(), nil
	}
}

// pull takes one message at a time, and the next only when the server has answered the acknowledgement.
func pull(t *testing.T, nc *nats.Conn) seen {
	c, err := stream(t, nc).CreateConsumer(t.Context(), jetstream.ConsumerConfig{Durable: "worker", MaxAckPending: 1})
	must(t, err)
	return func() (string, error) {
		m, err := c.Next(jetstream.FetchMaxWait(patience))
		if err != nil {
			return "", err
		}
		return m.Subject(), m.DoubleAck(within(t, patience))
	}
}

func push(t *testing.T, nc *nats.Conn) seen {
	c, err := stream(t, nc).CreatePushConsumer(t.Context(), jetstream.ConsumerConfig{
		DeliverSubject: nc.NewInbox(), FlowControl: true, IdleHeartbeat: 5 * time.Second, MaxAckPending: 1,
	})
	must(t, err)
	got := make(chan string, 10)
	running, err := c.Consume(func(m jetstream.Msg) {
		got <- m.Subject()
		_ = m.Ack()
	})
	must(t, err)
	t.Cleanup(running.Stop)
	return func() (string, error) {
		select {
		case subject := <-got:
			return subject, nil
		case <-time.After(patience):
			return "", errors.New("nothing came")
		}
	}
}

func legacy(t *testing.T, nc *nats.Conn, how nats.SubOpt) seen {
	js, err := nc.JetStream()
	must(t, err)
	sub, err := js.SubscribeSync("", how, nats.BindStream("MEETBUS"))
	must(t, err)
	return func() (string, error) {
		m, err := sub.NextMsg(patience)
		if err != nil {
			return "", err
		}
		return m.Subject, nil
	}
}

func stream(t *testing.T, nc *nats.Conn) jetstream.Stream {
	t.Helper()
	js, err := jetstream.New(nc)
	must(t, err)
	s, err := js.Stream(t.Context(), "MEETBUS")
	must(t, err)
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestGuestsSubscribe(t *testing.T) { eachKind(t, guestsSubscribe) }

func guestsSubscribe(t *testing.T, k kind) {
	s := k.start(t)
	b := connect(t, s)
	for _, subject := range []string{"meeting.started", "meeting.*", "meeting.>", "*.started", ">"} {
		t.Run(subject, func(t *testing.T) {
			nc := k.guest(t, s)
			sub, err := nc.SubscribeSync(subject)
			must(t, err)
			must(t, nc.Flush())
			publish(t, b, "MEETBUS", "meeting.started", t.Name())
			m, err := sub.NextMsg(patience)
			if err != nil || m.Subject != "meeting.started" || len(m.Data) == 0 {
				t.Errorf("%v, %v", m, err)
			}
		})
	}
}

func TestGuestsLookAround(t *testing.T) { eachKind(t, guestsLookAround) }

func guestsLookAround(t *testing.T, k kind) {
	s := k.start(t)
	b := connect(t, s)
	publish(t, b, "MEETBUS", "meeting.started", "1")
	nc := k.guest(t, s)
	js, err := jetstream.New(nc)
	must(t, err)
	if _, err := js.AccountInfo(t.Context()); err != nil {
		t.Errorf("account: %v", err)
	}
	if name, err := js.StreamNameBySubject(t.Context(), "meeting.started"); err != nil || name != "MEETBUS" {
		t.Errorf("stream by subject: %s, %v", name, err)
	}
	main := stream(t, nc)
	if m, err := main.GetMsg(t.Context(), 1); err != nil || m.Subject != "meeting.started" {
		t.Errorf("message by sequence: %v, %v", m, err)
	}
	if m, err := main.GetLastMsgForSubject(t.Context(), "meeting.started"); err != nil || m.Sequence != 1 {
		t.Errorf("last message of a subject: %v, %v", m, err)
	}
	c, err := main.CreateOrUpdateConsumer(t.Context(), jetstream.ConsumerConfig{
		Durable: "all-settings", Description: "x", FilterSubjects: []string{"meeting.*"}, AckWait: time.Minute, MaxDeliver: 5,
		BackOff: []time.Duration{time.Second, time.Minute}, DeliverPolicy: jetstream.DeliverLastPolicy, SampleFrequency: "50%",
		MaxRequestBatch: 7, InactiveThreshold: time.Hour, HeadersOnly: true, Metadata: map[string]string{"a": "b"},
		PriorityPolicy: jetstream.PriorityPolicyOverflow, PriorityGroups: []string{"g"},
	})
	must(t, err)
	have := c.CachedInfo().Config
	if have.Description != "x" || have.AckWait != time.Second || have.MaxDeliver != 5 || len(have.BackOff) != 2 || !have.HeadersOnly ||
		have.DeliverPolicy != jetstream.DeliverLastPolicy || have.SampleFrequency != "50%" || have.MaxRequestBatch != 7 ||
		have.InactiveThreshold != time.Hour || have.Metadata["a"] != "b" || have.PriorityPolicy != jetstream.PriorityPolicyOverflow ||
		!slices.Equal(have.FilterSubjects, []string{"meeting.*"}) {
		t.Errorf("a consumer's settings were changed on the way: %+v", have)
	}
	must(t, main.DeleteConsumer(t.Context(), "all-settings"))
	if _, err := main.Consumer(t.Context(), "all-settings"); !errors.Is(err, jetstream.ErrConsumerNotFound) {
		t.Errorf("deleted consumer: %v", err)
	}
}

func TestGuestsAskForLittle(t *testing.T) { eachKind(t, guestsAskForLittle) }

// guestsAskForLittle: what takes the server as long as the stream has subjects is not for guests.
func guestsAskForLittle(t *testing.T, k kind) {
	s := k.start(t)
	b := connect(t, s)
	publish(t, b, "MEETBUS", "meeting.started", "1")
	nc := k.guest(t, s)
	info, err := nc.Request("$JS.API.STREAM.INFO.MEETBUS", []byte(`{"subjects_filter":">"}`), patience)
	must(t, err)
	if text := string(info.Data); !strings.Contains(text, `"messages":1`) || strings.Contains(text, `"meeting.started":1`) {
		t.Errorf("the state of every subject: %s", text)
	}
	for _, request := range []string{`{"multi_last":["meeting.*"]}`, `{"MULTI_LAST":["meeting.*"]}`} {
		if m, err := nc.Request("$JS.API.DIRECT.GET.MEETBUS", []byte(request), 200*time.Millisecond); !errors.Is(err, nats.ErrTimeout) {
			t.Errorf("%s is answered: %v, %v", request, m, err)
		}
	}
}

func TestGuestsTail(t *testing.T) { eachKind(t, guestsTail) }

func guestsTail(t *testing.T, k kind) {
	s := k.start(t)
	b := connect(t, s)
	for i := range 5 {
		publish(t, b, "MEETBUS", []string{"meeting.started", "meeting.ended"}[i%2], fmt.Sprint(i))
	}
	var got []uint64
	o := bus.ReadOptions{
		Server: k.reader(t, s), Stream: "MEETBUS", Subjects: []string{"meeting.started"}, Start: bus.Start{Last: 2},
	}
	err := bus.Read(within(t, patience), o, func(m bus.Stored) error {
		got = append(got, m.Sequence)
		return nil
	})
	if err != nil || !slices.Equal(got, []uint64{3, 5}) {
		t.Errorf("%v, %v", got, err)
	}
}

// A request whose answer could not be taken as one gets an answer that says why.
func TestGuestsAreToldWhy(t *testing.T) { eachKind(t, guestsAreToldWhy) }

func guestsAreToldWhy(t *testing.T, k kind) {
	s := k.start(t)
	connect(t, s)
	nc := k.guest(t, s)
	for name, c := range map[string]struct{ body, want string }{
		"deliver subject": {`{"stream_name":"MEETBUS","config":{"deliver_subject":"mine","ack_policy":"none"}}`, "below _INBOX."},
		"no JSON":         {`{`, "invalid JSON"},
		"nothing":         {``, "invalid JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := nc.Request("$JS.API.CONSUMER.CREATE.MEETBUS", []byte(c.body), patience)
			if err != nil || !strings.Contains(string(m.Data), c.want) {
				t.Errorf("%s, %v, want %q", m.Data, err, c.want)
			}
		})
	}
}
