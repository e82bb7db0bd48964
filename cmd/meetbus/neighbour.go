package main

import (
	"context"
	"fmt"
	"time"

	"github.com/meetbus/meetbus/relay/bus"
	"github.com/meetbus/meetbus/relay/bus/embedded"
)

// meetTimeout bounds asking a server who it is.
const meetTimeout = 2 * time.Second

// isInside says whether the server is the one inside a relay. One that does not let us in is not.
func isInside(server bus.Server) bool {
	ctx, cancel := context.WithTimeout(context.Background(), meetTimeout)
	defer cancel()
	met, err := bus.Meet(ctx, server)
	return err == nil && met.Name == embedded.Name
}

// inUse says what to do where the embedded server was to listen and somebody else does.
func inUse(listen string) error {
	here := fromHere(listen)
	if isInside(bus.Server{URL: "nats://" + here}) {
		return fmt.Errorf("%s is in use by another meetbus: stop that one, or give this one another address in its file: "+
			"nats: { embedded: { listen: %q } }", listen, nextTo(listen))
	}
	return fmt.Errorf("%s is in use by another program: if that is your NATS, run `meetbus serve --nats nats://%s`; if not, give ours another "+
		"address in a file: nats: { embedded: { listen: %q } }", listen, here, nextTo(listen))
}

// explained is a fault of the bus with what else there is to say.
func (p *process) explained(fault error) error {
	if p.inside != nil {
		return fault
	}
	server, err := serverOf(p.config.NATS, "", "")
	if err != nil || !isInside(server) {
		return fault
	}
	return fmt.Errorf("%w: the server at %s is the one inside another meetbus, which takes events from that one only: "+
		"without nats.url and --nats this one starts its own", fault, printable(p.config.NATS.URL.String()))
}
