package normalize

import (
	"net/http"
	"strings"
)

// RealtimeKit, https://developers.cloudflare.com/realtime/realtimekit/webhooks/: Dyte under its new owner, with the same
// events. Receivers of 2026 have seen both families of headers.
var RealtimeKit = Provider{
	Name:   "realtimekit",
	Source: "https://realtime.cloudflare.com",
	KeyURL: "https://api.realtime.cloudflare.com/.well-known/webhooks.json",
	Headers: Headers{
		Signature:    []string{"rtk-signature", "dyte-signature"},
		Delivery:     []string{"rtk-uuid", "dyte-uuid"},
		Registration: []string{"rtk-webhook-id", "dyte-webhook-id"},
	},
	NamesOrganizations: true,
	prefixes:           []string{"rtk-", "dyte-"},
	events:             dyteEvents,
	read:               readDyte,
	meeting:            dyteMeeting,
	claims:             claimedByRealtimeKit,
}

// claimedByRealtimeKit tells Dyte's two services apart by their headers.
func claimedByRealtimeKit(h http.Header, body object) bool {
	for name := range h {
		if strings.HasPrefix(name, "Rtk-") {
			return body.has("event")
		}
	}
	return false
}
