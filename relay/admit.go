package relay

import (
	"errors"
	"sync/atomic"
)

// errOverloaded comes when the webhooks under way already take all the memory that they may.
var errOverloaded = errors.New("too many webhooks are under way")

const (
	// workMax is the memory for all webhooks under way, in bytes: thousands of usual ones, or nearly 200 of the largest.
	workMax = 64 << 20
	// workEach is what each takes, in bytes: it has room for the first of its body, firstRead.
	workEach = 8 << 10
	// growthShare is the part of workMax that only the first of a body may have: what large ones do not leave is none for small ones.
	growthShare = 4
)

// load is the memory that one webhook has taken. It grows with what arrives, and not with what somebody says will.
type load struct {
	work  *budget
	taken int64
}

// admit bounds the work under way, before anything of it is read. The caller must call leave when the webhook is answered.
func (r *Relay) admit() (load, error) {
	if !r.work.take(workEach, r.work.most) {
		return load{}, errOverloaded
	}
	return load{&r.work, workEach}, nil
}

// grow takes n bytes more.
func (l *load) grow(n int64) error {
	if !l.work.take(n, l.work.most-l.work.most/growthShare) {
		return errOverloaded
	}
	l.taken += n
	return nil
}

func (l *load) leave() { l.work.give(l.taken) }

// budget is an amount that several goroutines share.
type budget struct {
	most int64
	used atomic.Int64
}

// take takes n, and reports whether no more than most is taken then; if not, it takes nothing.
func (b *budget) take(n, most int64) bool {
	if b.used.Add(n) > most {
		b.used.Add(-n)
		return false
	}
	return true
}

func (b *budget) give(n int64) { b.used.Add(-n) }
