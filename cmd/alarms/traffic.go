package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

const (
	// pace is the time between two webhooks.
	pace = 500 * time.Millisecond
	// heldBack is how long a slow sender holds back the end of a body: longer than the relay should take, and less than it waits.
	heldBack = 1800 * time.Millisecond
)

// traffic is a provider that sends webhooks to one relay, in one manner at a time. Answers do not matter to it.
type traffic struct {
	url    string
	key    *rsa.PrivateKey
	client *http.Client
	manner atomic.Pointer[manner]
	sent   atomic.Int64
	end    context.CancelFunc
	done   chan struct{}
}

// manner is how a provider behaves; the zero manner is a good one.
type manner struct {
	// silent sends nothing.
	silent bool
	// forged signs with a key that is not the provider's.
	forged bool
	// slow holds back the end of the body.
	slow bool
	// body makes the body of the n-th webhook; nil: that of good.
	body func(n int64) string
}

func newTraffic(url string, key *rsa.PrivateKey, client *http.Client) *traffic {
	t := &traffic{url: url, key: key, client: client}
	t.behave(manner{})
	return t
}

func (t *traffic) behave(m manner) { t.manner.Store(&m) }

// start sends until stop.
func (t *traffic) start(ctx context.Context) {
	ctx, t.end = context.WithCancel(ctx)
	t.done = make(chan struct{})
	go func() {
		defer close(t.done)
		for sleep(ctx, pace) {
			if m := t.manner.Load(); !m.silent {
				_ = t.send(ctx, *m)
			}
		}
	}()
}

func (t *traffic) stop() {
	if t.end != nil {
		t.end()
		<-t.done
	}
}

// send sends one webhook as Dyte does.
func (t *traffic) send(ctx context.Context, m manner) error {
	n := t.sent.Add(1)
	make := m.body
	if make == nil {
		make = good
	}
	body, key := []byte(make(n)), t.key
	if m.forged {
		var err error
		if key, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
			return err
		}
	}
	digest := sha256.Sum256(body)
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest[:])
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, t.url, paced(body, m.slow))
	if err != nil {
		return err
	}
	request.ContentLength = int64(len(body))
	for name, value := range map[string]string{
		"dyte-uuid": fmt.Sprint("delivery-", n), "dyte-webhook-id": "reg-0001", "content-type": "application/json",
		"dyte-signature": base64.StdEncoding.EncodeToString(signature),
	} {
		request.Header.Set(name, value)
	}
	answer, err := t.client.Do(request)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, answer.Body)
	_ = answer.Body.Close()
	return err
}

// paced is a body that comes at once, or whose last byte comes late.
func paced(body []byte, slow bool) io.Reader {
	if !slow {
		return bytes.NewReader(body)
	}
	last := len(body) - 1
	return io.MultiReader(bytes.NewReader(body[:last]), &late{at: time.Now().Add(heldBack), rest: bytes.NewReader(body[last:])})
}

type late struct {
	at   time.Time
	rest io.Reader
}

func (l *late) Read(p []byte) (int, error) {
	time.Sleep(time.Until(l.at))
	return l.rest.Read(p)
}

// good is somebody who joins a meeting.
func good(n int64) string { return joined(n, fmt.Sprint("s-", n%8), "") }

// large is the same with as much as a title of that many bytes.
func large(size int) func(n int64) string {
	return func(n int64) string { return joined(n, fmt.Sprint("s-", n%8), strings.Repeat("x", size)) }
}

// withoutSession names no session, which a rule may ask for.
func withoutSession(n int64) string { return joined(n, "", "") }

// notJSON is signed and cannot be understood.
func notJSON(n int64) string { return fmt.Sprintf(`{"event": %d`, n) }

func joined(n int64, session, title string) string {
	if session != "" {
		session = fmt.Sprintf(`,"sessionId":%q`, session)
	}
	return fmt.Sprintf(`{"event":"meeting.participantJoined","meeting":{"id":"m-%d","title":%q%s},"participant":{"peerId":"p-%d","userDisplayName":"Ada"}}`,
		n%8, title, session, n)
}
