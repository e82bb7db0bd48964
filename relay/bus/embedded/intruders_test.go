package embedded

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/meetbus/meetbus/relay/bus"
)

// settle is how long an effect may take that must not come: a consumer's heartbeat, an empty message that would pass for an
// acknowledgement or a request, comes every 100 ms at the soonest.
const settle = 150 * time.Millisecond

// targets are where an intruder would like answers and deliveries to go: they would be stored, obeyed or believed there.
var targets = []string{
	"meeting.ended",
	"meetbus.unmapped.dyte.x",
	"meetbus.deadletter.dyte",
	"$JS.API.STREAM.PURGE.MEETBUS",
	"$JS.API.STREAM.DELETE.MEETBUS",
	"$JS.API.STREAM.UPDATE.MEETBUS",
	"$JS.API.STREAM.MSG.DELETE.MEETBUS",
	"$JS.API.STREAM.PURGE.MEETBUS_DEADLETTER",
	"$JS.API.STREAM.DELETE.MEETBUS_DEADLETTER",
	"$JS.API.CONSUMER.DELETE.MEETBUS_DEADLETTER.retry",
	"$JS.ACK.MEETBUS_DEADLETTER.retry.1.1.1.1.0",
	"$JS.ACK.MEETBUS.worker.1.1.1.1.0",
	"_PORTER.$JS.API.STREAM.MSG.GET.MEETBUS",
	"_PORTER.$JS.API.CONSUMER.CREATE.MEETBUS",
	"_NOWHERE",
	"_RELAY.x",
	"_INBOX",
	"_INBOX.>",
	"_INBOX.a.*",
	"_INBOXES.a",
	"_R_.x",
	"$SYS.REQ.SERVER.PING",
}

// house is a server with its relay, a dead letter and one who takes it, one who listens, and an intruder.
type house struct {
	*testing.T
	kind
	server   *Server
	relay    *bus.Bus
	admin    jetstream.JetStream
	heard    *nats.Subscription
	intruder *nats.Conn
	// events counts what the relay published.
	events int
}

// eachHouse runs a test with a house of each kind.
func eachHouse(t *testing.T, test func(*house)) {
	eachKind(t, func(t *testing.T, k kind) { test(newHouse(t, k)) })
}

func newHouse(t *testing.T, k kind) *house {
	s := k.start(t)
	h := &house{T: t, kind: k, server: s, relay: connect(t, s)}
	nc, err := nats.Connect(s.URL(), append(k.as(t, relayUser, s.Relay().Password), nats.CustomInboxPrefix("_ADMIN"))...)
	must(t, err)
	t.Cleanup(nc.Close)
	h.admin, err = jetstream.New(nc)
	must(t, err)
	for stream, durable := range map[string]string{letters.Name: "retry", events.Name: "worker"} {
		_, err := h.admin.CreateConsumer(t.Context(), stream,
			jetstream.ConsumerConfig{Durable: durable, AckPolicy: jetstream.AckExplicitPolicy})
		must(t, err)
	}
	publish(t, h.relay, letters.Name, "meetbus.deadletter.dyte", "letter")
	h.publish()
	listener := k.guest(t, s)
	h.heard, err = listener.SubscribeSync(">")
	must(t, err)
	must(t, listener.Flush())
	h.intruder = k.guest(t, s)
	return h
}

// publish has the relay publish an event, which every consumer delivers.
func (h *house) publish() {
	h.events++
	publish(h.T, h.relay, events.Name, "meeting.started", fmt.Sprint("event-", h.events))
}

// contents are all that an intruder could have changed: configurations, messages, and what waits for whom.
func (h *house) contents() string {
	var b strings.Builder
	for name := range h.admin.StreamNames(h.Context()).Name() {
		s, err := h.admin.Stream(h.Context(), name)
		must(h.T, err)
		info := s.CachedInfo()
		config, err := json.Marshal(info.Config)
		must(h.T, err)
		fmt.Fprintf(&b, "%s %s created %s, %d to %d\n", name, config, info.Created, info.State.FirstSeq, info.State.LastSeq)
		for sequence := info.State.FirstSeq; sequence <= info.State.LastSeq; sequence++ {
			m, err := s.GetMsg(h.Context(), sequence)
			must(h.T, err)
			fmt.Fprintf(&b, "%d %s %v %s\n", m.Sequence, m.Subject, m.Header, m.Data)
		}
	}
	retry, err := h.admin.Consumer(h.Context(), letters.Name, "retry")
	must(h.T, err)
	state := retry.CachedInfo()
	fmt.Fprintf(&b, "retry: pending %d, acknowledged %d\n", state.NumPending+uint64(state.NumAckPending), state.AckFloor.Stream)
	return b.String()
}

// endure checks that nothing that the intruder does between two events changes a stream, or is heard as an event.
func (h *house) endure(trick func()) {
	h.Helper()
	h.publish()
	before := h.contents()
	h.listen()
	trick()
	must(h.T, h.intruder.Flush())
	time.Sleep(settle)
	if after := h.contents(); after != before {
		h.Errorf("streams were changed. Before:\n%sAfter:\n%s", before, after)
	}
	if got := h.listen(); got != "" {
		h.Errorf("guests heard %s", got)
	}
	h.publish()
	want := fmt.Sprint("meeting.started event-", h.events)
	if got := h.listen(); got != want {
		h.Errorf("guests heard %q of one event, want %q", got, want)
	}
}

// listen gives what guests heard that they could take for an event.
func (h *house) listen() string {
	time.Sleep(settle / 5)
	var got []string
	for {
		m, err := h.heard.NextMsg(time.Millisecond)
		if errors.Is(err, nats.ErrTimeout) {
			return strings.Join(got, ", ")
		}
		must(h.T, err)
		if !strings.HasPrefix(m.Subject, inboxes) {
			got = append(got, m.Subject+" "+m.Header.Get("Nats-Msg-Id"))
		}
	}
}

// say publishes as the intruder, and expects that the connection survives it.
func (h *house) say(subject, reply, body string) {
	h.Helper()
	must(h.T, h.intruder.PublishMsg(&nats.Msg{Subject: subject, Reply: reply, Data: []byte(body)}))
}

func TestIntrudersCannotPublish(t *testing.T) { eachHouse(t, (*house).cannotPublish) }

func (h *house) cannotPublish() {
	h.endure(func() {
		for _, subject := range targets {
			h.say(subject, "", `{}`)
			h.say(subject, "", ``)
			h.say(subject, "_INBOX.a", `{"seq":1}`)
		}
	})
}

func TestIntrudersCannotChangeStreams(t *testing.T) { eachHouse(t, (*house).cannotChangeStreams) }

func (h *house) cannotChangeStreams() {
	h.endure(func() {
		for _, stream := range []string{"MEETBUS", "MEETBUS_DEADLETTER", "NEW"} {
			config := fmt.Sprintf(`{"name":%q,"subjects":["new.>"],"storage":"file","retention":"limits","max_msgs":1}`, stream)
			for _, request := range []struct{ subject, body string }{
				{"STREAM.CREATE." + stream, config},
				{"STREAM.UPDATE." + stream, config},
				{"STREAM.PURGE." + stream, ""},
				{"STREAM.DELETE." + stream, ""},
				{"STREAM.MSG.DELETE." + stream, `{"seq":1}`},
				{"STREAM.SNAPSHOT." + stream, `{"deliver_subject":"meetbus.deadletter.dyte"}`},
				{"STREAM.RESTORE." + stream, config},
				{"STREAM.LEADER.STEPDOWN." + stream, ""},
				{"STREAM.PEER.REMOVE." + stream, `{"peer":"meetbus"}`},
				{"CONSUMER.LEADER.STEPDOWN." + stream + ".worker", ""},
				{"ACCOUNT.PURGE.RELAY", ""},
				{"SERVER.REMOVE", `{"peer":"meetbus"}`},
				{"META.LEADER.STEPDOWN", ""},
			} {
				h.say("$JS.API."+request.subject, "_INBOX.a", request.body)
				h.say("_PORTER.$JS.API."+request.subject, "_INBOX.a", request.body)
			}
		}
	})
}

// Answers must reach no subject that means something.
func TestIntrudersCannotChooseReplies(t *testing.T) { eachHouse(t, (*house).cannotChooseReplies) }

func (h *house) cannotChooseReplies() {
	h.endure(func() {
		for _, reply := range targets {
			for _, request := range []struct{ subject, body string }{
				{"$JS.API.INFO", ""},
				{"$JS.API.STREAM.NAMES", ""},
				{"$JS.API.STREAM.INFO.MEETBUS", ""},
				{"$JS.API.STREAM.MSG.GET.MEETBUS", `{"seq":1}`},
				{"$JS.API.DIRECT.GET.MEETBUS", `{"seq":1}`},
				{"$JS.API.DIRECT.GET.MEETBUS", `{"seq":1,"batch":10}`},
				{"$JS.API.DIRECT.GET.MEETBUS.meeting.started", ``},
				{"$JS.API.CONSUMER.INFO.MEETBUS.worker", ""},
				{"$JS.API.CONSUMER.MSG.NEXT.MEETBUS.worker", `{"batch":1,"no_wait":true}`},
				{"$JS.API.CONSUMER.MSG.NEXT.MEETBUS.worker", `{"batch":1,"expires":1000000000,"idle_heartbeat":100000000}`},
				{"$JS.API.CONSUMER.MSG.NEXT.MEETBUS.worker", `nonsense`},
				{"$JS.API.CONSUMER.CREATE.MEETBUS", `{"stream_name":"MEETBUS","config":{"durable_name":"x"}}`},
				{"$JS.API.CONSUMER.CREATE.MEETBUS", `nonsense`},
				{"$JS.ACK.MEETBUS.worker.1.1.1.1.0", "+NXT"},
				{"$JS.ACK.MEETBUS.worker.1.1.1.1.0", ""},
				{"$JS.FC.MEETBUS.worker.x", ""},
			} {
				h.say(request.subject, reply, request.body)
				h.say("_PORTER."+request.subject, reply, request.body)
			}
		}
	})
}

// creations make a consumer by name (2) that delivers to a subject (1), in all the ways that JSON can be read.
var creations = []string{
	`{"stream_name":"MEETBUS","config":{"name":"%[2]s","deliver_subject":%[1]q,"ack_policy":"none"}}`,
	`{"stream_name":"MEETBUS","config":{"name":"%[2]s","deliver_subject":%[1]q,"ack_policy":"none","flow_control":true,"idle_heartbeat":100000000}}`,
	`{"stream_name":"MEETBUS","config":{"name":"%[2]s","deliver_subject":"_INBOX.a","deliver_subject":%[1]q}}`,
	`{"stream_name":"MEETBUS","config":{"name":"%[2]s","deliver_subject":%[1]q,"deliver_subject":"_INBOX.a"}}`,
	`{"stream_name":"MEETBUS","config":{"name":"%[2]s","deliver_subject":%[1]q},"config":{"ack_policy":"none"}}`,
	`{"stream_name":"MEETBUS","config":{"name":"%[2]s","Deliver_Subject":%[1]q}}`,
	`{"stream_name":"MEETBUS","config":{"name":"%[2]s"},"CONFIG":{"DELIVER_SUBJECT":%[1]q}}`,
	`{"stream_name":"MEETBUS","config":{"name":"%[2]s","deliver_subject":"_INBOX.a\r\nPUB x 0\r\n","direct":true}}`,
	`{"stream_name":"MEETBUS","config":{"durable_name":"worker","name":"worker","deliver_subject":%[1]q}}`,
}

// Neither must what a consumer delivers.
func TestIntrudersCannotChooseDeliverSubjects(t *testing.T) {
	eachKind(t, intrudersCannotChooseDeliverSubjects)
}

func intrudersCannotChooseDeliverSubjects(t *testing.T, k kind) {
	for _, target := range targets {
		t.Run(target, func(t *testing.T) {
			h := newHouse(t, k)
			h.endure(func() {
				for i, body := range creations {
					name := fmt.Sprint("c", i)
					h.say("$JS.API.CONSUMER.CREATE.MEETBUS", "_INBOX.a", fmt.Sprintf(body, target, ""))
					h.say("$JS.API.CONSUMER.CREATE.MEETBUS."+name, "_INBOX.a", fmt.Sprintf(body, target, name))
					h.say("_PORTER.$JS.API.CONSUMER.CREATE.MEETBUS."+name, "_INBOX.a", fmt.Sprintf(body, target, name))
					h.say("$JS.API.CONSUMER.CREATE.MEETBUS."+name+".meeting.started", "_INBOX.a", fmt.Sprintf(body, target, name))
					h.say("$JS.API.CONSUMER.DURABLE.CREATE.MEETBUS."+name, "_INBOX.a",
						strings.Replace(fmt.Sprintf(body, target, name), `"name"`, `"durable_name"`, 1))
				}
			})
			for c := range h.list() {
				if to := c.Config.DeliverSubject; to != "" && !strings.HasPrefix(to, "_INBOX.") {
					t.Errorf("consumer %s delivers to %s", c.Name, to)
				}
			}
		})
	}
}

func (h *house) list() <-chan *jetstream.ConsumerInfo {
	h.Helper()
	s, err := h.admin.Stream(h.Context(), events.Name)
	must(h.T, err)
	return s.ListConsumers(h.Context()).Info()
}

// A consumer that was made in good faith cannot be turned later.
func TestIntrudersCannotTurnConsumers(t *testing.T) { eachHouse(t, (*house).cannotTurnConsumers) }

func (h *house) cannotTurnConsumers() {
	h.endure(func() {
		for _, target := range targets {
			for _, to := range []string{"_INBOX.mine", target} {
				h.say("$JS.API.CONSUMER.CREATE.MEETBUS.turned", "_INBOX.a",
					fmt.Sprintf(`{"stream_name":"MEETBUS","config":{"name":"turned","deliver_subject":%q,"ack_policy":"none"}}`, to))
			}
		}
	})
}

// Headers by which the server sends more than an answer, or believes that somebody else asks.
func TestIntrudersCannotUseHeaders(t *testing.T) { eachHouse(t, (*house).cannotUseHeaders) }

func (h *house) cannotUseHeaders() {
	h.endure(func() {
		for _, target := range targets {
			for _, header := range []nats.Header{
				{"Nats-Trace-Dest": {target}},
				{"Nats-Trace-Dest": {target}, "Nats-Trace-Only": {"true"}},
				{"Nats-Request-Info": {`{"acc":"RELAY","svc":"RELAY","reply":"` + target + `"}`}},
				{"Nats-Stream-Source": {"MEETBUS"}, "Nats-Rollup": {"all"}, "Nats-Schedule-Target": {target}},
			} {
				must(h.T, h.intruder.PublishMsg(&nats.Msg{
					Subject: "$JS.API.STREAM.INFO.MEETBUS", Reply: "_INBOX.a", Header: header,
				}))
			}
		}
	})
}

func TestIntrudersCannotReadDeadLetters(t *testing.T) { eachHouse(t, (*house).cannotReadDeadLetters) }

func (h *house) cannotReadDeadLetters() {
	heard := make(chan *nats.Msg, 1000)
	for _, subject := range []string{">", "meetbus.deadletter.*", "meetbus.>", "_RELAY.>", "_ADMIN.>", "_INBOX.>"} {
		_, err := h.intruder.ChanSubscribe(subject, heard)
		must(h.T, err)
	}
	for _, letterbox := range []string{"MEETBUS_DEADLETTER", "*", ">"} {
		create := fmt.Sprintf(`{"stream_name":%q,"config":{"ack_policy":"none","deliver_subject":"_INBOX.x"}}`, letterbox)
		for _, request := range []struct{ subject, body string }{
			{"STREAM.MSG.GET." + letterbox, `{"seq":1}`},
			{"DIRECT.GET." + letterbox, `{"seq":1}`},
			{"DIRECT.GET." + letterbox + ".meetbus.deadletter.dyte", ``},
			{"DIRECT.GET.MEETBUS.meetbus.deadletter.dyte", ``},
			{"STREAM.MSG.GET.MEETBUS", `{"last_by_subj":"meetbus.deadletter.dyte"}`},
			{"STREAM.INFO." + letterbox, `{"subjects_filter":">"}`},
			{"CONSUMER.CREATE." + letterbox, create},
			{"CONSUMER.CREATE.MEETBUS", create},
			{"CONSUMER.DURABLE.CREATE." + letterbox + ".spy", create},
			{"CONSUMER.MSG.NEXT." + letterbox + ".retry", ``},
			{"CONSUMER.INFO." + letterbox + ".retry", ``},
			{"CONSUMER.DELETE." + letterbox + ".retry", ``},
		} {
			h.say("$JS.API."+request.subject, "_INBOX.a", request.body)
		}
	}
	h.say("$JS.API.CONSUMER.CREATE.MEETBUS", "_INBOX.a",
		`{"stream_name":"MEETBUS","config":{"deliver_subject":"_INBOX.x","ack_policy":"none","filter_subject":"meetbus.deadletter.dyte"}}`)
	must(h.T, h.intruder.Flush())
	publish(h.T, h.relay, letters.Name, "meetbus.deadletter.dyte", "second letter")
	h.publish()
	time.Sleep(settle)
	answers := 0
	for len(heard) > 0 {
		m := <-heard
		if strings.HasPrefix(m.Subject, "_INBOX.a") {
			answers++
		}
		if strings.HasPrefix(m.Subject, "_RELAY.") || strings.HasPrefix(m.Subject, "_ADMIN.") ||
			strings.HasPrefix(m.Subject, "meetbus.deadletter.") || strings.Contains(m.Header.Get("Nats-Msg-Id"), "letter") ||
			strings.Contains(string(m.Data), `"subject":"meetbus.deadletter`) {
			h.Errorf("intruder read %s %v %s", m.Subject, m.Header, m.Data)
		}
	}
	if answers == 0 {
		h.Error("no request was answered at all: this test sees nothing")
	}
}

func TestIntrudersCannotListenIn(t *testing.T) { eachHouse(t, (*house).cannotListenIn) }

func (h *house) cannotListenIn() {
	for _, subject := range []string{"$JS.>", "$JS.API.>", "$JS.ACK.>", "$SYS.>", "_PORTER.>", "_PORTER.$JS.API.INFO"} {
		h.Run(subject, func(t *testing.T) {
			nc := h.guest(t, h.server)
			sub, err := nc.SubscribeSync(subject)
			must(t, err)
			must(t, nc.Flush())
			if m, err := sub.NextMsg(settle); err == nil || !errors.Is(nc.LastError(), nats.ErrPermissionViolation) {
				t.Errorf("heard %v, %v; last error %v, want a permission violation", m, err, nc.LastError())
			}
		})
	}
	nc := h.guest(h.T, h.server)
	all, err := nc.SubscribeSync(">")
	must(h.T, err)
	must(h.T, nc.Flush())
	_, err = stream(h.T, h.guest(h.T, h.server)).Info(h.Context())
	must(h.T, err)
	for {
		m, err := all.NextMsg(settle)
		if errors.Is(err, nats.ErrTimeout) {
			return
		}
		must(h.T, err)
		if !strings.HasPrefix(m.Subject, inboxes) {
			h.Errorf("intruder heard %s", m.Subject)
		}
	}
}

// Whatever a guest sends, the server gets a consumer that delivers to an inbox, or none.
func FuzzCreation(f *testing.F) {
	for _, body := range creations {
		for _, target := range append([]string{"_INBOX.a"}, targets...) {
			f.Add(fmt.Appendf(nil, body, target, "name"))
		}
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		data, refused := creation(body)
		if refused != nil {
			return
		}
		for name, options := range map[string]func(*json.Decoder){
			"lenient": func(*json.Decoder) {}, "strict": (*json.Decoder).DisallowUnknownFields,
		} {
			var request server.CreateConsumerRequest
			decoder := json.NewDecoder(bytes.NewReader(data))
			options(decoder)
			if err := decoder.Decode(&request); err != nil {
				t.Fatalf("%s: %v: %s", name, err, data)
			}
			if to := request.Config.DeliverSubject; to != "" && !isInbox(to) {
				t.Errorf("%s: %s delivers to %q", name, body, to)
			}
		}
	})
}
