package relay

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/relay/route"
)

// Foresight is what would become of a webhook.
type Foresight struct {
	// Status of the answer; where it is not 200, Why says why.
	Status int
	Why    string
	// Reason is set where it would become a dead letter, and Why says more.
	Reason string
	// Event and Decision are set where it would be an event; of a dead letter, Decision has the subject.
	Event    *normalize.Event
	Decision route.Decision
	// Header and Data are the message for the bus; empty if the event is dropped.
	Header map[string][]string
	Data   []byte
}

// Foresee says what would become of a webhook that came to an endpoint now, signed as its provider signs where the endpoint
// verifies. It takes the steps that take does, but for the signature, and stores nothing: the relay needs neither bus nor keys.
func (r *Relay) Foresee(endpoint *Endpoint, h http.Header, body []byte) (Foresight, error) {
	a := &arrival{endpoint: endpoint, header: h, body: body, at: time.Now()}
	provider, err := r.apparent(context.Background(), a)
	if err != nil {
		return r.unforeseen(&normalize.Webhook{Verified: endpoint.Verify}, err), nil
	}
	w := r.webhook(a, provider)
	e, err := normalize.Normalize(w)
	if err != nil {
		return r.unforeseen(w, err), nil
	}
	if err := accept(endpoint, e); err != nil {
		return Foresight{Status: explain(err).Status, Why: err.Error()}, nil
	}
	f := Foresight{Status: http.StatusOK, Event: e, Decision: r.rules.Load().Route(&e.Event)}
	if !f.Decision.Drop {
		f.Header, f.Data, err = r.envelope.Seal(&e.Event)
	}
	return f, err
}

// unforeseen is for what cannot become an event.
func (r *Relay) unforeseen(w *normalize.Webhook, err error) Foresight {
	if !w.Verified {
		return Foresight{Status: explain(fmt.Errorf("%w: %w", errUnintelligible, err)).Status, Why: err.Error()}
	}
	return Foresight{
		Status: http.StatusOK, Reason: reason(err), Why: err.Error(),
		Decision: route.Decision{Subject: r.rules.Load().DeadLetter(cmp.Or(w.Provider.Name, "*")), Rule: -1},
	}
}
