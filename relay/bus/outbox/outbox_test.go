package outbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"github.com/meetbus/meetbus/relay/bus"
	"github.com/meetbus/meetbus/relay/bus/bustest"
)

const wait = 20 * time.Second

// rig is a bus on a server that a test controls, and an outbox before it.
type rig struct {
	t      *testing.T
	nats   *bustest.Node
	stream bus.Stream
	bus    *bus.Bus
	box    *Outbox
	o      Options
}

func newRig(t *testing.T, change ...func(*rig)) *rig {
	t.Helper()
	r := &rig{t: t, nats: bustest.Server(t), stream: bus.Stream{
		Name: "MEETBUS", Subjects: []string{"meeting.*"}, Replicas: 1, Manage: true, DuplicateWindow: time.Hour,
	}}
	r.o = Options{Dir: t.TempDir(), MaxBytes: 64 << 20, MaxPayload: 1 << 20, Window: time.Hour, Log: zaptest.NewLogger(t, zaptest.Level(zap.InfoLevel))}
	for _, f := range change {
		f(r)
	}
	if r.bus == nil {
		r.connect(r.nats.URL())
	}
	r.open()
	t.Cleanup(func() { r.box.Close() })
	return r
}

func (r *rig) connect(url string) {
	r.t.Helper()
	b, err := bus.Connect(bus.Options{Server: bus.Server{URL: url}, Streams: []bus.Stream{r.stream}, Log: zap.NewNop()})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(b.Close)
	ctx, cancel := context.WithTimeout(r.t.Context(), wait)
	defer cancel()
	if err := b.WaitReady(ctx); err != nil {
		r.t.Fatal(err)
	}
	r.bus, r.o.Bus = b, b
}

func (r *rig) open() {
	r.t.Helper()
	box, err := Open(r.o)
	if err != nil {
		r.t.Fatal(err)
	}
	r.box = box
}

// message is the nth of a meeting.
func message(meeting string, n int) bus.Message {
	id := fmt.Sprintf("%s-%d", meeting, n)
	return bus.Message{
		Stream: "MEETBUS", Subject: "meeting." + meeting, ID: id, Key: meeting,
		Header: map[string][]string{"content-type": {"application/cloudevents+json"}}, Data: []byte(id),
	}
}

func (r *rig) publish(m bus.Message) (bus.Ack, error) {
	ctx, cancel := context.WithTimeout(r.t.Context(), 2250*time.Millisecond)
	defer cancel()
	return r.box.Publish(ctx, m)
}

func (r *rig) must(m bus.Message) bus.Ack {
	r.t.Helper()
	ack, err := r.publish(m)
	if err != nil {
		r.t.Fatalf("%s: %v", m.ID, err)
	}
	return ack
}

// ids are those of the messages on the bus, in their order.
func (r *rig) ids() []string {
	r.t.Helper()
	var ids []string
	err := bus.Read(r.t.Context(), bus.ReadOptions{
		Server: bus.Server{URL: r.nats.URL()}, Stream: "MEETBUS", Start: bus.Start{All: true},
	}, func(m bus.Stored) error {
		if got := m.Header["Nats-Msg-Id"]; len(got) != 1 || got[0] != string(m.Data) && len(m.Data) < 100 {
			r.t.Errorf("message %q has the id %q", m.Data, got)
		}
		for name := range m.Header {
			if strings.HasPrefix(name, ofUs) {
				r.t.Errorf("header %s is on the bus", name)
			}
		}
		ids = append(ids, m.Header["Nats-Msg-Id"][0])
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return ids
}

// drained waits until nothing waits, and the next message goes straight to the bus.
func (r *rig) drained() {
	r.t.Helper()
	for end := time.Now().Add(wait); !r.box.empty() || r.bus.Ready() != nil; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			r.t.Fatalf("not drained: %+v, bus: %v", r.status(), r.bus.Ready())
		}
	}
	for end := time.Now().Add(wait); r.status().Waiting != 0 || !r.status().Oldest.IsZero(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			r.t.Fatalf("drained, and yet %+v", r.status())
		}
	}
}

func (r *rig) status() Status {
	r.t.Helper()
	s, err := r.box.Status(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	return s
}

func TestStraightToTheBus(t *testing.T) {
	r := newRig(t)
	if ack := r.must(message("a", 1)); ack.Queued || ack.Sequence != 1 || ack.Stream != "MEETBUS" {
		t.Errorf("got %+v", ack)
	}
	if ack := r.must(message("a", 1)); !ack.Duplicate || ack.Queued {
		t.Errorf("again: %+v", ack)
	}
	if s := r.status(); s.Waiting != 0 {
		t.Errorf("waiting: %+v", s)
	}
}

func TestStraightBy(t *testing.T) {
	now := time.Now()
	for left, want := range map[time.Duration]time.Duration{
		0: patience, 10 * time.Second: patience, patience + reserve: patience, // 0: the sender never gives up
		time.Second: time.Second - reserve, 400 * time.Millisecond: 300 * time.Millisecond,
	} {
		by := now.Add(left)
		if left == 0 {
			by = time.Time{}
		}
		if got := straightBy(now, by).Sub(now); got != want {
			t.Errorf("with %s left the bus has %s, want %s", left, got, want)
		}
	}
}

// TestAway: without the bus messages wait on disk, in order, also across a restart of the relay; the same one twice waits once.
func TestAway(t *testing.T) {
	r := newRig(t)
	r.must(message("a", 0))
	r.nats.Stop()
	began := time.Now()
	for n := 1; n <= 100; n++ {
		ack := r.must(message(fmt.Sprint("m", n%3), n))
		if !ack.Queued || ack.Duplicate {
			t.Fatalf("%d: %+v", n, ack)
		}
	}
	if took := time.Since(began); took > 100*patience/4 {
		t.Errorf("100 messages without a bus took %s: each was tried there first", took)
	}
	if ack := r.must(message("m1", 1)); !ack.Queued || !ack.Duplicate {
		t.Errorf("again: %+v", ack)
	}
	if s := r.status(); s.Waiting != 100 || time.Since(s.Oldest) > time.Minute || s.Why == "" {
		t.Errorf("status is %+v", s)
	}
	if err := r.box.Ready(); err != nil {
		t.Errorf("not ready: %v", err)
	}
	r.box.Close()
	r.open()
	if s := r.status(); s.Waiting != 100 {
		t.Errorf("after a restart: %+v", s)
	}
	r.must(message("z", 101))
	r.nats.Restart()
	r.drained()
	want := []string{"a-0"}
	for n := 1; n <= 100; n++ {
		want = append(want, fmt.Sprintf("m%d-%d", n%3, n))
	}
	want = append(want, "z-101")
	if got := r.ids(); strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("on the bus: %q", got)
	}
	if ack := r.must(message("a", 102)); ack.Queued {
		t.Errorf("queued although the bus is back: %+v", ack)
	}
}

// TestOrderAcrossRestarts: each of several meetings sends one event after the other was accepted, while the server is stopped and
// started. Everything is there once, and of each meeting in its order.
func TestOrderAcrossRestarts(t *testing.T) {
	r := newRig(t)
	const meetings, each = 8, 60
	var senders sync.WaitGroup
	for m := range meetings {
		senders.Go(func() {
			for n := range each {
				for {
					_, err := r.publish(message(fmt.Sprint("m", m), n))
					if err == nil {
						break
					}
					if !errors.Is(err, bus.ErrUnavailable) {
						t.Errorf("m%d-%d: %v", m, n, err)
						return
					}
				}
				time.Sleep(10 * time.Millisecond)
			}
		})
	}
	for range 3 {
		time.Sleep(150 * time.Millisecond)
		r.nats.Stop()
		time.Sleep(100 * time.Millisecond)
		r.nats.Restart()
	}
	senders.Wait()
	r.drained()
	next := map[string]int{}
	for _, id := range r.ids() {
		meeting, n, _ := strings.Cut(id, "-")
		if n != fmt.Sprint(next[meeting]) {
			t.Errorf("%s comes after %d others", id, next[meeting])
		}
		next[meeting]++
	}
	for m := range meetings {
		if got := next[fmt.Sprint("m", m)]; got != each {
			t.Errorf("meeting %d has %d events, want %d", m, got, each)
		}
	}
}

// TestWayBack: once the bus has what waited, it is not the store that takes what comes, however much comes all the time.
func TestWayBack(t *testing.T) {
	const senders = 40
	r := newRig(t)
	r.nats.Stop()
	for n := range senders {
		r.must(message(fmt.Sprint("m", n), 0))
	}
	r.nats.Restart()
	ends := time.Now().Add(wait)
	var sending sync.WaitGroup
	var sent [senders]int
	var straight atomic.Int64
	for i := range senders {
		sending.Go(func() {
			for straight.Load() < 100*senders && time.Now().Before(ends) {
				ack, err := r.publish(message(fmt.Sprint("m", i), sent[i]+1))
				if err != nil {
					t.Error(err)
					return
				}
				if sent[i]++; !ack.Queued {
					straight.Add(1)
				}
			}
		})
	}
	sending.Wait()
	if straight.Load() < 100*senders {
		t.Errorf("%d of %d have gone straight to the bus, which is back", straight.Load(), sent)
	}
	r.drained()
	var next [senders]int
	for _, id := range r.ids() {
		var sender, n int
		if _, err := fmt.Sscanf(id, "m%d-%d", &sender, &n); err != nil || n != next[sender] {
			t.Fatalf("%s is on the bus where %d should be: %v", id, next[sender], err)
		}
		next[sender]++
	}
	for i, n := range next {
		if n != sent[i]+1 {
			t.Errorf("of sender %d, %d are on the bus, and %d were sent", i, n, sent[i]+1)
		}
	}
}

// TestBusyMeeting: events of one meeting leave in their order, and many at once: one by one they might never catch up.
func TestBusyMeeting(t *testing.T) {
	const events = 1200
	r := newRig(t)
	r.nats.Stop()
	for n := range events {
		r.must(message("a", n))
	}
	r.nats.Restart()
	r.drained()
	ids := r.ids()
	if len(ids) != events {
		t.Fatalf("%d of %d are on the bus", len(ids), events)
	}
	for n, id := range ids {
		if id != fmt.Sprint("a-", n) {
			t.Fatalf("%s is on the bus where %d should be", id, n)
		}
	}
	trips, last := 0, ""
	err := bus.Read(t.Context(), bus.ReadOptions{
		Server: bus.Server{URL: r.nats.URL()}, Stream: "MEETBUS", Start: bus.Start{All: true},
	}, func(m bus.Stored) error {
		if batch := strings.Join(m.Header["Nats-Batch-Id"], ""); batch == "" || batch != last {
			trips++
			last = batch
		}
		return nil
	})
	if err != nil || trips == 0 || trips > events/10 {
		t.Errorf("%d events left in %d trips: %v", events, trips, err)
	}
}

// TestBusThatHangs: what is not acknowledged in a second is stored here, and once in the end.
func TestBusThatHangs(t *testing.T) {
	var proxy *bustest.Proxy
	r := newRig(t, func(r *rig) {
		proxy = bustest.NewProxy(r.t, r.nats.Addr())
		r.connect(proxy.URL())
	})
	proxy.Freeze()
	began := time.Now()
	if ack := r.must(message("a", 1)); !ack.Queued {
		t.Errorf("got %+v", ack)
	}
	if took := time.Since(began); took < patience {
		t.Errorf("took %s: the bus had no time to answer", took)
	}
	if ack := r.must(message("a", 2)); !ack.Queued {
		t.Errorf("got %+v", ack)
	}
	proxy.Thaw()
	r.drained()
	if got := fmt.Sprint(r.ids()); got != "[a-1 a-2]" {
		t.Errorf("on the bus: %s", got)
	}
}

// TestPoison: what the bus refuses for good is set aside, and the rest goes on.
func TestPoison(t *testing.T) {
	r := newRig(t)
	js := admin(t, r.nats)
	stream, err := js.Stream(t.Context(), "MEETBUS")
	if err != nil {
		t.Fatal(err)
	}
	c := stream.CachedInfo().Config
	c.MaxMsgSize = 1000
	if _, err := js.UpdateStream(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	r.nats.Stop()
	r.must(message("a", 1))
	big := message("a", 2)
	big.Data = make([]byte, 5000)
	r.must(big)
	r.must(message("a", 3))
	r.nats.Restart()
	r.drained()
	if got := fmt.Sprint(r.ids()); got != "[a-1 a-3]" {
		t.Errorf("on the bus: %s", got)
	}
	if s := r.status(); s.Parked != 1 {
		t.Errorf("status is %+v", s)
	}
	huge := message("a", 4)
	huge.Data = make([]byte, 2<<20)
	r.nats.Stop()
	if _, err := r.publish(huge); !errors.Is(err, bus.ErrTooLarge) {
		t.Errorf("larger than the bus is known to take: %v", err)
	}
	r.box.Close()
	copied := filepath.Join(t.TempDir(), "outbox")
	if err := os.CopyFS(copied, os.DirFS(r.o.Dir)); err != nil {
		t.Fatal(err)
	}
	looksAt(t, copied, big)
}

// looksAt does what the runbook says of parked events: any NATS server shows them in a copy of the store.
func looksAt(t *testing.T, copied string, parked bus.Message) {
	t.Helper()
	stream, err := admin(t, bustest.Server(t, func(o *server.Options) { o.StoreDir = copied })).Stream(t.Context(), "OUTBOX_PARKED")
	if err != nil {
		t.Fatal(err)
	}
	m, err := stream.GetMsg(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"Meetbus-Stream": parked.Stream, "Meetbus-Subject": parked.Subject, "Meetbus-Id": parked.ID} {
		if got := m.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if m.Header.Get("Meetbus-Reason") == "" || !bytes.Equal(m.Data, parked.Data) {
		t.Errorf("it was parked for %q, with %d bytes", m.Header.Get("Meetbus-Reason"), len(m.Data))
	}
}

// TestLongKeys: a meeting's id of any length is no reason not to store an event, nor not to set it aside; and events of one such
// meeting keep their order.
func TestLongKeys(t *testing.T) {
	r := newRig(t)
	r.limit(1000)
	r.nats.Stop()
	long := func(n int, size int) bus.Message {
		m := message("a", n)
		m.Key = strings.Repeat("k", 70_000)
		m.Data = append(m.Data, make([]byte, size)...)
		return m
	}
	r.must(long(1, 5000))
	for n := 2; n < 6; n++ {
		r.must(long(n, 0))
	}
	r.nats.Restart()
	r.drained()
	if got := fmt.Sprint(r.ids()); got != "[a-2 a-3 a-4 a-5]" {
		t.Errorf("on the bus: %s", got)
	}
	if s := r.status(); s.Parked != 1 {
		t.Errorf("status is %+v", s)
	}
}

// TestLargeHeaders: with headers that the bus takes and the store does not, an event is not refused for good.
func TestLargeHeaders(t *testing.T) {
	r := newRig(t)
	m := message("a", 1)
	m.Header["ce-subject"] = []string{strings.Repeat("s", 64_000)}
	r.nats.Stop()
	if _, err := r.publish(m); !errors.Is(err, bus.ErrUnavailable) {
		t.Errorf("while the bus is away: %v", err)
	}
	r.nats.Restart()
	r.drained()
	if ack := r.must(m); ack.Queued {
		t.Errorf("when it is back: %+v", ack)
	}
}

// TestPoisonAnew: what was set aside is tried again at each start, and never lost when it is refused again.
func TestPoisonAnew(t *testing.T) {
	r := newRig(t)
	r.limit(1000)
	r.nats.Stop()
	for n := range 3 {
		big := message("a", n)
		big.Data = make([]byte, 5000)
		r.must(big)
	}
	r.nats.Restart()
	for range 3 {
		r.drained()
		if s := r.status(); s.Parked != 3 || len(r.ids()) != 0 {
			t.Fatalf("status is %+v, on the bus: %v", s, r.ids())
		}
		r.box.Close()
		r.open()
	}
	r.drained()
	r.box.Close()
	r.limit(-1)
	r.open()
	r.must(message("a", 3))
	r.drained()
	if got := fmt.Sprint(r.ids()); got != "[a-0 a-1 a-2 a-3]" {
		t.Errorf("on the bus: %s", got)
	}
	if s := r.status(); s.Parked != 0 {
		t.Errorf("status is %+v", s)
	}
}

// TestPoisonOfLargerLimits: an event that waits is set aside, too, if the limits are smaller than it when the relay starts again.
func TestPoisonOfLargerLimits(t *testing.T) {
	r := newRig(t)
	r.limit(100 << 10)
	r.nats.Stop()
	big := message("a", 1)
	big.Data = make([]byte, 800<<10)
	r.must(big)
	r.must(message("a", 2))
	r.box.Close()
	r.o.MaxPayload = 64 << 10
	r.open()
	r.nats.Restart()
	r.drained()
	if s := r.status(); s.Parked != 1 || fmt.Sprint(r.ids()) != "[a-2]" {
		t.Errorf("status is %+v, on the bus: %v", s, r.ids())
	}
}

// limit bounds the messages of the stream.
func (r *rig) limit(size int32) {
	r.t.Helper()
	js := admin(r.t, r.nats)
	stream, err := js.Stream(r.t.Context(), "MEETBUS")
	if err != nil {
		r.t.Fatal(err)
	}
	c := stream.CachedInfo().Config
	c.MaxMsgSize = size
	if _, err := js.UpdateStream(r.t.Context(), c); err != nil {
		r.t.Fatal(err)
	}
}

// TestSentBefore: the bus remembers ids for its window only. What was sent and not answered longer ago is looked for.
func TestSentBefore(t *testing.T) {
	r := newRig(t, func(r *rig) { r.stream.DuplicateWindow = 100 * time.Millisecond })
	known, unknown := message("a", 1), message("b", 1)
	if _, err := r.bus.Publish(t.Context(), known); err != nil { // its answer was lost, say
		t.Fatal(err)
	}
	r.nats.Stop()
	for _, m := range []bus.Message{known, unknown} {
		ctx, cancel := context.WithTimeout(t.Context(), wait)
		defer cancel()
		if _, err := r.box.put(ctx, m, true); err != nil {
			t.Fatal(err)
		}
	}
	r.must(message("b", 2))
	time.Sleep(300 * time.Millisecond)
	r.nats.Restart()
	r.drained()
	if got := fmt.Sprint(r.ids()); got != "[a-1 b-1 b-2]" {
		t.Errorf("on the bus: %s", got)
	}
}

// TestSentBeforeARestart: after a restart nobody knows what was sent, as far as one batch goes.
func TestSentBeforeARestart(t *testing.T) {
	r := newRig(t, func(r *rig) { r.stream.DuplicateWindow = 100 * time.Millisecond })
	r.must(message("z", 0))
	r.nats.Stop()
	r.must(message("a", 1))
	r.must(message("b", 1))
	r.box.Close()
	r.nats.Restart()
	waitReady(t, r.bus)
	if _, err := r.bus.Publish(t.Context(), message("a", 1)); err != nil { // sent before the relay was killed, say
		t.Fatal(err)
	}
	time.Sleep(300 * time.Millisecond)
	r.open()
	r.drained()
	if got := fmt.Sprint(r.ids()); got != "[z-0 a-1 b-1]" {
		t.Errorf("on the bus: %s", got)
	}
}

// TestFull: what does not fit is refused, and what was accepted is kept.
func TestFull(t *testing.T) {
	r := newRig(t, func(r *rig) { r.o.MaxBytes = 1 << 20 })
	r.nats.Stop()
	accepted := 0
	for n := range 100 {
		m := message("a", n)
		m.Data = make([]byte, 50_000)
		_, err := r.publish(m)
		if errors.Is(err, bus.ErrFull) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		accepted++
	}
	if accepted < 10 || accepted > 21 {
		t.Errorf("%d of 50 kB fit into 1 MiB", accepted)
	}
	if err := r.box.Ready(); !errors.Is(err, bus.ErrFull) {
		t.Errorf("ready says %v", err)
	}
	r.nats.Restart()
	r.drained()
	if got := len(r.ids()); got != accepted {
		t.Errorf("%d on the bus, %d accepted", got, accepted)
	}
	if err := r.box.Ready(); err != nil {
		t.Errorf("ready says %v", err)
	}
}

// TestBusThatIsFull: the sender waits for it, not the outbox.
func TestBusThatIsFull(t *testing.T) {
	r := newRig(t, func(r *rig) { r.stream.MaxBytes = 4096 })
	var err error
	n := 0
	for ; err == nil && n < 100; n++ {
		_, err = r.publish(message("a", n))
	}
	if !errors.Is(err, bus.ErrFull) {
		t.Fatalf("after %d: %v", n, err)
	}
	if s := r.status(); s.Waiting != 0 {
		t.Errorf("waiting: %+v", s)
	}
}

// TestBusThatIsFullWhenItIsBack: what waits goes on waiting, and nothing more is taken.
func TestBusThatIsFullWhenItIsBack(t *testing.T) {
	r := newRig(t, func(r *rig) { r.stream.MaxBytes = 4096 })
	r.nats.Stop()
	for n := range 100 {
		r.must(message("a", n))
	}
	r.nats.Restart()
	for end := time.Now().Add(wait); ; time.Sleep(10 * time.Millisecond) {
		if _, err := r.publish(message("b", 1)); errors.Is(err, bus.ErrFull) {
			break
		}
		if time.Now().After(end) {
			t.Fatal("a full bus is not noticed")
		}
	}
	if err := r.box.Ready(); !errors.Is(err, bus.ErrFull) {
		t.Errorf("ready says %v", err)
	}
	js := admin(t, r.nats)
	stream, err := js.Stream(t.Context(), "MEETBUS")
	if err != nil {
		t.Fatal(err)
	}
	c := stream.CachedInfo().Config
	c.MaxBytes = -1
	if _, err := js.UpdateStream(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	r.drained()
	for n, id := range r.ids()[:100] {
		if id != fmt.Sprint("a-", n) {
			t.Fatalf("place %d has %s", n, id)
		}
	}
}

// TestUnfitBus: nothing is kept for a bus that has never been fit, and that people must mend.
func TestUnfitBus(t *testing.T) {
	n := bustest.Server(t)
	r := &rig{t: t, nats: n}
	memory(t, n)
	b, err := bus.Connect(bus.Options{Server: bus.Server{URL: n.URL()}, Streams: []bus.Stream{{Name: "MEETBUS", Subjects: []string{"meeting.*"}}}, Log: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	<-b.Faults()
	r.o = Options{Dir: t.TempDir(), MaxBytes: 1 << 20, MaxPayload: 1 << 20, Window: time.Hour, Bus: b}
	r.open()
	defer r.box.Close()
	if _, err := r.publish(message("a", 1)); !errors.Is(err, bus.ErrUnavailable) || !strings.Contains(err.Error(), "memory") {
		t.Errorf("got %v", err)
	}
	if err := r.box.Ready(); err == nil {
		t.Error("ready")
	}
}

// TestStartWithoutTheBus: a relay that starts while the server is away takes messages at once.
func TestStartWithoutTheBus(t *testing.T) {
	n := bustest.Server(t)
	n.Stop()
	r := &rig{t: t, nats: n}
	b, err := bus.Connect(bus.Options{Server: bus.Server{URL: n.URL()}, Streams: []bus.Stream{{Name: "MEETBUS", Subjects: []string{"meeting.*"}, Manage: true, DuplicateWindow: time.Hour}}, Log: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	r.bus = b
	r.o = Options{Dir: t.TempDir(), MaxBytes: 1 << 20, MaxPayload: 1 << 20, Window: time.Hour, Bus: b}
	r.open()
	defer r.box.Close()
	if ack := r.must(message("a", 1)); !ack.Queued {
		t.Errorf("got %+v", ack)
	}
	n.Restart()
	r.drained()
	if got := fmt.Sprint(r.ids()); got != "[a-1]" {
		t.Errorf("on the bus: %s", got)
	}
}

func waitReady(t *testing.T, b *bus.Bus) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), wait)
	defer cancel()
	if err := b.WaitReady(ctx); err != nil {
		t.Fatal(err)
	}
}

// TestSentBeforeParked: what the bus may have is looked for in it, too, when it was parked since and is tried anew.
func TestSentBeforeParked(t *testing.T) {
	r := newRig(t)
	big := message("a", 1)
	big.Data = make([]byte, 5000)
	if _, err := r.bus.Publish(t.Context(), big); err != nil { // its answer was lost, say
		t.Fatal(err)
	}
	r.limit(1000)
	r.nats.Stop()
	ctx, cancel := context.WithTimeout(t.Context(), wait)
	defer cancel()
	if _, err := r.box.put(ctx, big, true); err != nil {
		t.Fatal(err)
	}
	r.nats.Restart()
	r.drained()
	if s := r.status(); s.Parked != 1 {
		t.Fatalf("status is %+v", s)
	}
	r.box.Close()
	r.forget()
	r.limit(-1)
	r.open()
	r.drained()
	if got := fmt.Sprint(r.ids()); got != "[a-1]" || r.status().Parked != 0 {
		t.Errorf("on the bus: %s, status is %+v", got, r.status())
	}
}

// forget makes the window of the stream so short that it is over.
func (r *rig) forget() {
	r.t.Helper()
	const window = 100 * time.Millisecond
	stream, err := admin(r.t, r.nats).Stream(r.t.Context(), "MEETBUS")
	if err != nil {
		r.t.Fatal(err)
	}
	c := stream.CachedInfo().Config
	c.Duplicates = window
	if _, err := admin(r.t, r.nats).UpdateStream(r.t.Context(), c); err != nil {
		r.t.Fatal(err)
	}
	r.bus.Close()
	r.stream.DuplicateWindow = window
	r.connect(r.nats.URL())
	time.Sleep(3 * window)
}
