package main

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
)

const (
	// bodySize is the size of each body, in bytes.
	bodySize = 1024
	// poolSize is how many signed bodies there are: making a signature costs 20 times as much as checking it.
	poolSize = 256
	// counterDigits is the width of the fields that differ from webhook to webhook: the end of a UUID.
	counterDigits = 12
)

// pool are webhooks that the provider has signed beforehand. Their events are known by the delivery id, which no signature covers.
type pool struct{ bodies, signatures []string }

func newPool(key *rsa.PrivateKey) (*pool, error) {
	var p pool
	for i := range poolSize {
		body := statusUpdated(i)
		digest := sha256.Sum256([]byte(body))
		signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest[:])
		if err != nil {
			return nil, err
		}
		p.bodies = append(p.bodies, body)
		p.signatures = append(p.signatures, base64.StdEncoding.EncodeToString(signature))
	}
	return &p, nil
}

// request is the bytes of one webhook of one sender. It is built once, and before each sending patched in place.
type request struct {
	bytes []byte
	n     uint64
	// delivery and participant are where the counters stand; without a participant the body stays as it is signed.
	delivery, participant int
	// signature and body are where those of the pool go.
	pool            *pool
	signature, body int
}

// newRequest returns what a sender sends to a path: signed ones if there is a pool, else ones whose bodies all differ.
func newRequest(host, path string, sender int, signed *pool) *request {
	id := func(kind int) string { return fmt.Sprintf("%08x-%04x-4000-8000-%0*d", sender, kind, counterDigits, 0) }
	body, signature := joined(sender, id(1)), ""
	if signed != nil {
		body = signed.bodies[0]
		signature = "dyte-signature: " + signed.signatures[0] + "\r\n"
	}
	head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: axios/1.7.2\r\nContent-Type: application/json\r\n"+
		"dyte-uuid: %s\r\ndyte-webhook-id: 90c3e1a7-2b64-4f8d-a5d9-6e7f10b84c2d\r\n%sContent-Length: %d\r\n\r\n",
		path, host, id(0), signature, len(body))
	r := &request{bytes: []byte(head + body), body: len(head), pool: signed}
	r.delivery = strings.Index(head, id(0)) + len(id(0)) - counterDigits
	if signed != nil {
		r.signature = strings.Index(head, signed.signatures[0])
		r.n = uint64(sender) // so that the senders do not all send the same body
	} else {
		r.participant = len(head) + strings.Index(body, id(1)) + len(id(1)) - counterDigits
	}
	return r
}

// next is the next webhook, which is valid until the one after it.
func (r *request) next() []byte {
	r.n++
	count(r.bytes[r.delivery:], r.n)
	if r.pool == nil {
		count(r.bytes[r.participant:], r.n)
		return r.bytes
	}
	i := r.n % poolSize
	copy(r.bytes[r.signature:], r.pool.signatures[i])
	copy(r.bytes[r.body:], r.pool.bodies[i])
	return r.bytes
}

// count writes n in decimal, counterDigits wide.
func count(field []byte, n uint64) {
	for i := counterDigits - 1; i >= 0; i-- {
		field[i] = byte('0' + n%10)
		n /= 10
	}
}

// joined is a body that occurs once: the digest of its bytes is the event's id.
func joined(sender int, participant string) string {
	return padded(fmt.Sprintf(`{"event":"meeting.participantJoined","meeting":{"id":"7b1f0c52-3d0e-4a6b-9a57-%012d",`+
		`"sessionId":"c4a8e2d9-5b13-4f7e-8d60-%012d","title":"Morning round","roomName":"mnrd-qwtz","status":"LIVE",`+
		`"createdAt":"2026-05-04T07:55:12.118Z","startedAt":"2026-05-04T08:00:03.402Z",`+
		`"organizedBy":{"id":"1d9e6b7c-8f42-4c0d-b3a6-57e0c9f1a284","name":"Brightwater Clinic"}},`+
		`"participant":{"peerId":%q,"userDisplayName":"Ada Njoroge","clientSpecificId":"person-4711",`+
		`"customParticipantId":"person-4711","joinedAt":"2026-05-04T08:02:17.930Z","picture":"https://images.example.com/`,
		sender, sender, participant), `"}}`)
}

// statusUpdated is a body that may occur again.
func statusUpdated(i int) string {
	return padded(fmt.Sprintf(`{"event":"recording.statusUpdate","recording":{"id":"3c5a9f18-2e7d-4d61-8b90-%012d",`+
		`"recordingId":"3c5a9f18-2e7d-4d61-8b90-%012d","meetingId":"7b1f0c52-3d0e-4a6b-9a57-%012d",`+
		`"organizationId":"1d9e6b7c-8f42-4c0d-b3a6-57e0c9f1a284","status":"RECORDING",`+
		`"roomUUID":"c4a8e2d9-5b13-4f7e-8d60-%012d","startedTime":"2026-05-04 08:03:06.771934Z"},`+
		`"meeting":{"id":"7b1f0c52-3d0e-4a6b-9a57-%012d","sessionId":"c4a8e2d9-5b13-4f7e-8d60-%012d",`+
		`"roomName":"mnrd-qwtz","status":"LIVE","createdAt":"2026-05-04T07:55:12.118Z","startedAt":"2026-05-04T08:00:03.402Z",`+
		`"endedAt":null,"organizedBy":{"id":"1d9e6b7c-8f42-4c0d-b3a6-57e0c9f1a284","name":"Brightwater Clinic"},"title":"`,
		i, i, i, i, i, i), `"}}`)
}

func padded(begin, end string) string {
	return begin + strings.Repeat("x", bodySize-len(begin)-len(end)) + end
}
