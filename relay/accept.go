package relay

import (
	"errors"
	"fmt"
	"slices"

	"github.com/meetbus/meetbus/normalize"
)

// errForeign comes for a webhook that the provider signed, but for another customer of theirs.
var errForeign = errors.New("organization is not one of accept.organizations")

// accept refuses events of organizations that are not ours. A provider signs for all its customers with one key, so the
// signature alone does not say whose meeting it was.
func accept(e *Endpoint, event *normalize.Event) error {
	switch {
	case len(e.Organizations) == 0:
		return nil
	case event.Organization == "" && e.Unnamed:
		return nil
	case event.Organization == "":
		return fmt.Errorf("%w: the body names none; use an unguessable path, or set accept.unnamed", errForeign)
	case !slices.Contains(e.Organizations, event.Organization):
		return errForeign
	}
	return nil
}
