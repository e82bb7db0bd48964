package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/meetbus/meetbus/config"
	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/relay"
)

func newCheck() *cobra.Command {
	var o checkOptions
	cmd := &cobra.Command{
		Use:   "check [PAYLOAD.json]",
		Short: "Check a configuration, or show what one payload would become",
		Long: "Check a configuration: every fault with its place, and what is allowed but may be a mistake. --nats asks a server too, and\n" +
			"changes nothing there. With a payload (- is standard input), show the event that it would become at an endpoint, the rule\n" +
			"that matches and the subject; nothing is published, and no signature is checked.",
		Example: `  meetbus check -c meetbus.yaml
  meetbus check -c meetbus.yaml --nats nats://127.0.0.1:4222
  meetbus check -c meetbus.yaml payload.json --endpoint dyte`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("check takes one payload at most, and got %d: %q", len(args), args)
			}
			if len(args) == 1 && o.file == "" && (strings.HasSuffix(args[0], ".yaml") || strings.HasSuffix(args[0], ".yml")) {
				return usagef("%s looks like a configuration: meetbus check -c %s", args[0], args[0])
			}
			if len(args) == 0 && o.endpoint != "" {
				return usagef("--endpoint says where a payload would come in: name the payload's file, too")
			}
			return o.run(cmd, args)
		},
	}
	flags := cmd.Flags()
	addConfig(flags, &o.file)
	flags.StringVar(&o.url, "nats", "", "`URL` of a NATS server to ask, too; several by commas")
	flags.StringVar(&o.credentials, "creds", "", "credentials `file` for it")
	flags.StringVar(&o.endpoint, "endpoint", "", "`name` of the endpoint that the payload would come to")
	_ = cmd.RegisterFlagCompletionFunc("endpoint", o.completeEndpoints)
	return cmd
}

// completeEndpoints completes the names of the configuration's endpoints.
func (o *checkOptions) completeEndpoints(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	c, _, err := loadConfig(o.file)
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var names []string
	for _, e := range c.Endpoints {
		names = append(names, e.Name)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

type checkOptions struct {
	connection
	endpoint string
}

func (o checkOptions) run(cmd *cobra.Command, args []string) error {
	c, named, err := loadConfig(o.file)
	if err != nil {
		return err
	}
	table, err := c.Table()
	if err != nil {
		return usageError{err}
	}
	out := cmd.OutOrStdout()
	if len(args) == 1 {
		body, err := readPayload(args[0], cmd.InOrStdin(), int64(c.HTTP.MaxBody))
		if err != nil {
			return err
		}
		return foresee(out, c, o.endpoint, body)
	}
	what := "the default configuration"
	if named {
		what = cmp.Or(o.file, os.Getenv("MEETBUS_CONFIG"))
	}
	fmt.Fprintf(out, "%s is valid: %s, %s, %s\n", printable(what),
		count(len(c.Endpoints), "endpoint"), count(len(c.Subjects.Rules), "rule"), count(len(table.Subjects()), "subject"))
	for _, warning := range c.Warnings() {
		fmt.Fprintln(out, "warning:", printable(warning))
	}
	if o.url == "" {
		return nil
	}
	return checkServer(cmd.Context(), out, o.connection, c, table)
}

func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// readPayload reads a body as a relay does: not more of it than that takes.
func readPayload(file string, stdin io.Reader, limit int64) ([]byte, error) {
	from := stdin
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, usagef("read the payload: %w", err)
		}
		defer f.Close()
		from = f
	}
	body, err := io.ReadAll(io.LimitReader(from, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read the payload: %w", err)
	}
	if int64(len(body)) > limit {
		return nil, fmt.Errorf("the payload is larger than http.max_body, %d bytes: the relay would answer 413", limit)
	}
	return body, nil
}

// foresee writes what would become of a body. It fails if that is no event.
func foresee(w io.Writer, c config.Config, name string, body []byte) error {
	endpoint, err := endpointNamed(c, name)
	if err != nil {
		return err
	}
	r, err := relayOf(c, nil)
	if err != nil {
		return err
	}
	f, err := r.Foresee(endpoint, nil, body)
	if err != nil {
		return err
	}
	switch {
	case f.Status != 200:
		return fmt.Errorf("endpoint %s would answer %d: %s", endpoint.Name, f.Status, f.Why)
	case f.Reason != "":
		return fmt.Errorf("signed, it would become a dead letter (%s) on %s: %s", f.Reason, f.Decision.Subject, f.Why)
	}
	return writeForesight(w, c, endpoint, f)
}

func endpointNamed(c config.Config, name string) (*relay.Endpoint, error) {
	all, err := endpointsOf(c, nil)
	if err != nil {
		return nil, err
	}
	var names []string
	for i := range all {
		if all[i].Name == name || name == "" && len(all) == 1 {
			return &all[i], nil
		}
		names = append(names, all[i].Name)
	}
	if name == "" {
		return nil, usagef("at which endpoint would it come in? --endpoint is %s", alternatives(names))
	}
	return nil, usagef("there is no endpoint %q: there is %s", name, alternatives(names))
}

func writeForesight(w io.Writer, c config.Config, endpoint *relay.Endpoint, f relay.Foresight) error {
	e := f.Event
	rule, subject, stream := "subjects.default", f.Decision.Subject, c.Stream.Name
	if f.Decision.Rule >= 0 {
		rule = fmt.Sprintf("subjects.rules[%d]", f.Decision.Rule)
	}
	for _, failed := range f.Decision.Failed {
		rule += fmt.Sprintf("; the condition of subjects.rules[%d] cannot be told of it", failed)
	}
	if f.Decision.Drop {
		subject, stream = "none: the rule drops it", "none"
	}
	for _, row := range [][2]string{
		{"endpoint", endpoint.Name}, {"event", e.Provider + " " + e.ProviderType}, {"type", e.Type}, {"rule", rule},
		{"subject", subject}, {"stream", stream}, {"id", identity(e, endpoint)},
	} {
		fmt.Fprintf(w, "%-9s %s\n", row[0], printable(row[1]))
	}
	if f.Decision.Drop {
		return nil
	}
	return writeMessage(w, f)
}

// identity says what an event is recognised by when it comes again.
func identity(e *normalize.Event, endpoint *relay.Endpoint) string {
	at := slices.IndexFunc(endpoint.Signers, func(s relay.Signer) bool { return s.Provider.Name == e.Provider })
	switch {
	case e.Identified:
		return e.ID
	case endpoint.NoDedupe || at < 0 || len(endpoint.Signers[at].Provider.Headers.Delivery) == 0:
		return "a fresh one for each delivery: nothing tells a retry from a new occurrence"
	}
	return "what comes in the header " + strings.Join(endpoint.Signers[at].Provider.Headers.Delivery, " or ")
}

// writeMessage writes the message as it would be stored, with its headers where those are the event's attributes. JSON is laid out.
func writeMessage(w io.Writer, f relay.Foresight) error {
	if len(f.Header) > 1 {
		for _, name := range slices.Sorted(maps.Keys(f.Header)) {
			fmt.Fprintf(w, "%s: %s\n", name, strings.Join(f.Header[name], ", "))
		}
	}
	var b bytes.Buffer
	if err := json.Indent(&b, f.Data, "", "  "); err != nil {
		return err
	}
	b.WriteByte('\n')
	_, err := io.WriteString(w, escaped(b.String()))
	return err
}

// escaped writes what could steer a terminal as JSON can, too, in laid out JSON: such characters are only in its strings.
func escaped(text string) string {
	var b strings.Builder
	for _, r := range text {
		if r == '\n' || !unprintable(r) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}
