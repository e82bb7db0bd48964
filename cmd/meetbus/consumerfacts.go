package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/meetbus/meetbus/relay/bus"
)

// writeConsumer says what was made, one fact a line.
func writeConsumer(w io.Writer, want bus.ConsumerOptions, made bus.Consumer) {
	headline := "made consumer %s on stream %s at %s\n"
	if made.Existed {
		headline = "consumer %s on stream %s at %s is there already, with these settings\n"
	}
	fmt.Fprintf(w, headline, want.Name, want.Stream, printable(made.Server))
	row := func(label, format string, args ...any) {
		fmt.Fprintf(w, "  %-13s  %s\n", label, fmt.Sprintf(format, args...))
	}
	row("events", "%s", printable(strings.Join(made.Filters, ", ")))
	row("waiting", "%d, and what comes", made.Waiting)
	if made.Unacknowledged > 0 {
		row("given out", "%d, not acknowledged yet", made.Unacknowledged)
	}
	row("ack wait", "%s: what is not acknowledged comes again, until it is, after %s", brief(made.AckWait), waits(made.Retries))
	if made.MostUnacknowledged == 1 {
		row("at a time", "1, in the order of the stream")
	} else {
		row("at a time", "at most %d, for any number of subscribers together", made.MostUnacknowledged)
	}
}

// waits lists how long is waited each time.
func waits(all []time.Duration) string {
	var words []string
	for _, d := range all {
		words = append(words, brief(d))
	}
	words[len(words)-1] += " from then on"
	return strings.Join(words, ", ")
}

// brief writes a duration as people do: 1m, not 1m0s.
func brief(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
