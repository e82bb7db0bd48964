package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/meetbus/meetbus/docs/recipes/recipetest"
	"github.com/meetbus/meetbus/relay/bus/bustest"
	"github.com/meetbus/meetbus/schemas"
)

// patience is short here, so that the dead are found out soon.
const patience = time.Second

// kinds are the two recipes, which are one to Work.
var kinds = map[string]func(context.Context, jetstream.JetStream, time.Duration) (jetstream.Consumer, error){
	"shared": Shared, "queue": Queue,
}

// TestMain is also a worker, which a test can kill: it writes down what it has done.
func TestMain(m *testing.M) {
	if kind := os.Getenv("WORKERS_KIND"); kind != "" {
		if err := worker(kind, os.Getenv("WORKERS_NATS"), os.Getenv("WORKERS_DONE")); err != nil {
			fmt.Println(err)
		}
		os.Exit(1)
	}
	os.Exit(recipetest.Main(m))
}

func worker(kind, url, file string) error {
	done, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	js, err := recipetest.Dial(url)
	if err != nil {
		return err
	}
	consumer, err := kinds[kind](context.Background(), js, patience)
	if err != nil {
		return err
	}
	Work(context.Background(), consumer, func(_ context.Context, e schemas.Event) error {
		time.Sleep(time.Duration(rand.IntN(40)) * time.Millisecond)
		_, err := fmt.Fprintf(done, "%d %s\n", os.Getpid(), e.ID)
		return err
	})
	return nil
}

// ready is a webhook about the nth recording.
func ready(n int) string {
	return fmt.Sprintf(`{"event":"recording.statusUpdate","meeting":{"id":"m"},"recording":{"id":"r-%d","status":"UPLOADED"}}`, n)
}

// events are about so many recordings. Their ids are given here, since it is a delivery id that makes them else.
func events(t *testing.T, count int) (all []schemas.Event) {
	t.Helper()
	for n := range count {
		e := recipetest.Event(t, "dyte", ready(n), time.Now())
		e.ID = fmt.Sprintf("e-%d", n)
		all = append(all, e)
	}
	return all
}

// idle waits until nothing waits for a consumer, or for its acknowledgement.
func idle(t *testing.T, c jetstream.Consumer) {
	t.Helper()
	recipetest.Until(t, "all work is done", func() bool {
		info, err := c.Info(t.Context())
		return err == nil && info.NumPending == 0 && info.NumAckPending == 0
	})
}

// Workers are killed in the midst of it, and others take over: everything is done, and at most one event twice for each kill.
func TestWorkersDie(t *testing.T) {
	for kind, of := range kinds {
		t.Run(kind, func(t *testing.T) {
			const count, workers, kills = 400, 4, 8
			server, file := bustest.Server(t), filepath.Join(t.TempDir(), "done")
			js := recipetest.Connect(t, server.URL())
			recipetest.Stream(t, js)
			consumer, err := of(t.Context(), js, patience)
			if err != nil {
				t.Fatal(err)
			}
			var running []*recipetest.Process
			for range workers {
				running = append(running, recipetest.Start(t, nil,
					[]string{"WORKERS_KIND=" + kind, "WORKERS_NATS=" + server.URL(), "WORKERS_DONE=" + file}, os.Args[0]))
			}
			recipetest.Publish(t, js, events(t, count)...)
			for n := range kills {
				enough := (n + 1) * count / (kills + 2)
				recipetest.Until(t, "some work is done", func() bool { return len(lines(t, file)) >= enough })
				running[n%workers].Kill()
				running[n%workers].Again()
			}
			idle(t, consumer)

			done, times, who := lines(t, file), map[string]int{}, map[string]bool{}
			for _, line := range done {
				pid, id, _ := strings.Cut(line, " ")
				times[id]++
				who[pid] = true
			}
			if len(times) != count || len(done) > count+kills {
				t.Errorf("%d of %d events are done, in %d goes, want at most %d", len(times), count, len(done), count+kills)
			}
			if len(who) < workers {
				t.Errorf("only %d processes have worked", len(who))
			}
			t.Logf("%d events done in %d goes by %d processes", len(times), len(done), len(who))
		})
	}
}

func lines(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return strings.FieldsFunc(string(text), func(r rune) bool { return r == '\n' })
}

// Work that takes longer than patience is not given to another, as long as its worker lives; and who is at work holds up nobody.
func TestLongWork(t *testing.T) {
	for kind, of := range kinds {
		t.Run(kind, func(t *testing.T) {
			const count = 20
			js := recipetest.Connect(t, bustest.Server(t).URL())
			recipetest.Stream(t, js)
			consumer, err := of(t.Context(), js, patience)
			if err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithTimeout(t.Context(), recipetest.Patience)
			defer stop()
			did, others := make(chan string, 2*count), make(chan struct{}, 2*count)
			var begun atomic.Int64
			do := func(ctx context.Context, e schemas.Event) error {
				if e.ID == "e-0" {
					begun.Add(1)
					time.Sleep(3 * patience)
					for range count - 1 {
						select {
						case <-others:
						case <-ctx.Done():
							return ctx.Err()
						}
					}
				}
				did <- e.ID
				others <- struct{}{}
				return nil
			}
			var workers sync.WaitGroup
			for range 2 {
				workers.Go(func() { Work(ctx, consumer, do) })
			}
			recipetest.Publish(t, js, events(t, count)...)
			recipetest.Until(t, "all events are done", func() bool { return len(did) >= count })
			idle(t, consumer)
			stop()
			workers.Wait()
			if len(did) != count || begun.Load() != 1 {
				t.Errorf("%d events are done and the long one begun %d times, want %d and 1", len(did), begun.Load(), count)
			}
		})
	}
}

// A worker that is done at once has the next event at once, each time. (With Messages and PullMaxMessages(1), nats.go 1.55.0 asks for
// nothing now and then, and waits for half a minute.)
func TestNoPause(t *testing.T) {
	const count = 3000
	js := recipetest.Connect(t, bustest.Server(t).URL())
	recipetest.Stream(t, js)
	consumer, err := Shared(t.Context(), js, patience)
	if err != nil {
		t.Fatal(err)
	}
	recipetest.Publish(t, js, events(t, count)...)
	ctx, stop := context.WithTimeout(t.Context(), recipetest.Patience)
	defer stop()
	n, last, longest := 0, time.Now(), time.Duration(0)
	Work(ctx, consumer, func(context.Context, schemas.Event) error {
		longest, last = max(longest, time.Since(last)), time.Now()
		if n++; n == count {
			stop()
		}
		return nil
	})
	if n < count || longest > 10*time.Second {
		t.Errorf("%d of %d events are done, with a pause of %s", n, count, longest)
	}
}

// What fails comes again, to whoever is free; what nobody can read does not.
func TestFailure(t *testing.T) {
	for kind, of := range kinds {
		t.Run(kind, func(t *testing.T) {
			js := recipetest.Connect(t, bustest.Server(t).URL())
			recipetest.Stream(t, js)
			consumer, err := of(t.Context(), js, patience)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := js.Publish(t.Context(), schemas.TypeRecordingUpdate, []byte("no event")); err != nil {
				t.Fatal(err)
			}
			recipetest.Publish(t, js, events(t, 2)...)
			ctx, stop := context.WithTimeout(t.Context(), recipetest.Patience)
			defer stop()
			var order []string
			Work(ctx, consumer, func(_ context.Context, e schemas.Event) error {
				order = append(order, e.ID)
				if len(order) == 1 {
					return errors.New("not now")
				}
				if len(order) == 3 {
					stop()
				}
				return nil
			})
			idle(t, consumer)
			if want := "e-0 e-1 e-0"; strings.Join(order, " ") != want {
				t.Errorf("done in the order %v, want %s", order, want)
			}
		})
	}
}

// The program, at a real relay, whose server inside lets nobody make a stream.
func TestProgram(t *testing.T) {
	relay := recipetest.StartRelay(t, "", "endpoints: [ { provider: dyte, verify: none } ]")
	shown := recipetest.Program(t, func(ctx context.Context, w io.Writer) error { return run(ctx, relay.NATS, false, w) })
	for n := range 3 {
		relay.Send(t, "dyte", ready(n))
	}
	recipetest.Until(t, "three lines", func() bool { return len(shown.Lines()) == 3 })
	if got, want := shown.Lines()[2], `recording "r-2" of meeting "m" is ready`; got != want {
		t.Errorf("it shows %s, want %s", got, want)
	}
	ctx, stop := context.WithTimeout(t.Context(), 3*time.Second)
	defer stop()
	if err := run(ctx, relay.NATS, true, io.Discard); err == nil {
		t.Error("a guest has made a stream")
	}
}
