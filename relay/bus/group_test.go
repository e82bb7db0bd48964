package bus_test

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"github.com/meetbus/meetbus/relay/bus"
	"github.com/meetbus/meetbus/relay/bus/bustest"
)

// groupSize is how many messages a group of these tests has: more than the smallest of any way needs when some have left.
const groupSize = 24

// groupCase is a group of messages that are sent at once, ids 0 and up, and what becomes of them.
type groupCase struct {
	name string
	// stream is how the stream differs from one that takes anything.
	stream func(*jetstream.StreamConfig)
	// stored are those that the stream has already.
	stored []int
	// change makes the messages what they are.
	change func(ms []bus.Message)
	// leave are those whose senders have gone before the group is sent; unheard those that are not answered, whose senders go when all
	// others have been.
	leave, unheard []int
	// edit, if set, changes the stream while the group waits to be sent. foreign has somebody else publish all the time.
	edit    func(*jetstream.StreamConfig)
	foreign bool
	// fail are the kinds of error of those that are not stored; full is how many do not fit, whichever.
	fail map[int]error
	full int
	// sender sends the group, if not as many senders at once do.
	sender func(c groupCase, t *testing.T, js jetstream.JetStream, b *bus.Bus, config jetstream.StreamConfig, ms []bus.Message) ([]bus.Ack, []error)
}

var groupCases = []groupCase{
	{name: "all new"},
	{name: "first known", stored: []int{0}},
	{name: "second known", stored: []int{1}},
	{name: "one in the middle known", stored: []int{5}},
	{name: "last known", stored: []int{11}},
	{name: "some known", stored: []int{0, 3, 4, 11}},
	{name: "all known", stored: []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}},
	{name: "all known but the first", stored: []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}},
	{name: "one twice", change: func(ms []bus.Message) { ms[7].ID = ms[2].ID }},
	{name: "the first twice, as the last", change: func(ms []bus.Message) { ms[11].ID = ms[0].ID }},
	{name: "one twice and known", stored: []int{2}, change: func(ms []bus.Message) { ms[7].ID = ms[2].ID }},
	{name: "one twice and one too large", stream: small, change: func(ms []bus.Message) { ms[7].ID = ms[2].ID; grow(ms, 1) },
		fail: map[int]error{1: bus.ErrTooLarge}},
	{name: "first too large", stream: small, change: func(ms []bus.Message) { grow(ms, 0) }, fail: map[int]error{0: bus.ErrTooLarge}},
	{name: "second too large", stream: small, change: func(ms []bus.Message) { grow(ms, 1) }, fail: map[int]error{1: bus.ErrTooLarge}},
	{name: "one in the middle too large", stream: small, change: func(ms []bus.Message) { grow(ms, 6) },
		fail: map[int]error{6: bus.ErrTooLarge}},
	{name: "last too large", stream: small, change: func(ms []bus.Message) { grow(ms, 11) }, fail: map[int]error{11: bus.ErrTooLarge}},
	{name: "last too large, somebody else publishing", stream: small, foreign: true, change: func(ms []bus.Message) { grow(ms, 11) },
		fail: map[int]error{11: bus.ErrTooLarge}},
	{name: "one with a header larger than can be stored", change: func(ms []bus.Message) {
		ms[4].Header = map[string][]string{"x": {strings.Repeat("x", 70<<10)}}
	}, fail: map[int]error{4: bus.ErrRefused}},
	{name: "one larger than the server takes", change: func(ms []bus.Message) { ms[4].Data = make([]byte, 2<<20) },
		fail: map[int]error{4: bus.ErrTooLarge}},
	{name: "full in the middle", stream: func(c *jetstream.StreamConfig) { c.MaxMsgs = 2 + 5 }, full: groupSize - 5},
	{name: "full, and some known", stream: func(c *jetstream.StreamConfig) { c.MaxMsgs = 2 + 2 + 5 }, stored: []int{1, 9}, full: groupSize - 2 - 5},
	{name: "one for another stream", change: other(3)},
	{name: "first for another stream", change: other(0)},
	{name: "one with another stream's subject", change: to("other", 3), fail: map[int]error{3: bus.ErrUnavailable}},
	{name: "first with another stream's subject", change: to("other", 0), fail: map[int]error{0: bus.ErrUnavailable}},
	{name: "second with another stream's subject", change: to("other", 1), fail: map[int]error{1: bus.ErrUnavailable}},
	{name: "last with another stream's subject", change: to("other", 11), fail: map[int]error{11: bus.ErrUnavailable}},
	{name: "one with a subject of no stream", change: to("nowhere", 5), fail: map[int]error{5: bus.ErrUnavailable}},
	{name: "first with a subject of no stream", change: to("nowhere", 0), fail: map[int]error{0: bus.ErrUnavailable}},
	{name: "last with a subject of no stream", change: to("nowhere", 11), fail: map[int]error{11: bus.ErrUnavailable}},
	{name: "one without permission", change: denied(5), unheard: []int{5}, fail: map[int]error{5: bus.ErrUnavailable}},
	{name: "first without permission", change: denied(0), unheard: []int{0}, fail: map[int]error{0: bus.ErrUnavailable}},
	{name: "last without permission", change: denied(11), unheard: []int{11}, fail: map[int]error{11: bus.ErrUnavailable}},
	{name: "somebody else publishing", foreign: true},
	{name: "stream made without batches", stream: noBatches},
	{name: "batches switched off meanwhile", edit: noBatches},
	{name: "batches switched off meanwhile, one known", edit: noBatches, stored: []int{6}},
	{name: "stream that soon forgets", stream: func(c *jetstream.StreamConfig) { c.Duplicates = time.Second }},
	{name: "some senders gone", leave: []int{0, 5, 11}, fail: map[int]error{0: bus.ErrUnavailable, 5: bus.ErrUnavailable, 11: bus.ErrUnavailable}},
	{name: "larger than one group", change: func(ms []bus.Message) {
		for i := range ms {
			ms[i].Data = make([]byte, 120<<10)
		}
	}},
	{name: "a few fill the group", change: func(ms []bus.Message) {
		for i := range ms {
			ms[i].Data = make([]byte, 400<<10)
		}
	}},
}

func small(c *jetstream.StreamConfig) { c.MaxMsgSize = 1000 }

func noBatches(c *jetstream.StreamConfig) { c.AllowAtomicPublish, c.AllowBatchPublish = false, false }

func grow(ms []bus.Message, i int) { ms[i].Data = make([]byte, 2000) }

func to(subject string, i int) func(ms []bus.Message) {
	return func(ms []bus.Message) { ms[i].Subject = subject }
}

// other gives a message to the other stream, which those of all tests share.
func other(i int) func(ms []bus.Message) {
	return func(ms []bus.Message) { ms[i].Stream, ms[i].Subject, ms[i].ID = "OTHER", "other", rand.Text() }
}

// denied gives a message a subject that the server gives no answer about.
func denied(i int) func(ms []bus.Message) {
	return func(ms []bus.Message) { ms[i].Subject += ".denied" }
}

// TestGroups sends each group in each way on each kind of server: what becomes of one message is never decided by another, and what is
// acknowledged is so.
func TestGroups(t *testing.T) {
	for place, inProcess := range map[string]bool{"over TCP": false, "in this process, synced": true} {
		n := groupServer(t, inProcess)
		at := bus.Server{URL: n.URL()}
		if inProcess {
			at = bus.Server{InProcess: n.InProcess()}
		}
		for w, way := range map[bus.Way]string{bus.Apart: "flow", bus.Together: "batch"} {
			for i, c := range groupCases {
				t.Run(strings.Join([]string{place, way, c.name}, "/"), func(t *testing.T) {
					t.Parallel()
					c.run(t, admin(t, n), at, w, fmt.Sprintf("G%d-%d", w, i), 1)
				})
			}
		}
	}
}

// TestGroupsOfReplicas does the same with a stream of three replicas, whose messages are in process for a while before they are stored.
func TestGroupsOfReplicas(t *testing.T) {
	replicated := []string{
		"all new", "first known", "some known", "one twice and one too large", "second too large", "full in the middle",
		"one with a subject of no stream", "first without permission", "somebody else publishing", "some senders gone",
	}
	n := groupCluster(t)
	three := events
	three.Replicas = 3
	if r := inspect(t, n, three); !r.Ready() || !r.Streams[0].Create {
		t.Errorf("a new stream of three replicas: %+v", r)
	}
	for w, way := range map[bus.Way]string{bus.Apart: "flow", bus.Together: "batch"} {
		for i, c := range groupCases {
			if !slices.Contains(replicated, c.name) {
				continue
			}
			t.Run(way+"/"+c.name, func(t *testing.T) {
				t.Parallel()
				c.run(t, admin(t, n), bus.Server{URL: n.URL()}, w, fmt.Sprintf("G%d-%d", w, i), 3)
			})
		}
	}
}

// groupCluster is the first of three group servers, ready for streams.
func groupCluster(t *testing.T) *bustest.Node {
	t.Helper()
	var routes []*url.URL
	for range 3 {
		routes = append(routes, &url.URL{Scheme: "nats", Host: freeAddress(t)})
	}
	var first *bustest.Node
	for i, route := range routes {
		port, _ := strconv.Atoi(route.Port())
		n := groupServer(t, false, func(o *server.Options) {
			o.ServerName, o.Routes = fmt.Sprint("node-", i), routes
			o.Cluster = server.ClusterOpts{Name: "test", Host: route.Hostname(), Port: port}
		})
		first = cmp.Or(first, n)
	}
	awaitReplicas(t, admin(t, first))
	return first
}

// awaitReplicas returns when a cluster makes streams of three replicas. It does not answer before.
func awaitReplicas(t *testing.T, js jetstream.JetStream) {
	t.Helper()
	for began := time.Now(); ; {
		ctx, cancel := contextFor(t, 500*time.Millisecond)
		_, err := js.CreateStream(ctx, newStream("FIRST", 3))
		cancel()
		switch {
		case err == nil:
			return
		case time.Since(began) > patience:
			t.Fatal(err)
		}
	}
}

// freeAddress is one where nobody listens: the servers of a cluster must know each other's before they start.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// groupServer is one that lets nobody publish to *.denied.
func groupServer(t *testing.T, always bool, changes ...func(*server.Options)) *bustest.Node {
	t.Helper()
	return bustest.Server(t, append(changes, func(o *server.Options) {
		o.SyncAlways, o.NoAuthUser = always, "all"
		o.Users = []*server.User{{Username: "all", Password: "all", Permissions: &server.Permissions{
			Publish: &server.SubjectPermission{Deny: []string{"*.denied"}},
		}}}
	})...)
}

// run sends the group to a new stream of that name.
func (c groupCase) run(t *testing.T, js jetstream.JetStream, at bus.Server, w bus.Way, stream string, replicas int) {
	config := newStream(stream, replicas)
	if c.stream != nil {
		c.stream(&config)
	}
	other := newStream("OTHER", 1)
	other.Subjects = []string{"other"}
	for _, s := range []jetstream.StreamConfig{config, other} {
		if _, err := js.CreateOrUpdateStream(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	b := connect(t, bus.Options{Server: at, Log: zap.NewNop(), Streams: []bus.Stream{
		{Name: stream, Subjects: config.Subjects, DuplicateWindow: time.Minute},
		{Name: "OTHER", Subjects: other.Subjects, DuplicateWindow: time.Minute},
	}})
	waitReady(t, b)
	b.Force(w)
	ms := c.messages(stream)
	publish(t, b, bus.Message{Stream: stream, Subject: stream, ID: "before"})
	known := map[string]uint64{}
	for _, i := range c.stored {
		known[ms[i].ID] = publish(t, b, ms[i]).Sequence
	}
	send := groupCase.send
	if c.sender != nil {
		send = c.sender
	}
	acks, errs := send(c, t, js, b, config, ms)
	if c.full == 0 { // what was given up would come before it
		publishAfter(t, b, bus.Message{Stream: stream, Subject: stream, ID: "after"})
	}
	c.check(t, js, ms, known, acks, errs)
	for began := time.Now(); b.Expected() > 0; time.Sleep(time.Millisecond) { // a sender has his answer a moment before it is crossed off
		if time.Since(began) > patience {
			t.Fatalf("%d answers are still waited for", b.Expected())
		}
	}
}

func newStream(name string, replicas int) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: name, Subjects: []string{name, name + ".denied"}, Discard: jetstream.DiscardNew, Duplicates: time.Minute, Replicas: replicas,
		AllowAtomicPublish: true, AllowBatchPublish: true, AllowDirect: true,
	}
}

func (c groupCase) messages(stream string) []bus.Message {
	ms := make([]bus.Message, groupSize)
	for i := range ms {
		ms[i] = bus.Message{Stream: stream, Subject: stream, ID: fmt.Sprint(i), Data: fmt.Append(nil, i)}
	}
	if c.change != nil {
		c.change(ms)
	}
	return ms
}

// send publishes the messages at once.
func (c groupCase) send(t *testing.T, js jetstream.JetStream, b *bus.Bus, config jetstream.StreamConfig, ms []bus.Message) ([]bus.Ack, []error) {
	acks, errs := make([]bus.Ack, len(ms)), make([]error, len(ms))
	gathered, release := b.Gather(bus.Message{Stream: config.Name, Subject: config.Name, ID: "gather"})
	var left, unheard, all sync.WaitGroup
	patient, leave := contextFor(t, patience)
	defer leave()
	for i, m := range ms {
		ctx, cancel := context.WithCancel(patient)
		defer cancel()
		group := &all
		switch {
		case slices.Contains(c.leave, i):
			group = &left
		case slices.Contains(c.unheard, i):
			group = &unheard
		}
		group.Go(func() { acks[i], errs[i] = b.Publish(ctx, m) })
		for gathered() <= i {
			time.Sleep(100 * time.Microsecond)
		}
		if group == &left {
			cancel()
		}
	}
	left.Wait()
	if c.edit != nil {
		c.edit(&config)
		if _, err := js.UpdateStream(t.Context(), config); err != nil {
			t.Error(err)
		}
	}
	stop := func() {}
	if c.foreign {
		stop = publishing(t, js, config.Name)
	}
	release()
	all.Wait()
	leave()
	unheard.Wait()
	stop()
	return acks, errs
}

// publishing has somebody else publish until stop, and returns when he has begun.
func publishing(t *testing.T, js jetstream.JetStream, subject string) (stop func()) {
	begun, stopped := make(chan bool), atomic.Bool{}
	var running sync.WaitGroup
	running.Go(func() {
		for i := 0; !stopped.Load(); i++ {
			if _, err := js.Publish(t.Context(), subject, nil, jetstream.WithMsgID(fmt.Sprint("foreign-", i))); err != nil {
				t.Error(err)
				stopped.Store(true)
			}
			if i == 0 {
				close(begun)
			}
		}
	})
	<-begun
	return func() {
		stopped.Store(true)
		running.Wait()
	}
}

// publishAfter publishes a message as soon as the bus takes one again.
func publishAfter(t *testing.T, b *bus.Bus, m bus.Message) {
	t.Helper()
	ctx, cancel := contextFor(t, patience)
	defer cancel()
	_, err := b.Publish(ctx, m)
	for ; err != nil && ctx.Err() == nil; _, err = b.Publish(ctx, m) {
		time.Sleep(time.Millisecond)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// check compares what the senders were told with what is stored. known are the sequences, by id, of what was stored before.
func (c groupCase) check(t *testing.T, js jetstream.JetStream, ms []bus.Message, known map[string]uint64, acks []bus.Ack, errs []error) {
	streams := map[string]map[string][]uint64{}
	for _, m := range ms {
		if streams[m.Stream] == nil {
			streams[m.Stream] = stored(t, js, m.Stream)
		}
	}
	isNew, full := map[string]int{}, 0
	for i, m := range ms {
		want := c.fail[i]
		if c.full > 0 && errors.Is(errs[i], bus.ErrFull) {
			want = bus.ErrFull
			full++
		}
		sequences := streams[m.Stream][m.ID]
		if errs[i] != nil {
			if want == nil || !errors.Is(errs[i], want) || kindsOf(errs[i]) != 1 || len(sequences) > 0 {
				t.Errorf("message %d, id %s: %v, want %v; stored at %v", i, m.ID, errs[i], want, sequences)
			}
			continue
		}
		if want != nil || len(sequences) != 1 || acks[i].Sequence != sequences[0] || acks[i].Stream != m.Stream {
			t.Errorf("message %d, id %s: %+v, want error %v; stored at %v", i, m.ID, acks[i], want, sequences)
		}
		if !acks[i].Duplicate {
			isNew[m.ID]++
		} else if isNew[m.ID] == 0 {
			isNew[m.ID] = 0
		}
	}
	for id, n := range isNew {
		if want := 1 - min(int(known[id]), 1); n != want {
			t.Errorf("id %s was new for %d, want %d", id, n, want)
		}
	}
	if full != c.full {
		t.Errorf("%d did not fit, want %d", full, c.full)
	}
}

// stored are the sequences of a stream's messages by their ids.
func stored(t *testing.T, js jetstream.JetStream, stream string) map[string][]uint64 {
	t.Helper()
	s, err := js.Stream(t.Context(), stream)
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string][]uint64{}
	for sequence := uint64(1); sequence <= s.CachedInfo().State.LastSeq; sequence++ {
		m, err := s.GetMsg(t.Context(), sequence)
		if err != nil {
			t.Fatal(err)
		}
		id := m.Header.Get(nats.MsgIdHdr)
		ids[id] = append(ids[id], sequence)
	}
	return ids
}

// TestGroupsAreSentAsTheyShould: else the other tests would prove nothing.
func TestGroupsAreSentAsTheyShould(t *testing.T) {
	n := groupServer(t, false)
	for w, want := range map[bus.Way]ways{
		bus.Apart:    {single: 2, flow: groupSize - 1}, // gather is one
		bus.Together: {single: 1, batch: groupSize},
	} {
		if got := (groupCase{}).sent(t, n, w); got != want {
			t.Errorf("way %d: %+v, want %+v", w, got, want)
		}
	}
}

// ways are how many messages were sent in each.
type ways struct{ single, flow, batch int }

// sent runs the case, and sees how the messages are sent, but for those before and after the group.
func (c groupCase) sent(t *testing.T, n *bustest.Node, w bus.Way) ways {
	js := admin(t, n)
	seen, err := js.Conn().SubscribeSync("SENT")
	if err != nil {
		t.Fatal(err)
	}
	c.run(t, js, bus.Server{URL: n.URL()}, w, "SENT", 1)
	if err := js.DeleteStream(t.Context(), "SENT"); err != nil {
		t.Fatal(err)
	}
	got := ways{single: -2}
	for m, err := seen.NextMsg(0); err == nil; m, err = seen.NextMsg(0) {
		switch {
		case strings.HasSuffix(m.Reply, ".$FI"):
			got.flow++
		case m.Header.Get("Nats-Batch-Id") != "":
			got.batch++
		default:
			got.single++
		}
	}
	return got
}
