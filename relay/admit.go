package relay

import (
	"errors"
	"net/http"
	"sync/atomic"
)

// errOverloaded comes when the webhooks under way already take all the memory that they may.
var errOverloaded = errors.New("too many webhooks are under way")

const (
	// workMax is the memory for all webhooks under way, in bytes: thousands of usual ones, or 256 of the largest.
	workMax = 64 << 20
	// workEach is what a webhook takes beside its body, in bytes.
	workEach = 8 << 10
)

// admit bounds the work under way, before anything of it is read. The caller must call leave when the webhook is answered.
func (r *Relay) admit(q *http.Request) (leave func(), err error) {
	size := r.maxBody
	if q.ContentLength >= 0 {
		size = min(q.ContentLength, r.maxBody)
	}
	if !r.work.take(size + workEach) {
		return nil, errOverloaded
	}
	return func() { r.work.give(size + workEach) }, nil
}

// budget is an amount that several goroutines share.
type budget struct {
	most int64
	used atomic.Int64
}

// take reports whether n is still to be had, and takes it.
func (b *budget) take(n int64) bool {
	if b.used.Add(n) > b.most {
		b.used.Add(-n)
		return false
	}
	return true
}

func (b *budget) give(n int64) { b.used.Add(-n) }
