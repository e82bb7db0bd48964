package relay

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/meetbus/meetbus/normalize"
)

// errForeign comes for a webhook that the provider signed, but for another customer of theirs.
var errForeign = errors.New("not one of accept.organizations")

// accept refuses events of organizations that are not ours. A provider signs for all its customers with one key, so the
// signature alone does not say whose meeting it was. The error is for operators, and names the organization: who asks why an event
// is missing must see whose it is said to be.
func accept(e *Endpoint, event *normalize.Event) error {
	switch {
	case len(e.Organizations) == 0:
		return nil
	case event.Organization == "" && e.Unnamed:
		return nil
	case event.Organization == "":
		return fmt.Errorf("organization is %w: the body names none; use an unguessable path, or set accept.unnamed", errForeign)
	case !slices.Contains(e.Organizations, event.Organization):
		return fmt.Errorf("organization %s is %w", quoted(event.Organization), errForeign)
	}
	return nil
}

// quotedMax is how much an error quotes of an id that comes from outside, in bytes. Those of the providers are UUIDs.
const quotedMax = 64

func quoted(id string) string {
	if len(id) > quotedMax {
		id = strings.ToValidUTF8(id[:quotedMax], "") + "…"
	}
	return strconv.Quote(id)
}
