package keys

import (
	"cmp"
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"go.uber.org/zap"
)

var (
	// ErrSignature is the answer when every key that is valid now is known, and none of them made the signature.
	ErrSignature = errors.New("signature does not verify")
	// ErrUnavailable is the answer when nobody can tell: a newer key may exist, and could not be fetched now. What Verify
	// returns wraps it, with the reason.
	ErrUnavailable = errors.New("no key that verifies, and no newer one can be had now")
	// ErrDoubtful is an ErrUnavailable where the newest document was fetched less than a minute ago: a signature that is hardly the
	// provider's, unless it has changed its key since.
	ErrDoubtful = fmt.Errorf("%w: %w", ErrUnavailable, errHeldBack)
)

const (
	defaultRefresh = time.Hour
	// grace is how long a replaced key stays valid: webhooks that it signed may still be on their way or be sent again.
	grace = time.Hour
)

// Source is where the keys of a ring come from: a URL, a file, or both.
type Source struct {
	// Provider labels metrics and log lines.
	Provider string
	// URL of a key document: https, or http on a loopback address.
	URL string
	// File with a key document, read when the ring is made and when it is told to.
	File string
	// Refresh is how old a fetched document may be before it is fetched again. 0 means one hour.
	Refresh time.Duration
}

// Options are what a ring needs beside its source.
type Options struct {
	// Dir is the folder for copies of fetched documents. Empty: none are kept. It is made (0700) when the first one is.
	Dir string
	// Borrowed says that the copies are another process's: they are read, and none is written.
	Borrowed bool
	// Log gets a line when a fetch fails and when a key is replaced. Nil: nothing is logged.
	Log *zap.Logger
	// Now is the clock. Nil: time.Now.
	Now func() time.Time
	// Refreshed, if set, is called after every fetch: with nil, or with why it failed. A fetch that the end of Run has cut
	// short does not count. It is called in the goroutine of Run, and holds up those who wait for the fetch.
	Refreshed func(provider string, err error)
}

// Ring holds the keys of one source. All methods may be called by several goroutines at once. Endpoints with the same URL
// should share one ring, since the limit of one fetch a minute is the ring's.
type Ring struct {
	source    Source
	url       *url.URL // nil: the keys are the file's only
	shown     string   // url without what may be secret in it
	dir       string
	borrowed  bool
	log       *zap.Logger
	now       func() time.Time
	refreshed func(provider string, err error)
	client    *http.Client
	asked     chan struct{}

	mu        sync.Mutex
	file      known
	known     known
	flight    *flight   // asked for or under way
	begun     int       // flights so far, the one under way included
	attempted time.Time // when the last of them began
	failed    bool      // and how it ended
}

// key is a public key and the end of its time; the zero time for a key that has not been replaced.
type key struct {
	public *rsa.PublicKey
	until  time.Time
}

// known is what the newest document has left us with. It is replaced as a whole, never changed.
type known struct {
	keys    []key
	fetched time.Time // when its fetch began; zero: there was none yet
	flight  int       // the number of the flight that brought it; 0: an earlier process fetched it
}

// New returns the ring of a source, with the keys of its file and of its copy on disk. It fails if the source names neither
// URL nor file, the URL is not allowed, or the file cannot be read or holds no key. It fetches nothing yet: Run does.
func New(s Source, o Options) (*Ring, error) {
	r := &Ring{
		source:    s,
		dir:       o.Dir,
		borrowed:  o.Borrowed,
		log:       o.Log,
		now:       o.Now,
		refreshed: o.Refreshed,
		asked:     make(chan struct{}, 1),
	}
	r.source.Refresh = cmp.Or(s.Refresh, defaultRefresh)
	if r.log == nil {
		r.log = zap.NewNop()
	}
	if r.now == nil {
		r.now = time.Now
	}
	if err := r.open(); err != nil {
		return nil, fmt.Errorf("keys of %s: %w", s.Provider, err)
	}
	return r, nil
}

func (r *Ring) open() error {
	if r.source.URL == "" && r.source.File == "" {
		return errors.New("neither a URL nor a file to take them from")
	}
	if r.source.Refresh < 0 {
		return errors.New("the time between two fetches is negative")
	}
	if r.source.File != "" {
		public, err := readFile(r.source.File)
		if err != nil {
			return err
		}
		r.file.keys = served(public)
	}
	if r.source.URL == "" {
		return nil
	}
	u, err := parseURL(r.source.URL)
	if err != nil {
		return err
	}
	r.url, r.shown, r.client = u, withoutSecrets(u), newClient()
	r.log = r.log.With(zap.String("provider", r.source.Provider), zap.String("url", r.shown))
	r.known = r.load()
	return nil
}

// Verify returns nil if a key that is valid now made signature (RSASSA-PKCS1-v1_5 with SHA-256) over a body with this
// digest. Where none did, it waits for a document whose fetch began after arrived, and tries that too: ErrSignature means
// that it did not verify either, or that the keys are files only; ErrUnavailable that no such document can be had, because
// another fetch began less than a minute ago, the fetch failed, or ctx has ended. A fetch that is under way is waited for
// even if it began too early: its keys may verify, but cannot condemn.
//
// The fetch is Run's, and goes on when ctx ends. While Run does not run, a signature that no key made waits until ctx ends.
func (r *Ring) Verify(ctx context.Context, digest [sha256.Size]byte, signature []byte, arrived time.Time) error {
	before, begun := r.look()
	if r.made(before, digest, signature) {
		return nil
	}
	if r.url == nil || before.covers(arrived, begun) {
		return ErrSignature
	}
	err := r.await(ctx)
	after, _ := r.look()
	switch {
	case after.flight == before.flight && errors.Is(err, errHeldBack) && after.flight > 0 && !r.Failing():
		return ErrDoubtful
	case after.flight == before.flight:
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	case r.made(after, digest, signature):
		return nil
	case after.covers(arrived, begun):
		return ErrSignature
	}
	return ErrDoubtful
}

// Fetches reports whether the keys come from a URL, among other places perhaps.
func (r *Ring) Fetches() bool { return r.url != nil }

// Knows reports whether a key that is valid now made signature over a body with this digest. It waits for nothing and fetches
// nothing: where several rings may have the key, ask each of them first, and Verify only if none knows it.
func (r *Ring) Knows(digest [sha256.Size]byte, signature []byte) bool {
	k, _ := r.look()
	return r.made(k, digest, signature)
}

// Failing reports whether the last fetch has failed.
func (r *Ring) Failing() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
}

// Age returns how long ago the fetch of the newest document began, also by an earlier process; false: never, or no URL.
func (r *Ring) Age() (time.Duration, bool) {
	k, _ := r.look()
	if k.fetched.IsZero() {
		return 0, false
	}
	return max(0, r.now().Sub(k.fetched)), true
}

func (r *Ring) look() (k known, begun int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.known, r.begun
}

func (r *Ring) made(k known, digest [sha256.Size]byte, signature []byte) bool {
	now := r.now()
	for _, keys := range [...][]key{r.fromFile(), k.keys} {
		for _, key := range keys {
			if key.valid(now) && rsa.VerifyPKCS1v15(key.public, crypto.SHA256, digest[:], signature) == nil {
				return true
			}
		}
	}
	return false
}

// ReadFile reads the ring's file again, if it has one. Keys that are no longer in it stay valid for an hour, as others do that are
// replaced; on an error, all stay as they were.
func (r *Ring) ReadFile() error {
	if r.source.File == "" {
		return nil
	}
	public, err := readFile(r.source.File)
	if err != nil {
		return fmt.Errorf("keys of %s: %w", r.source.Provider, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.file.keys, _ = r.file.replacedBy(public, r.now())
	return nil
}

func (r *Ring) fromFile() []key {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.file.keys
}

func (k key) valid(now time.Time) bool { return k.until.IsZero() || now.Before(k.until) }

// covers reports whether the fetch of this document began after a webhook arrived: because it came after the flights that
// had begun when the ring was asked, which no clock can deny, or else by the clock. What an earlier process fetched, by
// another reading of the clock, never does.
func (k known) covers(arrived time.Time, begun int) bool {
	return k.flight > begun || k.flight > 0 && k.fetched.After(arrived)
}

// served returns the keys of a document that holds now.
func served(public []*rsa.PublicKey) []key {
	keys := make([]key, len(public))
	for i, p := range public {
		keys[i] = key{public: p}
	}
	return keys
}

// replacedBy returns the keys that are valid once a document has come with these, and those that are replaced thereby.
func (k known) replacedBy(public []*rsa.PublicKey, now time.Time) (keys []key, replaced []*rsa.PublicKey) {
	keys = served(public)
	for _, old := range k.keys {
		if !old.valid(now) || contains(public, old.public) {
			continue
		}
		if old.until.IsZero() {
			old.until = now.Add(grace)
			replaced = append(replaced, old.public)
		}
		keys = append(keys, old)
	}
	return keys, replaced
}
