package relay

import (
	"strings"
	"testing"

	"github.com/meetbus/meetbus/normalize"
)

// TestForeignInLog: the log says whose a signed webhook is that was refused, and which meeting's; the sender learns no more than the kind.
func TestForeignInLog(t *testing.T) {
	r := newRig(t, func(r *rig) []Endpoint {
		own := signedBy(normalize.Dyte, r.ring("dyte", r.dyte))
		own.Organizations = []string{ours}
		return []Endpoint{own}
	})
	for _, organization := range []string{theirs, strings.Repeat("x", 200<<10)} {
		body := joinedBody(organization)
		got := r.send(hook{path: "/webhooks/dyte", body: body, header: headers("dyte-signature", r.dyte.Sign([]byte(body)))})
		if got.status != 403 || strings.Contains(got.text, organization) {
			t.Errorf("answered %d %s", got.status, got.text)
		}
	}
	lines := r.log.FilterMessage("webhook").All()
	if len(lines) != 2 {
		t.Fatalf("the log has %v", lines)
	}
	said := lines[0].ContextMap()
	if said["why"] != `organization "`+theirs+`" is not one of accept.organizations` || said["type"] != "meeting.participantJoined" ||
		said["meeting"] != "5f7c2b9e-1111-4222-8333-9a0b1c2d3e4f" {
		t.Errorf("the log says %v", said)
	}
	if why := lines[1].ContextMap()["why"].(string); len(why) > 150 || !strings.Contains(why, `xxx…" is not one of`) {
		t.Errorf("of a long one the log says %s", why)
	}
}

// What steers a terminal is in no line of the log.
func TestLogInOrder(t *testing.T) {
	for said, want := range map[string]string{
		"meeting.ended": "meeting.ended", "m-\u202etxt.1": "m-\ufffdtxt.1", "m\n\x1b[2J": "m\ufffd\ufffd[2J", "Größe 会议": "Größe 会议",
		strings.Repeat("é", 65): strings.Repeat("é", 64) + "…",
	} {
		if got := shown(said); got != want {
			t.Errorf("%q is shown as %q, want %q", said, got, want)
		}
	}
}
