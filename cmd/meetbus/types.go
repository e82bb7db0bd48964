package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/relay/route"
	"github.com/meetbus/meetbus/schemas"
)

func newTypes() *cobra.Command {
	var file, output string
	cmd := &cobra.Command{
		Use:   "types",
		Short: "List the types of event, and the subjects that they have",
		Long: "List the events of every provider, the types that they become, and the subjects that they can have with the rules of a\n" +
			"configuration: * stands for a token that depends on the event. schema names the JSON Schema of the data.",
		Example: `  meetbus types
  meetbus types -c meetbus.yaml
  meetbus types -o json | jq -r '.[].subjects[]' | sort -u`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkOutput(output, "table"); err != nil {
				return err
			}
			c, _, err := loadConfig(file)
			if err != nil {
				return err
			}
			table, err := c.Table()
			if err != nil {
				return usageError{err}
			}
			rows := typeRows(table, c.Envelope())
			if output == "json" {
				return writeIndented(cmd.OutOrStdout(), rows)
			}
			return writeTable(cmd.OutOrStdout(), rows)
		},
	}
	addConfig(cmd.Flags(), &file)
	addOutput(cmd, &output, "table")
	return cmd
}

// typeRow is one event of one provider.
type typeRow struct {
	Provider string   `json:"provider"`
	Event    string   `json:"event"`
	Type     string   `json:"type"`
	Subjects []string `json:"subjects"`
	// Dropped says that a rule may drop it.
	Dropped bool   `json:"dropped,omitempty"`
	Schema  string `json:"schema"`
}

// typeRows lists the events that have a type in the catalogue, by provider, and then for each provider all others.
func typeRows(table *route.Table, envelope schemas.Envelope) []typeRow {
	var rows, others []typeRow
	for _, p := range normalize.Providers() {
		seen := map[string]bool{}
		for _, s := range normalize.Samples() {
			if s.Provider.Name == p.Name && !seen[s.Event] {
				seen[s.Event] = true
				rows = append(rows, typeRow{Event: s.Event, Type: s.Type}.in(p, table, envelope))
			}
		}
		others = append(others, typeRow{Event: "any other", Type: p.Name + ".<its own name>"}.in(p, table, envelope))
	}
	return append(rows, others...)
}

func (r typeRow) in(provider normalize.Provider, table *route.Table, envelope schemas.Envelope) typeRow {
	r.Provider = provider.Name
	r.Subjects = []string{}
	for _, d := range table.Possible(provider.Known(r.Event, r.Type)) {
		switch {
		case d.Drop:
			r.Dropped = true
		case !slices.Contains(r.Subjects, d.Subject):
			r.Subjects = append(r.Subjects, d.Subject)
		}
	}
	schema, _ := schemas.AttributeNamed("dataschema")
	r.Schema = schema.Of(envelope, &schemas.Event{Type: r.Type})
	return r
}

func writeTable(w io.Writer, rows []typeRow) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "PROVIDER\tEVENT\tTYPE\tSUBJECT\tSCHEMA")
	for _, r := range rows {
		subjects := r.Subjects
		if r.Dropped {
			subjects = append(slices.Clone(subjects), "(dropped)")
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", r.Provider, r.Event, r.Type, strings.Join(subjects, ", "), r.Schema)
	}
	return t.Flush()
}
