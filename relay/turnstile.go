package relay

import "time"

const (
	// abreast is how many webhooks are made into events and stored at once. The bus is not faster with more of them under way, and
	// each has its parsed body, its event and a deep stack; those that wait have little more than their bytes.
	abreast = 256
	// largeBody is the size of the largest usual body, in bytes, and largeAbreast how many larger ones may be among those abreast: a
	// body of nothing but names takes a dozen times its bytes when it is read.
	largeBody, largeAbreast = 16 << 10, 16
	// turnMax is how long a webhook waits for its turn, and turnShare the part of the time that it has left. If it takes longer, those
	// before it wait for a bus that is away, and it may well be the outbox that takes what comes now.
	turnMax   = 500 * time.Millisecond
	turnShare = 4
)

// turnstile lets so many webhooks pass at once; of usual ones more, rather than hold one up for long.
type turnstile struct{ all, large gate }

func newTurnstile() turnstile { return turnstile{make(gate, abreast), make(gate, largeAbreast)} }

// pass returns when it is the turn of a webhook with a body of so many bytes. By is when it must be stored. The caller must call leave
// when it is, or has failed. Only for a large one there may be no turn.
func (t turnstile) pass(size int, by time.Time) (leave func(), err error) {
	if size <= largeBody {
		return t.all.enter(by), nil
	}
	if !t.large.open(by) {
		return nil, errOverloaded
	}
	leaveAll := t.all.enter(by)
	return func() { leaveAll(); t.large.leave() }, nil
}

// gate has a place for each that is inside.
type gate chan struct{}

// open reports whether there was a place while one who must be stored at a time can wait.
func (g gate) open(by time.Time) bool {
	select {
	case g <- struct{}{}:
		return true
	default:
	}
	late := time.NewTimer(min(turnMax, time.Until(by)/turnShare))
	defer late.Stop()
	select {
	case g <- struct{}{}:
		return true
	case <-late.C:
		return false
	}
}

// enter returns when there is a place, or no time to wait for one.
func (g gate) enter(by time.Time) (leave func()) {
	if g.open(by) {
		return g.leave
	}
	return func() {}
}

func (g gate) leave() { <-g }
