package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/meetbus/meetbus/relay/deadletter"
)

func newDeadLetterList() *cobra.Command {
	var o operator
	var f letterFilter
	var output string
	var last int
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List dead letters, the newest first",
		Long: "List dead letters, the newest first. With -o json each line is an object with sequence, stored, subject and message: the\n" +
			"CloudEvent exactly as it is stored, or, of what is none, its bytes in base64.",
		Example: `  meetbus deadletter list
  meetbus deadletter list --reason not_json --provider dyte
  meetbus deadletter list --meeting 7c3e0d5f-2f7b-4b55-8f7e-4b1d1d3c9a10
  meetbus deadletter list -n 0 -o json | jq -r '.message.data.reason' | sort | uniq -c`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkOutput(output, "table"); err != nil {
				return err
			}
			if last < 0 {
				return usagef("-n takes a number of dead letters, 0 for all")
			}
			if err := f.check(); err != nil {
				return err
			}
			box, done, err := o.openBox(cmd.Context())
			if err != nil {
				return err
			}
			defer done()
			return listLetters(cmd, box, f, last, output)
		},
	}
	o.addTo(cmd.Flags())
	f.addTo(cmd)
	cmd.Flags().IntVarP(&last, "last", "n", 50, "the newest `N`; 0 is all")
	addOutput(cmd, &output, "table")
	return cmd
}

func listLetters(cmd *cobra.Command, box *deadletter.Box, f letterFilter, last int, output string) error {
	write, flush := letterTable(cmd.OutOrStdout())
	if output == "json" {
		write, flush = letterLines(cmd.OutOrStdout()), func() error { return nil }
	}
	count := 0
	more, err := eachLetter(cmd.Context(), box, f, last, func(l deadletter.Letter) error { count++; return write(l) })
	if err == nil {
		err = flush()
	}
	switch {
	case err != nil:
		return err
	case more:
		fmt.Fprintln(cmd.ErrOrStderr(), "there are more: -n 0 lists all")
	case count == 0:
		none := "there are no dead letters"
		if f.given() {
			none += " that match"
		}
		fmt.Fprintln(cmd.ErrOrStderr(), none)
	}
	return nil
}

func letterLines(w io.Writer) func(deadletter.Letter) error {
	return func(l deadletter.Letter) error {
		var message any = json.RawMessage(l.Message())
		if !json.Valid(l.Message()) {
			message = l.Message()
		}
		var line bytes.Buffer
		encoder := json.NewEncoder(&line)
		encoder.SetEscapeHTML(false)
		err := encoder.Encode(struct {
			Sequence uint64    `json:"sequence"`
			Stored   time.Time `json:"stored"`
			Subject  string    `json:"subject"`
			Message  any       `json:"message"`
		}{l.Sequence, l.Stored.UTC(), l.Subject, message})
		if err == nil {
			_, err = w.Write(harmless(line.Bytes()))
		}
		return err
	}
}

func letterTable(w io.Writer) (write func(deadletter.Letter) error, flush func() error) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	head := sync.OnceFunc(func() { fmt.Fprintln(t, "SEQUENCE\tSTORED\tPROVIDER\tREASON\tENDPOINT\tBYTES\tDETAIL") })
	return func(l deadletter.Letter) error {
		head()
		d := l.Data()
		_, err := fmt.Fprintf(t, "%d\t%s\t%s\t%s\t%s\t%d\t%s\n", l.Sequence, localTime(l.Stored), cell(l.Event.Provider), cell(d.Reason),
			cell(d.Endpoint), len(d.Body), cell(d.Detail))
		return err
	}, t.Flush
}

// cell is a text that a table can show.
func cell(s string) string { return cmp.Or(shortened(printable(s)), "-") }

func localTime(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05") }
