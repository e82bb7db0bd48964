package bus_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/meetbus/meetbus/relay/bus"
	"github.com/meetbus/meetbus/relay/bus/bustest"
)

// A sender whose time is up while others go on sending costs them nothing: what he sent has left, and the connection is kept.
func TestLateSendersDoNotEndABusyConnection(t *testing.T) {
	core, logs := observer.New(zap.InfoLevel)
	b := connect(t, bus.Options{Server: bus.Server{URL: bustest.Server(t).URL()}, Streams: []bus.Stream{events}, Log: zap.New(core)})
	waitReady(t, b)
	var late, sent atomic.Int64
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var senders sync.WaitGroup
	for range 40 {
		senders.Go(func() {
			for late.Load() < 20 && ctx.Err() == nil {
				m := message(int(sent.Add(1)))
				m.Data = make([]byte, 10<<10)
				if sent.Load()%10 == 0 {
					m.By = time.Now().Add(300 * time.Microsecond)
				}
				if _, err := b.Publish(ctx, m); err != nil {
					late.Add(1)
				}
			}
		})
	}
	senders.Wait()
	if late.Load() < 20 {
		t.Fatalf("only %d of %d were late", late.Load(), sent.Load())
	}
	if lost := logs.FilterMessage("bus is unavailable"); lost.Len() > 0 {
		t.Errorf("the connection was lost: %s", fmt.Sprint(lost.All()[0].ContextMap()))
	}
}
