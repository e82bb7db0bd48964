package normalize

import (
	"bytes"
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/cloudevents/sdk-go/v2/event"

	"github.com/meetbus/meetbus/schemas"
)

func TestDeadLetter(t *testing.T) {
	p := RealtimeKit
	p.Headers.Registration = []string{"X-Own-Registration"}
	w := Webhook{
		Provider: p, Endpoint: "rounds", Verified: true, Received: arrival, Body: []byte("caf\xe9 \x00"),
		Header: http.Header{
			"Rtk-Uuid":           {"d-1"},
			"Rtk-Signature":      {"c2lnbmF0dXJl"},
			"Dyte-Uuid":          {"d-0"},
			"X-Own-Registration": {"r-1"},
			"Content-Type":       {"application/json"},
			"Content-Language":   {"de", "en"},
			"User-Agent":         {"axios/0.21.4"},
			"Authorization":      {"Bearer very-secret"},
			"Cookie":             {"session=very-secret"},
			"X-Content-Key":      {"very-secret"},
			"Rtk-Api-Token":      {"very-secret"},
		},
	}
	e := DeadLetter(&w, "", ReasonNotUTF8, ErrNotUTF8.Error())
	checkSchema(t, e)
	if e.Type != schemas.TypeDeadLetter || e.ID != "d-1" || !e.Identified || e.Mapped || !e.Verified {
		t.Errorf("type %s, id %s, identified %v, mapped %v, verified %v", e.Type, e.ID, e.Identified, e.Mapped, e.Verified)
	}
	if e.DeliveryID != "d-1" || e.WebhookID != "r-1" || e.Endpoint != "rounds" || !e.Time.Equal(arrival) {
		t.Errorf("delivery %s, registration %s, endpoint %s, time %v", e.DeliveryID, e.WebhookID, e.Endpoint, e.Time)
	}
	want := &schemas.DeadLetter{
		Reason: "not_utf8", Detail: "body is not UTF-8", Endpoint: "rounds", Body: w.Body,
		ReceivedAt: "2026-05-04T09:30:15.123456789Z",
		Headers: map[string][]string{
			"rtk-uuid":           {"d-1"},
			"rtk-signature":      {"c2lnbmF0dXJl"},
			"dyte-uuid":          {"d-0"},
			"x-own-registration": {"r-1"},
			"content-type":       {"application/json"},
			"content-language":   {"de", "en"},
			"user-agent":         {"axios/0.21.4"},
			"authorization":      {},
			"cookie":             {},
			"x-content-key":      {},
			"rtk-api-token":      {"<secret>"},
		},
	}
	if !reflect.DeepEqual(e.Data, want) {
		t.Errorf("data is %+v, want %+v", e.Data, want)
	}
}

func TestReasons(t *testing.T) {
	for _, reason := range Reasons() {
		checkSchema(t, DeadLetter(&Webhook{Provider: Dyte, Endpoint: "dyte", Received: arrival}, "", reason, ""))
	}
}

func TestDeadLetterKeepsTheID(t *testing.T) {
	w := Webhook{Provider: Dyte, Header: http.Header{"Dyte-Uuid": {"d-1"}}, Received: arrival}
	if e := DeadLetter(&w, "sha256:00", ReasonTooLarge, "too large"); e.ID != "sha256:00" {
		t.Errorf("id is %s", e.ID)
	}
	w.NoDedupe = true
	checkFresh(t, DeadLetter(&w, "", ReasonNotJSON, "").ID)
}

func TestDetailIsBounded(t *testing.T) {
	for _, character := range []string{"x", "x\xff", "é", "👋"} {
		detail := "x" + strings.Repeat(character, 10_000)
		d := DeadLetter(&Webhook{Provider: Dyte, Received: arrival}, "", ReasonNotJSON, detail).Data.(*schemas.DeadLetter)
		if len(d.Detail) > 512 || len(d.Detail) < 508 || !utf8.ValidString(d.Detail) {
			t.Errorf("detail has %d bytes: %q", len(d.Detail), d.Detail)
		}
	}
}

// checkLetter checks what is true of every dead letter: it can be sealed and read back, and in it are the bytes.
func checkLetter(t *testing.T, w Webhook, why error) {
	t.Helper()
	_, sealed, err := schemas.Envelope{}.Seal(new(DeadLetter(&w, "", ReasonNotJSON, why.Error()).Event))
	if err != nil {
		t.Fatal(err)
	}
	var c event.Event
	if err := json.Unmarshal(sealed, &c); err != nil {
		t.Fatal(err)
	}
	checkAttributes(t, c)
	var data schemas.DeadLetter
	if err := json.Unmarshal(c.Data(), &data); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(data.Body, w.Body) {
		t.Error("the body has changed")
	}
}
