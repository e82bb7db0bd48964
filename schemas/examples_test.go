package schemas_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/schemas"
)

// arrival is when every example has arrived.
var arrival = time.Date(2026, 6, 3, 10, 5, 1, 0, time.UTC)

// examples returns the data of one sample webhook of each type, and of a second one where the type has a status.
func examples(t *testing.T) map[string][]schemas.Data {
	t.Helper()
	all := make(map[string][]schemas.Event)
	for _, s := range normalize.Samples() {
		e := normalized(t, normalize.Webhook{Provider: s.Provider, Body: s.Body})
		all[e.Type] = append(all[e.Type], e)
	}
	chosen := map[string][]schemas.Data{
		schemas.SchemaUnmapped: {normalized(t, unmapped).Data},
		schemas.TypeDeadLetter: {dead().Data},
	}
	for name, events := range all {
		chosen[name] = choose(t, events)
	}
	return chosen
}

// choose returns the data of the first event, and of the one that says the most of those with another status.
func choose(t *testing.T, events []schemas.Event) []schemas.Data {
	t.Helper()
	chosen, most := []schemas.Data{events[0].Data}, 0
	for _, e := range events[1:] {
		if size := len(marshal(t, e.Data)); e.Status != events[0].Status && size > most {
			chosen, most = []schemas.Data{events[0].Data, e.Data}, size
		}
	}
	return chosen
}

func normalized(t *testing.T, w normalize.Webhook) schemas.Event {
	t.Helper()
	w.Received = arrival
	e, err := normalize.Normalize(&w)
	if err != nil {
		t.Fatal(err)
	}
	return e.Event
}

func TestSDKReadsEverySample(t *testing.T) {
	samples := normalize.Samples()
	if len(samples) < len(schemas.Catalogue()) {
		t.Fatalf("there are only %d samples", len(samples))
	}
	for _, s := range samples {
		t.Run(s.Provider.Name+"/"+s.Event+":"+s.Status, func(t *testing.T) {
			e := normalized(t, normalize.Webhook{Provider: s.Provider, Body: s.Body})
			header, data, err := schemas.Envelope{}.Seal(&e)
			if err != nil {
				t.Fatal(err)
			}
			got := open(t, header, data)
			checkAttributes(t, got, e)
			doc, _ := schemas.Schema(e.Type)
			if err := validate(t, compile(t, e.Type, doc), got.Data()); err != nil {
				t.Errorf("%v in %s", err, got.Data())
			}
		})
	}
}

var unmapped = normalize.Webhook{
	Provider: normalize.Dyte,
	Body: []byte(`{"event":"meeting.pollClosed","meeting":{"id":"bbb3fe5d-2a84-4d39-a1b3-0c2a8e6f5d11",` +
		`"sessionId":"5b0d9f6e-71c4-4f0b-9a35-e5a1c8d7b242","title":"Weekly planning"},"poll":{"question":"Lunch at noon?"}}`),
}

func dead() *normalize.Event {
	w := normalize.Webhook{
		Provider: normalize.Dyte,
		Endpoint: "dyte",
		Verified: true,
		Received: arrival,
		Header: http.Header{
			"Content-Type": {"application/json"},
			"Dyte-Uuid":    {"591edf0b-6a0e-4a52-8d3f-7d5c3c1f0a97"},
			"X-Request-Id": {"not shown"},
		},
		Body: []byte(`{"meeting":{"id":"bbb3fe5d-2a84-4d39-a1b3-0c2a8e6f5d11"}}`),
	}
	_, err := normalize.Normalize(&w)
	return normalize.DeadLetter(&w, "", normalize.ReasonNoEvent, err.Error())
}
