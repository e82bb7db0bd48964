package main

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/meetbus/meetbus/docs/recipes/recipetest"
	"github.com/meetbus/meetbus/relay/bus/bustest"
	"github.com/meetbus/meetbus/schemas"
)

func queued(t *testing.T, js jetstream.JetStream) uint64 {
	t.Helper()
	s, err := js.Stream(t.Context(), "RECORDINGS")
	if err != nil {
		t.Fatal(err)
	}
	return s.CachedInfo().State.Msgs
}

// work does so many events.
func work(t *testing.T, c jetstream.Consumer, count int) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), recipetest.Patience)
	defer stop()
	Work(ctx, c, func(context.Context, schemas.Event) error {
		if count--; count == 0 {
			stop()
		}
		return nil
	})
	if count > 0 {
		t.Fatalf("%d events are not done", count)
	}
	idle(t, c)
}

// What is done is no longer in the queue. The relay's stream still has it.
func TestDoneIsGone(t *testing.T) {
	js := recipetest.Connect(t, bustest.Server(t).URL())
	stream := recipetest.Stream(t, js)
	consumer, err := Queue(t.Context(), js, patience)
	if err != nil {
		t.Fatal(err)
	}
	recipetest.Publish(t, js, events(t, 5)...)
	recipetest.Until(t, "all work is in the queue", func() bool { return queued(t, js) == 5 })
	work(t, consumer, 5)
	recipetest.Until(t, "the queue is empty", func() bool { return queued(t, js) == 0 })
	if info, err := stream.Info(t.Context()); err != nil || info.State.Msgs != 5 {
		t.Errorf("%v: %d events in the relay's stream, want 5", err, info.State.Msgs)
	}
}

// A retry that comes after the relay's own window is stored there again; the queue's window is longer.
func TestWindow(t *testing.T) {
	js := recipetest.Connect(t, bustest.Server(t).URL())
	stream := recipetest.Stream(t, js)
	if _, err := Queue(t.Context(), js, patience); err != nil {
		t.Fatal(err)
	}
	all := events(t, 2)
	for _, e := range append(all, all[0]) {
		m := recipetest.Message(t, e)
		m.Header.Set("Nats-Msg-Id", e.Source+"#"+e.ID)
		if _, err := js.PublishMsg(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * recipetest.Window)
	}
	if info, err := stream.Info(t.Context()); err != nil || info.State.Msgs != 3 {
		t.Fatalf("%v: %d events in the relay's stream, want 3", err, info.State.Msgs)
	}
	recipetest.Publish(t, js, events(t, 3)[2]) // when this is in the queue, so would be what was before it
	recipetest.Until(t, "the last event is in the queue", func() bool {
		s, err := js.Stream(t.Context(), "RECORDINGS")
		if err != nil {
			return false
		}
		m, err := s.GetLastMsgForSubject(t.Context(), schemas.TypeRecordingUpdate)
		return err == nil && m.Header.Get("Nats-Msg-Id") == ""
	})
	if n := queued(t, js); n != 3 {
		t.Errorf("%d events in the queue, want 3", n)
	}
}

// What a work queue refuses.
func TestRefused(t *testing.T) {
	js := recipetest.Connect(t, bustest.Server(t).URL())
	recipetest.Stream(t, js)
	if _, err := Queue(t.Context(), js, patience); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		config jetstream.ConsumerConfig
		code   jetstream.ErrorCode
	}{
		"acknowledging all before": {jetstream.ConsumerConfig{Durable: "all", AckPolicy: jetstream.AckAllPolicy}, 10098},
		"a second consumer":        {jetstream.ConsumerConfig{Durable: "second", AckPolicy: jetstream.AckExplicitPolicy}, 10099},
	} {
		_, err := js.CreateConsumer(t.Context(), "RECORDINGS", c.config)
		if refused := (*jetstream.APIError)(nil); !errors.As(err, &refused) || refused.ErrorCode != c.code {
			t.Errorf("%s: %v, want error %d", name, err, c.code)
		}
	}
}

// The server is killed with an empty queue: what was done does not come back, and what is new comes.
func TestServerDies(t *testing.T) {
	listen := recipetest.FreeAddress(t)
	server := recipetest.Start(t, recipetest.Listens(listen), nil, recipetest.Build(t, recipetest.NATSServer),
		"-js", "-sd", filepath.Join(t.TempDir(), "js"), "-a", "127.0.0.1", "-p", recipetest.Port(listen))
	js := recipetest.Connect(t, "nats://"+listen)
	recipetest.Stream(t, js)
	consumer, err := Queue(t.Context(), js, patience)
	if err != nil {
		t.Fatal(err)
	}
	recipetest.Publish(t, js, events(t, 5)...)
	work(t, consumer, 5)
	server.Kill()
	server.Again()
	recipetest.Until(t, "connected again", func() bool { _, err := js.AccountInfo(t.Context()); return err == nil })
	recipetest.Publish(t, js, events(t, 6)[5])
	recipetest.Until(t, "the new event is in the queue", func() bool { return queued(t, js) > 0 })
	time.Sleep(time.Second) // in which others would come
	if n := queued(t, js); n != 1 {
		t.Errorf("%d events in the queue, want the new one", n)
	}
}
