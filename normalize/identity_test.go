package normalize

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
)

func sum(s string) string {
	h := sha256.Sum256([]byte(s))
	return hex.EncodeToString(h[:])
}

func TestIdentity(t *testing.T) {
	const (
		joined   = `{"event":"meeting.participantJoined","participant":{"peerId":"p","joinedAt":"2026-05-04T08:02:17Z"}}`
		undated  = `{"event":"meeting.participantJoined","participant":{"peerId":"p","joinedAt":""}}`
		live     = `{"event":"livestreaming.statusUpdate","streamId":"s","status":"LIVE"}`
		ended    = `{"event":"meeting.ended","meeting":{"sessionId":"s","endedAt":"sometime"}}`
		roomless = `{"event":"meeting.ended","meeting":{"id":"m","endedAt":"2026-05-04T08:02:17Z"}}`
		chat     = `{"event":"meeting.chatSynced","chatDownloadUrl":"https://files.example.com/chat.csv"}`
		session  = `{"webhookType":"session-started","data":{"sessionId":"s","start":"2026-05-04T08:00:03.402+00:00"}}`
		person   = `{"webhookType":"participant-joined","data":{"participantId":"p","joinedAt":"2026-05-04T08:02:17Z"}}`
	)
	for name, c := range map[string]struct {
		provider Provider
		body     string
		delivery []string
		noDedupe bool
		want     string // empty: a fresh one; ending in a colon: the digest of the delivery id follows
	}{
		"a body that occurs once":              {Dyte, joined, []string{"d-1"}, false, "sha256:" + sum(joined)},
		"the same without a delivery id":       {Dyte, joined, nil, false, "sha256:" + sum(joined)},
		"the same, not to be recognised":       {Dyte, joined, []string{"d-1"}, true, ""},
		"an empty time is no occasion":         {Dyte, undated, []string{"d-1"}, false, "d-1"},
		"an impossible time is one":            {Dyte, ended, []string{"d-1"}, false, "sha256:" + sum(ended)},
		"no session, no occasion":              {Dyte, roomless, []string{"d-1"}, false, "d-1"},
		"a download URL":                       {RealtimeKit, chat, []string{"d-1"}, false, "sha256:" + sum(chat)},
		"VideoSDK's session":                   {VideoSDK, session, nil, false, "sha256:" + sum(session)},
		"VideoSDK's participant may come back": {VideoSDK, person, []string{"d-1"}, false, ""},
		"a delivery id":                        {Dyte, live, []string{"d-1"}, false, "d-1"},
		"a delivery id, not to be recognised":  {Dyte, live, []string{"d-1"}, true, ""},
		"none":                                 {Dyte, live, nil, false, ""},
		"an empty one":                         {Dyte, live, []string{""}, false, ""},
		"two":                                  {Dyte, live, []string{"d-1", "d-2"}, false, ""},
		"two, one of them empty":               {Dyte, live, []string{"", "d-2"}, false, ""},
		"the longest":                          {Dyte, live, []string{strings.Repeat("~", 128)}, false, strings.Repeat("~", 128)},
		"a longer one":                         {Dyte, live, []string{strings.Repeat("x", 129)}, false, "delivery-sha256:"},
		"a blank":                              {Dyte, live, []string{"a b"}, false, "delivery-sha256:"},
		"not ASCII":                            {Dyte, live, []string{"ä"}, false, "delivery-sha256:"},
		"a body's":                             {Dyte, live, []string{"sha256:" + sum(joined)}, false, "delivery-sha256:"},
		"another hashed":                       {Dyte, live, []string{"delivery-sha256:0"}, false, "delivery-sha256:"},
	} {
		t.Run(name, func(t *testing.T) {
			h := http.Header{"Dyte-Uuid": c.delivery}
			e, err := Normalize(&Webhook{
				Provider: c.provider, Header: h, Body: []byte(c.body), Received: arrival, NoDedupe: c.noDedupe,
			})
			if err != nil {
				t.Fatal(err)
			}
			if e.Identified != (c.want != "") {
				t.Errorf("identified is %v", e.Identified)
			}
			if strings.HasSuffix(c.want, ":") {
				c.want += sum(c.delivery[0])
			}
			if c.want == "" {
				checkFresh(t, e.ID)
			} else if e.ID != c.want {
				t.Errorf("id is %s, want %s", e.ID, c.want)
			}
		})
	}
}

func checkFresh(t *testing.T, id string) {
	t.Helper()
	if u, err := uuid.Parse(id); err != nil || u.Version() != 7 {
		t.Errorf("id is %s, want a UUIDv7", id)
	}
}
