package bus_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/meetbus/meetbus/relay/bus"
	"github.com/meetbus/meetbus/relay/bus/bustest"
)

func greeter(n *bustest.Node) bus.ConsumerOptions {
	return bus.ConsumerOptions{
		Server: bus.Server{URL: n.URL()}, Stream: "MEETBUS", Name: "greeter", Filters: []string{"meeting.started"},
		Metadata: map[string]string{"made-by": "a test"},
	}
}

func TestConsumerIsMadeOnce(t *testing.T) {
	n := bustest.Server(t)
	b := ready(t, bus.Server{URL: n.URL()}, events)
	publish(t, b, message(1))
	made, err := bus.CreateConsumer(t.Context(), greeter(n))
	if err != nil || made.Existed || made.Waiting != 1 || made.Server != n.Addr() || !slices.Equal(made.Filters, []string{"meeting.started"}) ||
		made.AckWait != 30*time.Second || made.MostUnacknowledged != 1000 || fmt.Sprint(made.Retries) != "[30s 1m0s 5m0s 15m0s]" {
		t.Fatalf("%+v, %v", made, err)
	}
	c, err := admin(t, n).Consumer(t.Context(), "MEETBUS", "greeter")
	if err != nil {
		t.Fatal(err)
	}
	is := c.CachedInfo().Config
	if is.Durable != "greeter" || is.AckPolicy != jetstream.AckExplicitPolicy || is.MaxDeliver != -1 || is.InactiveThreshold != 0 ||
		is.DeliverPolicy != jetstream.DeliverAllPolicy || is.MemoryStorage || is.Replicas != 0 || is.FilterSubject != "meeting.started" ||
		is.Metadata["made-by"] != "a test" {
		t.Errorf("%+v", is)
	}
	// What was given out and not acknowledged is counted; what a newer meetbus says of itself is no other setting.
	if _, err := c.Fetch(1); err != nil {
		t.Fatal(err)
	}
	again := greeter(n)
	again.Metadata = nil
	for began := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		made, err = bus.CreateConsumer(t.Context(), again)
		if err != nil || !made.Existed || made.Waiting+made.Unacknowledged != 1 || time.Since(began) > patience {
			t.Fatalf("%+v, %v", made, err)
		}
		if made.Unacknowledged == 1 {
			break
		}
	}
}

// A consumer that is there with other settings stays as it is, and it is said what differs.
func TestConsumerIsNeverChanged(t *testing.T) {
	n := bustest.Server(t)
	ready(t, bus.Server{URL: n.URL()}, events)
	js := admin(t, n)
	want := jetstream.ConsumerConfig{
		Durable: "greeter", FilterSubject: "meeting.started", AckPolicy: jetstream.AckExplicitPolicy, AckWait: 30 * time.Second, MaxDeliver: -1,
		BackOff: []time.Duration{30 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute},
	}
	for name, c := range map[string]struct {
		change func(*jetstream.ConsumerConfig)
		says   string
	}{
		"filter": {func(c *jetstream.ConsumerConfig) { c.FilterSubject = "meeting.*" }, "the filter is 'meeting.*' and would be 'meeting.started'"},
		"filters": {func(c *jetstream.ConsumerConfig) {
			c.FilterSubject, c.FilterSubjects = "", []string{"meeting.ended", "meeting.started"}
		}, "the filter is 'meeting.ended,meeting.started'"},
		"deliver":  {func(c *jetstream.ConsumerConfig) { c.DeliverPolicy = jetstream.DeliverNewPolicy }, "deliver_policy is new and would be all"},
		"ack":      {func(c *jetstream.ConsumerConfig) { c.AckPolicy, c.BackOff = jetstream.AckAllPolicy, nil }, "ack_policy is AckAll"},
		"backoff":  {func(c *jetstream.ConsumerConfig) { c.BackOff = nil }, "backoff is none and would be 30s,1m,5m,15m"},
		"wait":     {func(c *jetstream.ConsumerConfig) { c.AckWait, c.BackOff = time.Minute, nil }, "ack_wait is 1m and would be 30s"},
		"tries":    {func(c *jetstream.ConsumerConfig) { c.MaxDeliver = 4 }, "max_deliver is 4 and would be -1"},
		"in order": {func(c *jetstream.ConsumerConfig) { c.MaxAckPending = 1 }, "max_ack_pending is 1 and would be the server's own"},
		"ends":     {func(c *jetstream.ConsumerConfig) { c.InactiveThreshold = time.Hour }, "inactive_threshold is 1h and would be 0s"},
		"memory":   {func(c *jetstream.ConsumerConfig) { c.MemoryStorage = true }, "mem_storage is true"},
		"headers":  {func(c *jetstream.ConsumerConfig) { c.HeadersOnly = true }, "headers_only is true"},
		"replay":   {func(c *jetstream.ConsumerConfig) { c.ReplayPolicy = jetstream.ReplayOriginalPolicy }, "replay_policy is original"},
		"groups": {func(c *jetstream.ConsumerConfig) {
			c.PriorityPolicy, c.PriorityGroups = jetstream.PriorityPolicyOverflow, []string{"g"}
		}, "priority_groups is g and would be none"},
	} {
		t.Run(name, func(t *testing.T) {
			other := want
			c.change(&other)
			had, err := js.CreateConsumer(t.Context(), "MEETBUS", other)
			if err != nil {
				t.Fatal(err)
			}
			_, err = bus.CreateConsumer(t.Context(), greeter(n))
			if !errors.As(err, new(bus.ConsumerError)) || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "`nats consumer rm MEETBUS greeter`") {
				t.Errorf("%v, want %q", err, c.says)
			}
			has, err := had.Info(t.Context())
			if err != nil || fmt.Sprintf("%+v", has.Config) != fmt.Sprintf("%+v", had.CachedInfo().Config) {
				t.Errorf("it was changed: %+v, %v", has, err)
			}
			if err := js.DeleteConsumer(t.Context(), "MEETBUS", "greeter"); err != nil {
				t.Fatal(err)
			}
		})
	}
	if _, err := js.CreatePushConsumer(t.Context(), "MEETBUS", jetstream.ConsumerConfig{Durable: "greeter", DeliverSubject: "x"}); err != nil {
		t.Fatal(err)
	}
	if _, err := bus.CreateConsumer(t.Context(), greeter(n)); err == nil || !strings.Contains(err.Error(), "deliver_subject is x and would be none") {
		t.Errorf("a consumer that pushes: %v", err)
	}
}

// One that is never acknowledged is not passed over, and in order the next one waits for it.
func TestConsumerInOrder(t *testing.T) {
	n := bustest.Server(t)
	b := ready(t, bus.Server{URL: n.URL()}, events)
	publish(t, b, message(1))
	publish(t, b, message(2))
	o := greeter(n)
	o.InOrder, o.AckWait = true, time.Second
	made, err := bus.CreateConsumer(t.Context(), o)
	if err != nil || made.MostUnacknowledged != 1 || fmt.Sprint(made.Retries) != "[1s]" {
		t.Fatalf("%+v, %v", made, err)
	}
	c, err := admin(t, n).Consumer(t.Context(), "MEETBUS", "greeter")
	if err != nil {
		t.Fatal(err)
	}
	for delivery, want := range []uint64{1, 1, 1, 2} {
		m, err := c.Next(jetstream.FetchMaxWait(patience))
		if err != nil {
			t.Fatal(err)
		}
		meta, err := m.Metadata()
		if err != nil || meta.Sequence.Stream != want {
			t.Fatalf("delivery %d is of %d, %v, want %d", delivery, meta.Sequence.Stream, err, want)
		}
		if delivery == 2 {
			if err := m.DoubleAck(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestConsumerOfNewEvents(t *testing.T) {
	n := bustest.Server(t)
	b := ready(t, bus.Server{URL: n.URL()}, events)
	publish(t, b, message(1))
	o := greeter(n)
	o.New = true
	for _, existed := range []bool{false, true} {
		if made, err := bus.CreateConsumer(t.Context(), o); err != nil || made.Waiting != 0 || made.Existed != existed {
			t.Errorf("%+v, %v", made, err)
		}
	}
}

func TestConsumerIsRefused(t *testing.T) {
	n := bustest.Server(t)
	ready(t, bus.Server{URL: n.URL()}, events)
	long := strings.Repeat("x", 256)
	for name, c := range map[string]struct {
		change func(*bus.ConsumerOptions)
		says   string
	}{
		"no name":       {func(o *bus.ConsumerOptions) { o.Name = "" }, `"" cannot name a consumer`},
		"dots":          {func(o *bus.ConsumerOptions) { o.Name = "a.b" }, "cannot name"},
		"slash":         {func(o *bus.ConsumerOptions) { o.Name = "a/b" }, "cannot name"},
		"blank":         {func(o *bus.ConsumerOptions) { o.Name = "a b" }, "cannot name"},
		"line":          {func(o *bus.ConsumerOptions) { o.Name = "a\u2028b" }, "cannot name"},
		"no UTF-8":      {func(o *bus.ConsumerOptions) { o.Name = "a\xff" }, "cannot name"},
		"long name":     {func(o *bus.ConsumerOptions) { o.Name = long }, "cannot name"},
		"no filter":     {func(o *bus.ConsumerOptions) { o.Filters = nil }, "needs a filter"},
		"bad filter":    {func(o *bus.ConsumerOptions) { o.Filters = []string{"a..b"} }, `"a..b" is no subject`},
		"overlap":       {func(o *bus.ConsumerOptions) { o.Filters = []string{"meeting.started", "meeting.>"} }, `"meeting.>" has every event of "meeting.started": leave "meeting.started" out`},
		"twice":         {func(o *bus.ConsumerOptions) { o.Filters = []string{"meeting.started", "meeting.started"} }, "has every event of"},
		"outside":       {func(o *bus.ConsumerOptions) { o.Filters = []string{"meeting.*", "recording.>"} }, `no subject of the stream matches "recording.>": it has meeting.started, meeting.ended`},
		"negative wait": {func(o *bus.ConsumerOptions) { o.AckWait = -1 }, "negative"},
	} {
		t.Run(name, func(t *testing.T) {
			o := greeter(n)
			c.change(&o)
			if _, err := bus.CreateConsumer(t.Context(), o); !errors.As(err, new(bus.ConsumerError)) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, want %q", err, c.says)
			}
		})
	}
	if all := names(t, admin(t, n)); len(all) > 0 {
		t.Errorf("there are consumers: %v", all)
	}
}

func names(t *testing.T, js jetstream.JetStream) (all []string) {
	t.Helper()
	s, err := js.Stream(t.Context(), "MEETBUS")
	if err != nil {
		t.Fatal(err)
	}
	for name := range s.ConsumerNames(t.Context()).Name() {
		all = append(all, name)
	}
	return all
}

// Two filters that overlap without covering each other are taken, and give each event once.
func TestConsumerOfCrossingFilters(t *testing.T) {
	n := bustest.Server(t)
	if err := fill(admin(t, n), "CROSS", []string{"a.b", "a.x", "x.b", "x.x"}); err != nil {
		t.Fatal(err)
	}
	o := greeter(n)
	o.Stream, o.Filters = "CROSS", []string{"CROSS.a.*", "CROSS.*.b"}
	if made, err := bus.CreateConsumer(t.Context(), o); err != nil || made.Waiting != 3 {
		t.Errorf("%+v, %v", made, err)
	}
}

// What a server has against a consumer is said as it says it, and so is a missing permission, at once.
func TestConsumerWhereItMayNotBe(t *testing.T) {
	n := bustest.Server(t, func(o *server.Options) {
		o.Users = []*server.User{
			{Username: "admin", Password: "a"},
			{Username: "reader", Password: "r", Permissions: &server.Permissions{Publish: &server.SubjectPermission{Allow: []string{"$JS.API.STREAM.INFO.*", "$JS.API.CONSUMER.INFO.>"}}}},
		}
		o.NoAuthUser = "admin"
	})
	js := admin(t, n)
	_, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "FEW", Subjects: []string{"meeting.*"}, MaxConsumers: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.CreateConsumer(t.Context(), "FEW", jetstream.ConsumerConfig{Durable: "first"}); err != nil {
		t.Fatal(err)
	}
	o := greeter(n)
	o.Stream = "FEW"
	if _, err := bus.CreateConsumer(t.Context(), o); !errors.As(err, new(bus.ConsumerError)) || !strings.Contains(err.Error(), "maximum consumers limit") {
		t.Errorf("one too many: %v", err)
	}
	o.Server.User, o.Server.Password = "reader", "r"
	began := time.Now()
	if _, err := bus.CreateConsumer(t.Context(), o); !bus.IsFault(err) || !strings.Contains(strings.ToLower(err.Error()), "permissions violation") {
		t.Errorf("without permission: %v", err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
}
