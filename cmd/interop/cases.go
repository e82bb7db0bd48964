package main

import (
	"encoding/json"
	"fmt"
	"strings"
)

const (
	// sixty digits are more than any number type of a language holds.
	sixty = "123456789012345678901234567890123456789012345678901234567890"
	// eventLimit is the size, in bytes, up to which everything on the way must take a CloudEvent, by its specification.
	eventLimit = 64 << 10
	// bodyLimit is http.max_body, the largest webhook that the relay takes, in bytes.
	bodyLimit = 256 << 10
	// enveloped is how much larger than its body, in bytes, an event of a case is at most.
	enveloped = 1600
)

// content is one case: what stands in webhooks of three kinds.
type content struct {
	name, about string
	// text is wherever a webhook has an id, a name or a status; number is the size of a file, in bytes.
	text, number string
	// eventSize, if not 0, is how large the event should be, in bytes, and bodySize how large the body: both by a member that no field
	// of ours has.
	eventSize, bodySize int
	// deadLetterIn is the mode in which no message holds such events.
	deadLetterIn mode
}

func (c content) called() string { return c.name }

func contents() []content {
	return []content{
		{name: "plain", about: "letters and digits", text: "standup-1", number: "104857600"},
		{name: "unicode", about: "`Zürich 会议 😀`", text: "Zürich 会议 😀", number: "0"},
		{name: "quotes", about: "`<b> \"a\" 'b' \\ &`", text: `<b> "a" 'b' \ &`, number: "1"},
		{name: "percent", about: "`100% %41 %zz a+b`", text: "100% %41 %zz a+b", number: "2"},
		{name: "blanks", about: "two blanks before, within and after", text: "  two  blanks  ", number: "3"},
		{name: "digits", about: "60 digits, in attributes and as `fileSize`", text: sixty, number: sixty},
		{name: "64k", about: "events just below 64 KiB", text: "large-1", number: "65536", eventSize: eventLimit},
		{name: "256k", about: "webhooks of 256 KiB, and events beyond that", text: "large-2", number: "262144", bodySize: bodyLimit},
		{name: "headers", about: "attributes of more than 64 KiB together", text: strings.Repeat("é", 6000), number: "4", deadLetterIn: binary},
	}
}

// webhooks are those of the case, each with what must be read of it.
func (c content) webhooks() []sending {
	return []sending{c.joined(), c.recording(), c.unmapped()}
}

// joined says itself when it happened, to the microsecond.
func (c content) joined() sending {
	const at = "2026-11-24T10:11:12.123456Z"
	w := c.webhook("joined", "meeting.participantJoined", fmt.Sprintf(
		`{"event":"meeting.participantJoined","meeting":{"id":%[1]s,"sessionId":%[1]s,"title":%[1]s},`+
			`"participant":{"peerId":%[1]s,"userDisplayName":%[1]s,"customParticipantId":%[1]s,"joinedAt":%[2]q}`, quoted(c.text), at))
	w.want.attributes["id"], w.want.attributes["time"] = "sha256:"+digest(w.body), at // the body says what it is
	w.want.attributes["sessionid"], w.want.attributes["participantid"] = c.text, c.text
	w.want.data["meeting"] = object{"id": c.text, "sessionId": c.text, "title": c.text}
	w.want.data["participant"] = object{"id": c.text, "connectionId": c.text, "customId": c.text, "name": c.text, "joinedAt": at}
	return w
}

// recording has a number in its data, and a status in an attribute.
func (c content) recording() sending {
	w := c.webhook("recording", "recording.statusUpdate", fmt.Sprintf(`{"event":"recording.statusUpdate","meeting":{"id":%[1]s},`+
		`"recording":{"id":%[1]s,"status":%[1]s,"outputFileName":%[1]s,"fileSize":%[2]s}`, quoted(c.text), c.number))
	w.want.attributes["status"] = c.text
	w.want.data["meeting"] = object{"id": c.text}
	w.want.data["recording"] = object{"id": c.text, "status": c.text, "fileName": c.text, "fileSize": json.Number(c.number)}
	return w
}

// unmapped is an event that meetbus does not know.
func (c content) unmapped() sending {
	w := c.webhook("unmapped", c.text, fmt.Sprintf(`{"event":%[1]s,"meeting":{"id":%[1]s}`, quoted(c.text)))
	w.want.attributes["type"], w.want.attributes["dataschema"] = "dyte."+c.text, "urn:meetbus:schema:v1:meetbus.unmapped"
	w.want.data["meeting"] = object{"id": c.text}
	return w
}

// webhook is one of Dyte's, of which begun is the body without its end.
func (c content) webhook(kind, event, begun string) sending {
	body, delivery := c.padded(begun+`,"pad":"`), c.name+"-"+kind
	if strings.Contains(c.text, "%") { // a header that is no attribute has it as it is, Nats-Msg-Id: whoever decodes all of them fails
		delivery += "-100%-%zz"
	}
	return sending{body: body, delivery: delivery, want: c.expected(event, body, delivery)}
}

// padded ends a body within a text, with as much of it as the case's size wants.
func (c content) padded(body string) string {
	const end = `"}`
	pad := 0
	switch {
	case c.bodySize > 0:
		pad = c.bodySize - len(body) - len(end)
	case c.eventSize > 0:
		pad = c.eventSize - len(body) - len(end) - enveloped
	}
	return body + strings.Repeat("x", pad) + end
}
