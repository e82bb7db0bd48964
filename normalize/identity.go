package normalize

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"github.com/meetbus/meetbus/schemas"
)

// Prefixes of ids that we make. A delivery id that starts like one is hashed, so that no header can name another event.
const (
	bodyID     = "sha256:"
	deliveryID = "delivery-sha256:"
)

// identify returns the id of the event in w. A provider's retry gets the same one where the body occurs once, which is named
// by its digest then, or else where there is a delivery id. Where nothing tells a retry from a new event, the id is a fresh
// UUIDv7 and identified is false.
func (w *Webhook) identify(once string) (id string, identified bool) {
	if once != "" && !w.NoDedupe {
		return bodyID + once, true
	}
	delivery := sole(w.Header, w.Provider.Headers.Delivery)
	switch {
	case w.NoDedupe:
	case isPlain(delivery) && !strings.HasPrefix(delivery, bodyID) && !strings.HasPrefix(delivery, deliveryID):
		return delivery, true
	case delivery != "":
		return deliveryID + inHex(sha256.Sum256([]byte(delivery))), true
	}
	return uuid.Must(uuid.NewV7()).String(), false
}

// digest returns the SHA-256 of the body in lower-case hex.
func (w *Webhook) digest() string {
	if w.Digest == [sha256.Size]byte{} {
		return inHex(sha256.Sum256(w.Body))
	}
	return inHex(w.Digest)
}

func inHex(digest [sha256.Size]byte) string {
	var text [2 * sha256.Size]byte
	hex.Encode(text[:], digest[:])
	return string(text[:])
}

// occursOnce says whether the body names its occasion, so that the same bytes can only be the same event. A livestream that
// goes live twice, or a VideoSDK participant who comes back, makes the same bytes twice and is no such body.
func occursOnce(r *reading) bool {
	switch d := r.data.(type) {
	case *schemas.ParticipantJoined, *schemas.ParticipantLeft:
		return participant(d) != "" && r.occurred != ""
	case *schemas.MeetingStarted, *schemas.MeetingEnded:
		return r.meeting.SessionID != "" && r.occurred != ""
	case *schemas.ChatSynced:
		return d.Chat != nil && d.Chat.DownloadURL != ""
	case *schemas.MeetingTranscript:
		return d.Transcript != nil && d.Transcript.DownloadURL != ""
	case *schemas.MeetingSummary:
		return d.Summary != nil && d.Summary.DownloadURL != ""
	}
	return false
}

// sole returns the value of the first header of names that is present, or nothing if it has several.
func sole(h http.Header, names []string) string {
	for _, name := range names {
		if values := h.Values(name); len(values) == 1 {
			return values[0]
		} else if len(values) > 1 {
			return ""
		}
	}
	return ""
}

// isPlain says whether an id can stand in a message header, a log and a URL as it is: 1 to 128 printable ASCII characters
// without blanks.
func isPlain(id string) bool {
	for _, c := range []byte(id) {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return 1 <= len(id) && len(id) <= 128
}
