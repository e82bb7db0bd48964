package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/meetbus/meetbus/config"
	"github.com/meetbus/meetbus/relay/bus"
	"github.com/meetbus/meetbus/relay/bus/embedded"
	"github.com/meetbus/meetbus/relay/route"
)

// serverPatience bounds what is asked of a NATS server: it lists all streams of the account.
const serverPatience = 20 * time.Second

// checkServer says what a relay with this configuration would find on a server, and do there. It changes nothing. It fails if the
// relay would not become ready.
func checkServer(ctx context.Context, w io.Writer, at connection, c config.Config, table *route.Table) error {
	c.NATS.URL, c.NATS.Embedded = config.ServerURL(at.url), config.Default().NATS.Embedded
	if err := c.Check(); err != nil {
		return usageError{err}
	}
	server, err := serverOf(c.NATS, at.url, at.credentials)
	if err != nil {
		return err
	}
	streams, err := streamsOf(c, table)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, serverPatience)
	defer cancel()
	report, err := bus.Inspect(ctx, bus.Options{
		Name: "meetbus check", Server: server, Streams: streams, MinPayload: minPayload(c.HTTP), Log: zap.NewNop(),
	})
	if err != nil {
		return err
	}
	if report.Name == embedded.Name {
		fmt.Fprintf(w, "the server at %s is the one inside a meetbus relay, which sees to its streams itself\n", printable(report.Server))
		return nil
	}
	fmt.Fprintf(w, "the server at %s answers\n", printable(report.Server))
	faults := report.Faults
	for _, s := range report.Streams {
		fmt.Fprintln(w, printable(outlook(s)))
		for _, f := range s.Faults {
			faults = append(faults, fmt.Sprintf("stream %s: %s", s.Name, f))
		}
		for _, f := range s.Warnings {
			fmt.Fprintln(w, "warning:", printable(fmt.Sprintf("stream %s: %s", s.Name, f)))
		}
	}
	for _, warning := range report.Warnings {
		fmt.Fprintln(w, "warning:", printable(warning))
	}
	var all []error
	for _, f := range faults {
		all = append(all, errors.New(f))
	}
	return errors.Join(all...)
}

// outlook says in one line what a relay would do about a stream.
func outlook(s bus.StreamReport) string {
	is := "stream " + s.Name
	switch {
	case len(s.Faults) > 0:
		return is + " cannot be used"
	case s.Create:
		return fmt.Sprintf("%s would be created, with %s", is, count(len(s.Add), "subject"))
	case len(s.Add) > 0:
		return fmt.Sprintf("%s is there, and would get %s: %s", is, count(len(s.Add), "subject"), some(s.Add))
	}
	return is + " is there, and holds every subject"
}

// some lists the first of many words.
func some(words []string) string {
	const most = 5
	if len(words) <= most {
		return strings.Join(words, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(words[:most], ", "), len(words)-most)
}
