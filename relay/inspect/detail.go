package inspect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/relay/bus"
	"github.com/meetbus/meetbus/schemas"
)

// patience is how long a stream may take to answer a person who waits.
const patience = 3 * time.Second

// detail is all that the page says of one webhook.
type detail struct {
	Row row
	// Note says why there is nothing beside the facts, or what to know of what there is.
	Note string
	// Where says that it is not where one would look for it, and what to do.
	Where string
	// Facts are of the delivery: what the event says of its headers, too.
	Facts []fact
	// Payload and Event are JSON, laid out; PayloadRest and EventRest how many bytes are not shown.
	Payload, Event         []line
	PayloadRest, EventRest int
	// Letter is its place among the dead letters, if it is one.
	Letter uint64
}

type fact struct{ Name, Value string }

// webhook answers with one webhook.
func (i *Inspector) webhook(w http.ResponseWriter, q *http.Request) {
	number, err := strconv.ParseUint(q.PathValue("number"), 10, 64)
	if err != nil || number == 0 {
		i.fail(w, q, http.StatusNotFound, "There is no such webhook.")
		return
	}
	e, found := i.o.Recent.Find(number)
	if !found {
		i.fail(w, q, http.StatusNotFound,
			"This webhook is no longer remembered here: only the last ones are, and only since the relay started. `meetbus tail` reads the stream.")
		return
	}
	ctx, cancel := context.WithTimeout(q.Context(), patience)
	defer cancel()
	d := i.detailOf(ctx, &e)
	i.render(w, http.StatusOK, "webhook", i.view(q, "Webhook "+strconv.FormatUint(number, 10), d))
}

func (i *Inspector) detailOf(ctx context.Context, e *Entry) detail {
	d := detail{Row: rowOf(e), Where: elsewhere(e)}
	d.Facts = append(known(e), claimed(e)...)
	switch e.Outcome {
	case Rejected, Unavailable:
		d.Note = refusal(e)
	case Dropped:
		d.Note = "A rule drops it: nothing of it was stored, on purpose."
	case DeadLettered:
		if e.Sequence > 0 {
			d.Letter = e.Sequence
		}
		d.Note = "It is authentic and could not become an event, so it is kept among the dead letters, with its bytes."
	default:
		d.read(ctx, i.o.Events, e)
	}
	return d
}

// read reads the event of an entry from its stream.
func (d *detail) read(ctx context.Context, from Events, e *Entry) {
	sequence, err := e.Sequence, error(nil)
	if e.Outcome == Queued {
		if sequence, err = from.Place(ctx, e.Stream, e.Subject, e.ID, e.Time.Add(-e.Took)); err != nil || sequence == 0 {
			d.Note = "It waits in the outbox for the bus, or is on its way: what is stored can be seen here when it has arrived."
			return
		}
		d.Facts = append(d.Facts, fact{"arrived at", fmt.Sprintf("%s:%d, from the outbox", e.Stream, sequence)})
	}
	m, err := from.Get(ctx, e.Stream, sequence)
	switch {
	case errors.Is(err, bus.ErrNoMessage):
		d.Note = "It was stored, and is no longer in the stream: its time there is over, or somebody has removed it."
	case err != nil:
		d.Note = "The stream cannot be read now: " + err.Error()
	default:
		d.show(m)
	}
}

// show lays out what is stored.
func (d *detail) show(m bus.Stored) {
	whole, err := schemas.Structured(m.Header, m.Data)
	var e schemas.Event
	if err == nil {
		e, err = schemas.Decode(m.Header, m.Data)
	}
	if err != nil {
		d.Note = "What is stored there is no event of ours: " + err.Error()
		return
	}
	original := e.Data.Shared().Original
	var from map[string][]string
	if original == "" {
		d.Note = "This endpoint does not keep the provider's payload (original: none)."
	} else {
		from = d.payload(&e, original)
	}
	d.Facts = append(d.Facts, headersOf(&e, m)...)
	d.Event, d.EventRest, err = linesOf(whole, hiddenInEvent(len(original)))
	if err != nil {
		d.Note = "The event cannot be read to its end: " + err.Error()
	}
	for i := range d.Event {
		l := &d.Event[i]
		if l.Moves = from[l.Path]; l.Path != "" && len(l.Moves) == 0 {
			l.Moves = origins[l.Path]
		}
	}
	if strings.HasPrefix(e.ID, "sha256:") {
		d.origin("id", "the SHA-256 of the body")
	} else if e.ID == e.DeliveryID {
		d.origin("id", "the delivery id")
	}
}

// payload lays out the provider's payload, and returns what has become of it by the paths of the event.
func (d *detail) payload(e *schemas.Event, original string) (from map[string][]string) {
	var err error
	if d.Payload, d.PayloadRest, err = linesOf([]byte(original), hiddenStreamKey); err != nil {
		d.Note = "The payload cannot be read to its end: " + err.Error()
	}
	m, err := movesOf(e, []byte(original), d.Payload)
	if err != nil {
		d.Note = "This version of meetbus does not understand the payload, so what moved where cannot be told: " + err.Error()
		return nil
	}
	if m.partial {
		d.Note = "The payload has very many values: what moved where was found out for the first of them only."
	}
	for i := range d.Payload {
		d.Payload[i].Moves = m.to[d.Payload[i].Path]
	}
	return m.from
}

func (d *detail) origin(path, from string) {
	for i := range d.Event {
		if d.Event[i].Path == path {
			d.Event[i].Moves = []string{from}
		}
	}
}

// origins says where attributes come from that the payload does not make.
var origins = map[string][]string{
	"specversion": {"CloudEvents"}, "datacontenttype": {"always so"}, "dataschema": {"the type"}, "source": {"the endpoint"},
	"provider": {"the endpoint"}, "endpoint": {"its name"}, "verified": {"the signature, checked"}, "id": {"made here"},
	"deliveryid": {"the delivery header"}, "webhookid": {"the registration header"}, "recordedtime": {"the arrival"},
	"time": {"the arrival"}, "digest": {"the SHA-256 of the body"}, "traceparent": {"the header"}, "tracestate": {"the header"},
	"signature": {"the signature header"}, "data.original": {"the whole payload"},
}

// hiddenInEvent leaves out what stands beside it already, and the signature.
func hiddenInEvent(original int) replaced {
	return func(path, name string) (string, bool) {
		switch path {
		case "data.original":
			return fmt.Sprintf("the payload, byte for byte: %d bytes", original), true
		case "signature":
			return "masked", true
		}
		return hiddenStreamKey(path, name)
	}
}

// hiddenStreamKey hides the key that lets anybody stream in our name.
func hiddenStreamKey(_, name string) (string, bool) { return "masked", normalize.IsStreamKey(name) }

// elsewhere says of an event that is on another subject than its type why subscribers of that do not get it, and what to do.
func elsewhere(e *Entry) string {
	subject, rule := shown(e.Subject), shown(e.Rule)
	switch e.Outcome {
	case Published, Duplicate, Queued, Unmapped:
	default:
		return ""
	}
	moved := ""
	if rule != "" {
		name, _, _ := strings.Cut(rule, ":")
		moved = "Rule " + name + " has moved it: "
	}
	switch isHome := e.Subject == e.Type || strings.HasSuffix(e.Subject, "."+e.Type); {
	case strings.HasPrefix(e.Type, e.Provider+"."):
		return fmt.Sprintf("This meetbus does not know %s of %s. %sIt is on %s, and subscribers of the catalogue's subjects, such as meeting.*, do not get it. "+
			"Subscribe to %[4]s, where data.original is the provider's payload; a newer meetbus may know it.", shown(e.Event), e.Provider, moved, subject)
	case moved != "" && !isHome:
		return fmt.Sprintf("%sit is on %s, not on %s, and subscribers of that do not get it. Subscribe to %[2]s, too, or change the rule.",
			moved, subject, shown(e.Type))
	}
	return ""
}

// refusal says what is known of a webhook that was refused, and what to do.
func refusal(e *Entry) string {
	const never = "A provider does not send it again after a 4xx: have it sent again, or live without it."
	again := e.Status >= http.StatusInternalServerError // also of what is most likely forged
	switch {
	case again && e.isUnderstood():
		return "It was understood, and could not be stored in time. A provider sends it again after a 503: if it has, its meeting has a later row."
	case again:
		return "It was refused before anybody knew whose it is, so nothing of its body was kept. A provider sends it again after a 503: look for a later row."
	case e.isUnderstood() && e.Status == http.StatusForbidden:
		return "It is signed by the provider, and not for us by this configuration: see why. Its body was read to say so, and was not kept: " +
			"it may be somebody else's. If it is yours, mend the list of its endpoint. " + never
	case e.isUnderstood():
		return "It was understood, and will never be taken: see why. " + never
	}
	return "It was refused before anybody knew whose it is, so nothing of its body was kept, and no meeting can be told. What it claims " +
		"is not verified: anybody may have written it. " + never
}

// claimed are the facts of a refused webhook that nobody has checked.
func claimed(e *Entry) []fact {
	length := ""
	if e.Length > 0 {
		length = fmt.Sprintf("%d bytes", e.Length)
	}
	const not = ", claimed, not verified"
	return filled(
		fact{"delivery id" + not, shown(e.Delivery)}, fact{"registration id" + not, shown(e.Registration)},
		fact{"body" + not, length}, fact{"SHA-256 of the body" + not, e.Digest},
	)
}

// known are the facts that an entry has.
func known(e *Entry) []fact {
	place := ""
	if e.Sequence > 0 {
		place = fmt.Sprintf("%s:%d", e.Stream, e.Sequence)
	}
	rule := e.Rule
	if rule == "" && (e.Outcome == Published || e.Outcome == Duplicate || e.Outcome == Unmapped || e.Outcome == Queued) {
		rule = "none: subjects.default"
	}
	return filled(
		fact{"answered", fmt.Sprintf("%d after %s", e.Status, took(e.Took))}, fact{"why", shown(e.Why)}, fact{"client", shown(e.Client)},
		fact{"endpoint", e.Endpoint}, fact{"provider event", strings.TrimSpace(e.Provider + " " + shown(e.Event))}, fact{"meeting", shown(e.Meeting)},
		fact{"rule", rule}, fact{"subject", shown(e.Subject)}, fact{"stream", place}, fact{"id", shown(e.ID)},
	)
}

// headersOf are the facts about the request's headers that an event has.
func headersOf(e *schemas.Event, m bus.Stored) []fact {
	signature := "not checked: this endpoint does not verify"
	if e.Verified {
		signature = "checked; masked"
	}
	mode := "structured"
	if len(m.Header["content-type"]) > 0 && m.Header["content-type"][0] != schemas.ContentType {
		mode = "binary: the attributes are headers of the message"
	}
	return filled(
		fact{"delivery id", shown(e.DeliveryID)}, fact{"webhook id", shown(e.WebhookID)}, fact{"signature", signature},
		fact{"stored", m.Time.UTC().Format(time.RFC3339Nano)}, fact{"mode", mode},
	)
}

func filled(facts ...fact) (kept []fact) {
	for _, f := range facts {
		if f.Value != "" {
			kept = append(kept, f)
		}
	}
	return kept
}

// readable lays out a JSON text for people; ok is false if it is none.
func readable(text []byte) (lines []line, rest int, ok bool) {
	if !json.Valid(text) {
		return nil, 0, false
	}
	lines, rest, err := linesOf(text, hiddenStreamKey)
	return lines, rest, err == nil
}
