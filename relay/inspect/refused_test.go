package inspect_test

import (
	"strings"
	"testing"
)

// TestRefused: of a webhook that is signed, and refused all the same, the page says which meeting's it is and whose; of one that is not,
// only what its headers claim, and never the signature.
func TestRefused(t *testing.T) {
	r := newRig(t, "")
	body := func(meeting, organization string) string {
		return `{"event":"meeting.ended","meeting":{"id":"` + meeting + `","title":"quarterly figures","organizedBy":{"id":"` + organization + `"}}}`
	}
	forged := strings.Repeat("Zm9y", 86) // the length of a signature
	for i, c := range []struct {
		endpoint, body string
		header         map[string]string
		status         int
		says, not      []string
	}{
		{"ours", body("m-1", "beta-org-9"), map[string]string{"dyte-webhook-id": "hook-alpha"}, 403, []string{
			"meeting.ended", "m-1", "organization &#34;beta-org-9&#34; is not one of accept.organizations", "signed by the provider", "accept.organizations"},
			[]string{"nobody knows", "quarterly", "claimed, not verified"}},
		{"ours", body("m-2", "alpha-org"), map[string]string{"dyte-webhook-id": "hook-beta"}, 403, []string{
			"meeting.ended", "m-2", "registration id &#34;hook-beta&#34; is not one of webhook_ids"}, []string{"quarterly", "claimed, not verified"}},
		{"ours", "no JSON", map[string]string{"dyte-webhook-id": "hook-beta"}, 403, []string{"hook-beta", "claimed, not verified"}, []string{"no JSON"}},
		{"ours", body("m-3", "alpha-org"), map[string]string{"dyte-webhook-id": "hook-" + strings.Repeat("x", 4096), "dyte-uuid": "delivery-3", "dyte-signature": forged},
			503, []string{"A provider sends it again after a 503", "delivery-3", "hook-xxx", "claimed, not verified", "109 bytes", "SHA-256"}, // a key that may verify it is not fetched again so soon
			[]string{"m-3", forged, "alpha-org", "quarterly", strings.Repeat("x", 161)}},
		{"ours", body("m-4", "alpha-org"), map[string]string{"dyte-uuid": "delivery-4", "dyte-signature": "no"}, 401, []string{"delivery-4", "109 bytes", "no meeting can be told"}, []string{"m-4", "SHA-256"}},
	} {
		if status := r.send(c.endpoint, c.body, c.header); status != c.status {
			t.Fatalf("%s is answered %d, want %d", c.body, status, c.status)
		}
		_, text := r.get("/inspector/webhooks/"+string(rune('1'+i)), nil)
		_, text, _ = strings.Cut(text, "<main")
		for _, part := range c.says {
			if !strings.Contains(text, part) {
				t.Errorf("of %s with %d it does not say %q: %s", c.body, c.status, part, text)
			}
		}
		for _, part := range c.not {
			if strings.Contains(text, part) {
				t.Errorf("of %s with %d it says %q", c.body, c.status, part)
			}
		}
	}
	for meeting, found := range map[string]bool{"m-1": true, "m-2": true, "m-3": false} {
		_, text := r.get("/?meeting="+meeting, nil)
		if strings.Contains(text, "data-number=") != found {
			t.Errorf("searched for %s: %s", meeting, text)
		}
	}
}
