package relay

import "time"

const (
	// abreast is how many webhooks are made into events and stored at once. The bus is not faster with more of them under way, and
	// each has its parsed body, its event and a deep stack; those that wait have little more than their bytes.
	abreast = 256
	// turnMax is how long a webhook waits for its turn, and turnShare the part of the time that it has left. If it takes longer, those
	// before it wait for a bus that is away, and it may well be the outbox that takes what comes now.
	turnMax   = 500 * time.Millisecond
	turnShare = 4
)

// turnstile lets so many webhooks pass at once; more of them, rather than hold one up for long.
type turnstile chan struct{}

func newTurnstile() turnstile { return make(turnstile, abreast) }

// pass returns when it is the caller's turn, who must call leave when the webhook is stored or has failed. By is when it must be.
func (t turnstile) pass(by time.Time) (leave func()) {
	select {
	case t <- struct{}{}:
		return t.leave
	default:
	}
	late := time.NewTimer(min(turnMax, time.Until(by)/turnShare))
	defer late.Stop()
	select {
	case t <- struct{}{}:
		return t.leave
	case <-late.C:
		return func() {}
	}
}

func (t turnstile) leave() { <-t }
