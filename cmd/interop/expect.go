package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// object is one in JSON.
type object = map[string]any

// want is what a reader must have of one event.
type want struct {
	// attributes by name: texts, and verified, which is a boolean.
	attributes object
	data       object
}

// expected is what every event of the case has; id is the delivery's, since most webhooks do not say what they are.
func (c content) expected(event, body, delivery string) want {
	return want{
		attributes: object{
			"specversion": "1.0", "id": delivery, "source": "https://dyte.io", "type": event, "subject": c.text,
			"datacontenttype": "application/json", "dataschema": "urn:meetbus:schema:v1:" + event,
			"provider": "dyte", "providertype": event, "endpoint": "dyte", "verified": true, "meetingid": c.text,
			"deliveryid": delivery, "webhookid": registration, "partitionkey": c.text, "digest": digest(body),
		},
		data: object{"original": body},
	}
}

// arrived returns w with the time of arrival, which only the message says, and which is the event's time where the webhook has none.
func (w want) arrived(at string) want {
	attributes := object{"time": at, "recordedtime": at}
	for name, value := range w.attributes {
		attributes[name] = value
	}
	return want{attributes: attributes, data: w.data}
}

// digest is the SHA-256 of a body in hex.
func digest(body string) string {
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:])
}

// quoted writes s as JSON.
func quoted(s string) string {
	text, _ := json.Marshal(s) // text never fails
	return string(text)
}
