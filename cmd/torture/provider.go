package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
)

// How Dyte sends: it waits 3 s for an answer, and sends up to five times again, a second later each time.
const (
	patience = 3 * time.Second
	retries  = 5
	respite  = time.Second
)

// play sends the webhooks of all meetings until ctx ends. Those of one meeting are sent one after the other: the next when the one
// before it was taken, or given up.
func play(ctx context.Context, o options, url string, j *journal) *sync.WaitGroup {
	var players sync.WaitGroup
	client := &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: o.meetings}}
	for meeting := range o.meetings {
		players.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				e := &event{Marker: fmt.Sprintf("%d-%d", meeting, n), Meeting: meeting, N: n}
				e.deliver(ctx, client, url, body(e))
				j.add(e)
				select {
				case <-ctx.Done():
				case <-time.After(o.pace):
				}
			}
		})
	}
	return &players
}

// body is a webhook that occurs once: every other one says so itself, by a time, and the rest by their delivery id only.
func body(e *event) string {
	meeting := fmt.Sprintf(`"meeting":{"id":"t-%d","sessionId":"s-%d"}`, e.Meeting, e.Meeting)
	if e.N%2 == 0 {
		return fmt.Sprintf(`{"event":"meeting.participantJoined","torture":%q,%s,"participant":{"peerId":"p-%s","joinedAt":%q}}`,
			e.Marker, meeting, e.Marker, time.Now().UTC().Format("2006-01-02T15:04:05.000Z"))
	}
	return fmt.Sprintf(`{"event":"livestreaming.statusUpdate","torture":%q,%s,"streamId":"l-%d","status":"LIVE"}`, e.Marker, meeting, e.Meeting)
}

// deliver sends a webhook until it is taken, or given up. One whose sending has begun is sent to its end also after ctx.
func (e *event) deliver(ctx context.Context, client *http.Client, url, body string) {
	delivery := uuid.NewString()
	for i := range 1 + retries {
		if i > 0 {
			time.Sleep(respite)
		}
		a := send(client, url+"/webhooks/dyte", body, delivery)
		e.Attempts = append(e.Attempts, a)
		if e.Taken = a.Status == http.StatusOK; e.Taken {
			e.Relay = a.Relay
			return
		}
		if ctx.Err() != nil && i >= 1 {
			return
		}
	}
}

func send(client *http.Client, url, body, delivery string) (a attempt) {
	a.At = time.Now()
	defer func() { a.Took = time.Since(a.At) }()
	q, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		a.Error = err.Error()
		return a
	}
	q.Header.Set("dyte-uuid", delivery)
	r, err := client.Do(q)
	if err != nil {
		a.Error = err.Error()
		return a
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		a.Error = err.Error()
		return a
	}
	a.Status, a.Relay = r.StatusCode, r.Header.Get(relayHeader)
	var said struct{ Queued bool }
	if json.Unmarshal(text, &said) == nil {
		a.Queued = said.Queued
	}
	return a
}
