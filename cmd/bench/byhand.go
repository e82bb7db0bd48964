package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// dyte is what of Dyte's webhooks of these runs goes into an event.
type dyte struct {
	Event   string `json:"event"`
	Meeting struct {
		ID        string    `json:"id"`
		SessionID string    `json:"sessionId,omitempty"`
		Title     string    `json:"title,omitempty"`
		RoomName  string    `json:"roomName,omitempty"`
		Status    string    `json:"status,omitempty"`
		CreatedAt time.Time `json:"createdAt,omitzero"`
		StartedAt time.Time `json:"startedAt,omitzero"`
		Organizer *struct {
			ID   string `json:"id"`
			Name string `json:"name"`
		} `json:"organizedBy,omitempty"`
	} `json:"meeting"`
	Participant *struct {
		ID       string    `json:"peerId"`
		Name     string    `json:"userDisplayName"`
		CustomID string    `json:"customParticipantId"`
		JoinedAt time.Time `json:"joinedAt,omitzero"`
	} `json:"participant,omitempty"`
	Recording *struct {
		ID          string `json:"id"`
		Status      string `json:"status"`
		StartedTime string `json:"startedTime"`
	} `json:"recording,omitempty"`
	Original string `json:"original"`
}

// byHand makes an event as one would without meetbus: encoding/json, the CloudEvents SDK, structured mode, about the attributes and the
// data that meetbus has of these webhooks, and the body as it came.
func byHand(body []byte, header http.Header) (*nats.Msg, error) {
	var d dyte
	if err := json.Unmarshal(body, &d); err != nil {
		return nil, err
	}
	d.Original = string(body)
	digest := sha256.Sum256(body)
	e := event.New()
	e.SetID(header.Get("dyte-uuid"))
	e.SetSource("https://dyte.io")
	e.SetType(d.Event)
	e.SetSubject(d.Meeting.ID)
	e.SetTime(time.Now())
	e.SetDataSchema("https://example.com/schemas/" + d.Event)
	for name, value := range map[string]string{
		"provider": "dyte", "providertype": d.Event, "endpoint": "dyte", "meetingid": d.Meeting.ID, "sessionid": d.Meeting.SessionID,
		"partitionkey": d.Meeting.ID, "deliveryid": header.Get("dyte-uuid"), "webhookid": header.Get("dyte-webhook-id"),
		"digest": hex.EncodeToString(digest[:]),
	} {
		e.SetExtension(name, value)
	}
	if d.Participant != nil {
		e.SetExtension("participantid", d.Participant.ID)
	}
	if d.Recording != nil {
		e.SetExtension("status", d.Recording.Status)
	}
	e.SetExtension("recordedtime", time.Now())
	e.SetExtension("verified", header.Get("dyte-signature") != "")
	if err := e.SetData(event.ApplicationJSON, &d); err != nil {
		return nil, err
	}
	if err := e.Validate(); err != nil {
		return nil, err
	}
	data, err := json.Marshal(e)
	if err != nil {
		return nil, err
	}
	return &nats.Msg{Subject: bareSubject, Data: data, Header: nats.Header{
		"content-type": {event.ApplicationCloudEventsJSON}, jetstream.MsgIDHeader: {e.Source() + "#" + e.ID()},
	}}, nil
}
