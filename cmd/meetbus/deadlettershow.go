package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/relay/deadletter"
)

func newDeadLetterShow() *cobra.Command {
	var o operator
	var output string
	cmd := &cobra.Command{
		Use:   "show SEQ",
		Short: "Show one dead letter: why it is one, its headers and its body",
		Long: "Show one dead letter: why it is one, its headers and its body. A body that is no UTF-8 is shown in hex, and stream keys\n" +
			"and signatures are masked. With -o json it is the CloudEvent exactly as it is stored, with the body in base64.",
		Example: `  meetbus deadletter show 7
  meetbus deadletter show 7 -o json | jq -r .data.body | base64 -d`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("show which dead letter? meetbus deadletter list shows their sequences")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkOutput(output, "pretty"); err != nil {
				return err
			}
			sequences, err := sequencesIn(args)
			if err != nil {
				return err
			}
			box, done, err := o.openBox(cmd.Context())
			if err != nil {
				return err
			}
			defer done()
			l, err := box.Letter(cmd.Context(), sequences[0])
			if err != nil {
				return err
			}
			if output == "json" {
				exact := harmless
				if isTerminal(cmd.OutOrStdout()) {
					exact = harmlessAnyway
				}
				_, err = cmd.OutOrStdout().Write(append(slices.Clone(exact(l.Message())), '\n'))
				return err
			}
			return showLetter(cmd.OutOrStdout(), box.Letters, l)
		},
	}
	o.addTo(cmd.Flags())
	addOutput(cmd, &output, "pretty")
	return cmd
}

func showLetter(w io.Writer, stream string, l deadletter.Letter) error {
	d, e := l.Data(), l.Event
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d  stored %s\n", printable(stream), l.Sequence, localTime(l.Stored))
	for _, row := range [][2]string{
		{"subject", l.Subject}, {"reason", d.Reason}, {"detail", string(masked([]byte(d.Detail)))}, {"endpoint", d.Endpoint}, {"provider", e.Provider},
		{"meeting", l.Meeting()},
		{"id", e.ID}, {"source", e.Source}, {"received", string(d.ReceivedAt)},
	} {
		if row[1] != "" {
			fmt.Fprintf(&b, "  %-9s  %s\n", row[0], printable(row[1]))
		}
	}
	for i, name := range slices.Sorted(maps.Keys(d.Headers)) {
		label, value := "", strings.Join(d.Headers[name], ", ")
		if i == 0 {
			label = "headers"
		}
		if len(d.Headers[name]) == 0 {
			value = "(not kept)"
		} else if strings.Contains(name, "signature") {
			value = fmt.Sprintf("(masked: %s; -o json has it)", count(utf8.RuneCountInString(value), "character"))
		}
		fmt.Fprintf(&b, "  %-9s  %s: %s\n", label, printable(name), printable(value))
	}
	fmt.Fprintf(&b, "body, %s:\n%s", count(len(d.Body), "byte"), bodyText(d.Body))
	_, err := io.WriteString(w, b.String())
	return err
}

// hexMost is how much is shown of a body that is no text, in bytes.
const hexMost = 1 << 10

// bodyText is a body as a terminal can show it.
func bodyText(body []byte) string {
	if body = masked(body); utf8.Valid(body) {
		return strings.TrimSuffix(escaped(string(body)), "\n") + "\n"
	}
	if len(body) <= hexMost {
		return hex.Dump(body)
	}
	return hex.Dump(body[:hexMost]) + fmt.Sprintf("and %d bytes more: -o json has them all\n", len(body)-hexMost)
}

// namedValue finds a name and its value, a string or a number, in what need not be JSON as a whole.
var namedValue = regexp.MustCompile(`("(?:[^"\\]|\\.)*")(\s*:\s*)("(?:[^"\\]|\\.)*"?|[0-9.eE+-]+)`)

// masked is a text without the values of stream keys.
func masked(text []byte) []byte {
	return namedValue.ReplaceAllFunc(text, func(found []byte) []byte {
		m := namedValue.FindSubmatch(found)
		name := string(m[1])
		_ = json.Unmarshal(m[1], &name) // with escapes it may be spelt in many ways
		if !normalize.IsStreamKey(name) {
			return found
		}
		return slices.Concat(m[1], m[2], []byte(`"***"`))
	})
}
