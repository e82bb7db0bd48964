package inspect

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// takenMax and refusedMax are how many are remembered. Anybody can be refused, often: that displaces none that were taken.
	takenMax   = 2000
	refusedMax = 500
	// batch is how many are read under one lock, so that no webhook waits for a reader.
	batch = 64
)

// Recent remembers what became of the last webhooks, in about 2 MB however many there are, and in 5 MB where all their texts are as
// long as can be. Its methods may be called by several goroutines at once.
type Recent struct {
	last atomic.Uint64

	mu             sync.Mutex
	taken, refused ring
	rates          rates
	// held counts those that are remembered, by the place of their outcome.
	held tally
}

// tally counts webhooks by the place of their outcome.
type tally [len(outcomes)]uint32

// NewRecent returns one that remembers nothing yet.
func NewRecent() *Recent {
	return &Recent{taken: ring{slots: make([]slot, takenMax)}, refused: ring{slots: make([]slot, refusedMax)}}
}

// Add remembers e, and numbers it. It keeps nothing of its texts that strangers choose but copies, and makes no garbage.
func (r *Recent) Add(e *Entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e.Number = r.last.Load() + 1
	to := &r.taken
	if e.Outcome.isRefused() {
		to = &r.refused
	}
	if displaced := to.next(); displaced.Number > 0 {
		r.held[displaced.Outcome.place()]--
	}
	r.held[e.Outcome.place()]++
	to.add(e)
	r.rates.count(e)
	r.last.Store(e.Number)
}

// holds counts those that are remembered, and says when the oldest of those that were taken was; zero if there is none.
func (r *Recent) holds() (held tally, since time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	oldest := r.taken.next()
	if oldest.Number == 0 {
		oldest = &r.taken.at(0).entry
	}
	return r.held, oldest.Time
}

// Last is the number of the last entry.
func (r *Recent) Last() uint64 { return r.last.Load() }

// Find returns the entry with a number, if it is still remembered.
func (r *Recent) Find(number uint64) (Entry, bool) {
	found := r.After(number-1, func(e *Entry) bool { return e.Number == number }, 1)
	if len(found) == 0 {
		return Entry{}, false
	}
	return found[0], true
}

// After returns the entries with a higher number that are wanted, the newest first, limit of them at most.
func (r *Recent) After(number uint64, wanted func(*Entry) bool, limit int) []Entry {
	all := append(r.read(&r.taken, number, wanted, limit), r.read(&r.refused, number, wanted, limit)...)
	slices.SortFunc(all, func(a, b Entry) int { return int(int64(b.Number - a.Number)) })
	return all[:min(len(all), limit)]
}

func (r *Recent) read(from *ring, number uint64, wanted func(*Entry) bool, limit int) (found []Entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	size := uint64(len(from.slots))
	for i, begun := from.added, from.added; i > 0 && from.added-i < size; i-- {
		if (begun-i)%batch == batch-1 {
			r.mu.Unlock()
			r.mu.Lock()
			if from.added-i >= size {
				break // displaced meanwhile
			}
		}
		e := from.at(i - 1).read()
		if e.Number <= number || len(found) == limit {
			break
		}
		if wanted(&e) {
			found = append(found, e)
		}
	}
	return found
}

// ring holds the last entries that were added to it.
type ring struct {
	slots []slot
	added uint64
}

func (r *ring) at(index uint64) *slot { return &r.slots[index%uint64(len(r.slots))] }

// next is the entry that makes way for the next one; its Number is 0 where there is room.
func (r *ring) next() *Entry { return &r.at(r.added).entry }

func (r *ring) add(e *Entry) {
	r.at(r.added).hold(e)
	r.added++
}
