package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/schemas"
)

// providerNames are the providers that there are.
func providerNames() []string {
	var names []string
	for _, p := range normalize.Providers() {
		names = append(names, p.Name)
	}
	return names
}

// typeNames are the types of the catalogue.
func typeNames() []string {
	var names []string
	for _, t := range schemas.Catalogue() {
		names = append(names, t.Name)
	}
	return names
}

// addOutput adds the flag for the form of what a command shows: its usual one, or JSON.
func addOutput(cmd *cobra.Command, output *string, usual string) {
	cmd.Flags().StringVarP(output, "output", "o", usual, fmt.Sprintf("`form`: %s or json", usual))
	_ = cmd.RegisterFlagCompletionFunc("output", completeWords(usual, "json"))
}

// checkOutput refuses another form.
func checkOutput(output, usual string) error {
	if output != usual && output != "json" {
		return usagef("--output is %q: there is %s or json", output, usual)
	}
	return nil
}
