package keys

import (
	"context"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"time"

	"go.uber.org/zap"
)

// pause is the least time between the beginnings of two fetches, so that forged signatures cannot make us hammer a
// provider's key server, and the time after which a failed one is repeated.
const pause = time.Minute

var (
	errHeldBack = errors.New("the last fetch began less than a minute ago")
	errStopped  = errors.New("fetching has been stopped")
)

// flight is one fetch, shared by all who wait for it.
type flight struct {
	begun bool // guarded by the ring's mu
	done  chan struct{}
	err   error // to be read after done
}

// Run fetches the document now, unless the copy on disk is young enough, and whenever it is due or Verify asks for it, until
// ctx ends; it returns when the fetch under way, if any, has been given up. A ring without URL returns at once. A ring is
// run once.
func (r *Ring) Run(ctx context.Context) {
	if r.url == nil {
		return
	}
	for ctx.Err() == nil {
		if f := r.begin(); f != nil {
			r.fly(ctx, f)
			continue
		}
		timer := time.NewTimer(r.untilDue())
		select {
		case <-ctx.Done():
		case <-r.asked:
		case <-timer.C:
		}
		timer.Stop()
	}
	r.abandon()
}

// await waits for a fetch: the one that is asked for or under way, else a new one if a minute has passed since the last.
func (r *Ring) await(ctx context.Context) error {
	f := r.board()
	if f == nil {
		return errHeldBack
	}
	select {
	case <-f.done:
		return f.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (r *Ring) board() *flight {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.flight == nil && r.now().Sub(r.attempted) >= pause {
		r.flight = &flight{done: make(chan struct{})}
		select {
		case r.asked <- struct{}{}:
		default:
		}
	}
	return r.flight
}

// begin returns the flight that is to be flown now, or nil.
func (r *Ring) begin() *flight {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	if r.flight == nil {
		if now.Before(r.due()) {
			return nil
		}
		r.flight = &flight{done: make(chan struct{})}
	}
	if r.flight.begun {
		return nil // by another Run, which a ring should not have
	}
	r.flight.begun = true
	r.begun++
	r.attempted = now
	return r.flight
}

func (r *Ring) untilDue() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.due().Sub(r.now())
}

// due returns when the next fetch is to begin if nobody asks for it. Its caller holds mu.
func (r *Ring) due() time.Time {
	again := r.attempted.Add(pause)
	if r.failed {
		return again
	}
	if stale := r.known.fetched.Add(r.source.Refresh); stale.After(again) {
		return stale
	}
	return again
}

func (r *Ring) fly(ctx context.Context, f *flight) {
	public, err := r.fetch(ctx)
	replaced := r.land(f, public, err)
	if err == nil || ctx.Err() == nil {
		r.report(public, replaced, err)
	}
	close(f.done)
	if err == nil {
		r.save()
	}
}

func (r *Ring) land(f *flight, public []*rsa.PublicKey, err error) (replaced []*rsa.PublicKey) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.flight = nil
	r.failed = err != nil
	f.err = err
	if err == nil {
		var keys []key
		keys, replaced = r.known.replacedBy(public, r.now())
		r.known = known{keys: keys, fetched: r.attempted, flight: r.begun}
	}
	return replaced
}

// abandon ends the waiting of those who have asked for a flight that will not be flown any more.
func (r *Ring) abandon() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.flight != nil && !r.flight.begun {
		r.flight.err = errStopped
		close(r.flight.done)
		r.flight = nil
	}
}

func (r *Ring) report(public, replaced []*rsa.PublicKey, err error) {
	if r.refreshed != nil {
		r.refreshed(r.source.Provider, err)
	}
	if err != nil {
		r.warnOfFailure(err)
		return
	}
	for _, old := range replaced {
		r.log.Info("key replaced",
			zap.String("key", fingerprint(old)), zap.Strings("by", fingerprints(public)), zap.Duration("still_valid_for", grace))
	}
}

func (r *Ring) warnOfFailure(err error) {
	age, fetched := r.Age()
	switch {
	case !fetched:
		r.log.Warn("keys not fetched, and there are no earlier ones", zap.Error(err))
	case age > r.source.Refresh:
		r.log.Warn("keys not fetched, stale ones stay in use", zap.Duration("age", age), zap.Error(err))
	default:
		r.log.Warn("keys not fetched, the present ones stay in use", zap.Duration("age", age), zap.Error(err))
	}
}

// fingerprint is what a log line names a key by: 16 hex digits of the SHA-256 of its SPKI form.
func fingerprint(key *rsa.PublicKey) string {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return "unknown"
	}
	sum := sha256.Sum256(der)
	return hex.EncodeToString(sum[:8])
}

func fingerprints(keys []*rsa.PublicKey) []string {
	var prints []string
	for _, key := range keys {
		prints = append(prints, fingerprint(key))
	}
	return prints
}
