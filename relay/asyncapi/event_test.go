package asyncapi_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/relay/asyncapi"
	"github.com/meetbus/meetbus/schemas"
)

// TestEverySample goes the way of a webhook, and is found and valid by nothing but the document: a channel whose address is the
// subject has a message of its type, and its headers and its payload are as that says.
func TestEverySample(t *testing.T) {
	for name, described := range descriptions(t) {
		t.Run(name, func(t *testing.T) {
			d := made(t, described)
			seen, dropped := map[string]bool{}, 0
			for _, w := range webhooks(described) {
				e, err := normalize.Normalize(w)
				if err != nil {
					t.Fatal(err)
				}
				decision := described.Table.Route(&e.Event)
				if decision.Drop {
					dropped++
					continue
				}
				seen[messageOf(e.Type)] = true
				d.holds(described, e, decision.Subject)
			}
			for typ := range d.at("#/components/messages") {
				if !seen[typ] && typ != schemas.TypeDeadLetter {
					t.Errorf("no sample has become %s", typ)
				}
			}
			if (dropped > 0) != (name == "rules") {
				t.Errorf("%d samples were dropped", dropped)
			}
		})
	}
}

// TestDeadLetter is in structured mode always.
func TestDeadLetter(t *testing.T) {
	for name, described := range descriptions(t) {
		if described.DeadLetters == "" {
			if made(t, described).at("#/components/messages/"+schemas.TypeDeadLetter) != nil {
				t.Errorf("%s: dead letters are described, and nobody can read them", name)
			}
			continue
		}
		w := webhooks(described)[0]
		w.Body = []byte("hello")
		e := normalize.DeadLetter(w, "", normalize.ReasonNotJSON, "no JSON")
		made(t, described).holds(described, e, described.Table.DeadLetter("dyte"))
	}
}

// TestWhatCannotBeIsNotSaid: attributes that a type never has, what a setting leaves out, and what it alone brings.
func TestWhatCannotBeIsNotSaid(t *testing.T) {
	for name, described := range descriptions(t) {
		d := made(t, described)
		for typ := range d.at("#/components/messages") {
			attributes, before := d.properties("#/components/messages/"+typ+"/payload"), ""
			if described.Envelope.Binary && typ != schemas.TypeDeadLetter {
				attributes, before = d.properties("#/components/messages/"+typ+"/headers"), "ce-"
			}
			_, participant := d.properties("#/components/schemas/" + typ)["participant"]
			_, original := d.properties("#/components/schemas/" + typ)["original"]
			for attribute, can := range map[string]bool{
				"status": schemas.HasStatus(typ), "participantid": participant, "signature": described.Signature,
			} {
				if _, said := attributes[before+attribute]; said != can {
					t.Errorf("%s: %s can have %s: %v, and the document says %v", name, typ, attribute, can, said)
				}
			}
			if typ != schemas.TypeDeadLetter && original == described.Endpoints[0].NoOriginal {
				t.Errorf("%s: the data of %s has an original: %v", name, typ, original)
			}
		}
	}
}

// webhooks are all samples and an event that the catalogue does not have, with all that a request can bring. Every third time an id is
// one that headers must encode and subjects must change; every other time there is nothing beside the body.
func webhooks(d asyncapi.Description) []*normalize.Webhook {
	var all []*normalize.Webhook
	for i, s := range normalize.Samples() {
		w := &normalize.Webhook{Provider: s.Provider, Endpoint: s.Provider.Name, Body: s.Body, Header: http.Header{}, Received: time.Now()}
		for _, e := range d.Endpoints {
			if e.Provider == s.Provider.Name {
				w.Source, w.Verified, w.NoOriginal, w.NoDedupe = e.Source, e.Verified, e.NoOriginal, e.NoDedupe
			}
		}
		if i%2 == 0 {
			for _, names := range [][]string{s.Provider.Headers.Delivery, s.Provider.Headers.Registration} {
				for _, name := range names {
					w.Header.Set(name, "some id, and 100 %")
				}
			}
			w.Header.Set("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
			w.Header.Set("tracestate", "a=1,b=2")
			if d.Signature {
				w.Verified, w.Signature = true, "bm90IGNoZWNrZWQ="
			}
		}
		if i%3 == 0 {
			w.Body = []byte(strings.ReplaceAll(string(w.Body), `"meeting":{"id":"`, `"meeting":{"id":"Räume 100% `))
		}
		all = append(all, w)
	}
	for _, p := range normalize.Providers() {
		body := `{"event":"meeting.waved.éé","meeting":{"id":"m-1"}}`
		if p.Name == "videosdk" {
			body = `{"webhookType":"waved","data":{"meetingId":"m-1"}}`
		}
		all = append(all, &normalize.Webhook{Provider: p, Endpoint: "auto", Body: []byte(body), Received: time.Now()})
	}
	return all
}

func messageOf(typ string) string {
	if typ != schemas.TypeDeadLetter && !schemas.Known(typ) {
		return schemas.SchemaUnmapped
	}
	return typ
}

// holds wants a channel for an event on a subject, and the event to be what its message says, and nothing else to be in it.
func (d document) holds(described asyncapi.Description, e *normalize.Event, subject string) {
	d.t.Helper()
	header, data, err := described.Envelope.Seal(&e.Event)
	if err != nil {
		d.t.Fatal(err)
	}
	headers := map[string]any{"Nats-Msg-Id": e.Source + "#" + e.ID}
	for name, values := range header {
		headers[name] = values[0]
	}
	payload, typ := object(d.t, data), messageOf(e.Type)
	candidates := d.messages(subject)
	if !slices.Contains(candidates, "#/components/messages/"+typ) {
		d.t.Fatalf("no channel that %s is on has a message for %s: %v", subject, e.Type, candidates)
	}
	message := "#/components/messages/" + typ
	if err := d.says(message, headers, payload); err != nil {
		d.t.Fatalf("%s on %s: %v", e.Type, subject, err)
	}
	if got, want := d.at(message)["contentType"], headers["content-type"]; got != want {
		d.t.Errorf("%s has the content type %v, and the header says %v", e.Type, got, want)
	}
	for part, value := range map[string]map[string]any{"headers": headers, "payload": payload} {
		named := d.properties(message + "/" + part)
		for name := range value {
			if _, known := named[name]; !known {
				d.t.Errorf("%s has %s in its %s, and the document does not say so", e.Type, name, part)
			}
		}
	}
	for other := range d.at("#/components/messages") {
		if other != typ && d.says("#/components/messages/"+other, headers, payload) == nil {
			d.t.Fatalf("%s is a valid %s, too", e.Type, other)
		}
	}
}

// messages are those of every channel that a subject is on.
func (d document) messages(subject string) []string {
	found := map[string]bool{}
	for _, c := range d.at("#/channels") {
		channel := c.(map[string]any)
		if !covers(parameter.ReplaceAllString(channel["address"].(string), "*"), subject) {
			continue
		}
		for _, m := range channel["messages"].(map[string]any) {
			found[fmt.Sprint(m.(map[string]any)["$ref"])] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

func (d document) says(message string, headers, payload map[string]any) error {
	d.t.Helper()
	if err := d.check(message+"/headers", headers); err != nil {
		return err
	}
	return d.check(message+"/payload", payload)
}
