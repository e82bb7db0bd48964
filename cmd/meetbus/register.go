package main

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/meetbus/meetbus/normalize"
)

func newRegister() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "register PROVIDER --url URL | PROVIDER list | PROVIDER update ID | PROVIDER remove ID",
		Short: "Register the relay's URL with a provider, through its webhook API",
		Long: "Register the relay's URL with a provider, through its webhook API, as the provider's public documentation describes it.\n" +
			"None of this was tried against a live provider: --dry-run shows the request. VideoSDK has no such API for rooms: the\n" +
			"settings to make are printed.\n\n" +
			"It may be run again: a URL that is registered already is not registered twice, and its events are brought in line. No\n" +
			"file is edited: what belongs in the relay's configuration is printed.",
		Example: `  meetbus register dyte --url https://hooks.example.com/webhooks/dyte --dry-run
  meetbus register realtimekit --url https://hooks.example.com --event 'meeting.*' --event recording.statusUpdate
  meetbus register dyte list`,
		Args: func(_ *cobra.Command, args []string) error { return unregisterable(args) },
		// The flags are the providers': without one that is known, it is the provider that is wrong.
		FParseErrWhitelist: cobra.FParseErrWhitelist{UnknownFlags: true},
		RunE: func(cmd *cobra.Command, _ []string) error {
			return usagef("register with which provider? Try: meetbus register dyte --url https://hooks.example.com/webhooks/dyte")
		},
	}
	for _, p := range normalize.Providers() {
		if api, has := registryAPIs[p.Name]; has {
			cmd.AddCommand(newRegisterAt(p, api))
		} else {
			cmd.AddCommand(newRegisterSettings(p))
		}
	}
	return cmd
}

// unregisterable says what is wrong with a first word that is no provider.
func unregisterable(args []string) error {
	if len(args) == 0 {
		return nil
	}
	switch args[0] {
	case "list", "update", "remove":
		return usagef("the provider comes first: meetbus register dyte %s", strings.Join(args, " "))
	}
	_, err := providerNamed(args[0])
	return err
}

// newRegisterAt returns the command for a provider that has a webhook API.
func newRegisterAt(p normalize.Provider, api registryAPI) *cobra.Command {
	o := &registerOptions{provider: p, api: api}
	cmd := &cobra.Command{
		Use:   p.Name + " --url URL",
		Short: "Register a URL with " + p.Name + ", or bring its registration in line",
		Long: "Register a URL with " + p.Name + ", or bring its registration in line. The credentials are read from\n" + api.variables() +
			" in the environment, or from the file that --credentials names.",
		Example: "  meetbus register " + p.Name + " --url https://hooks.example.com/webhooks/" + p.Name + `
  meetbus register ` + p.Name + ` --url https://hooks.example.com --event 'meeting.*' --credentials ` + p.Name + `.env
  meetbus register ` + p.Name + " list",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return usagef("unknown word %q after %s: there is list, update ID or remove ID; each event has an --event of its own",
				args[0], p.Name)
		},
		RunE: o.running((*registerOptions).register),
	}
	o.addShared(cmd.PersistentFlags())
	o.addWanted(cmd.Flags())
	completeRegister(cmd, p)
	cmd.AddCommand(o.newList(), o.newUpdate(), o.newRemove())
	return cmd
}

func (o *registerOptions) newList() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List what is registered with " + o.provider.Name,
		Example: "  meetbus register " + o.provider.Name + " list",
		Args:    noArguments,
		RunE:    o.running((*registerOptions).list),
	}
}

func (o *registerOptions) newUpdate() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "update ID",
		Short:   "Change the URL, the events or the name of a registration with " + o.provider.Name,
		Example: "  meetbus register " + o.provider.Name + " update 5a3b1e00-0000-4000-8000-000000000001 --event 'meeting.*'",
		Args:    o.oneID("update"),
		RunE:    o.running((*registerOptions).update),
	}
	o.addWanted(cmd.Flags())
	completeRegister(cmd, o.provider)
	return cmd
}

func (o *registerOptions) newRemove() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "remove ID",
		Short:   "Remove a registration with " + o.provider.Name,
		Example: "  meetbus register " + o.provider.Name + " remove 5a3b1e00-0000-4000-8000-000000000001 --yes",
		Args:    o.oneID("remove"),
		RunE:    o.running((*registerOptions).remove),
	}
	cmd.Flags().BoolVarP(&o.yes, "yes", "y", false, "do not ask")
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "show the request, and send nothing")
	return cmd
}

func (o *registerOptions) addShared(flags *pflag.FlagSet) {
	flags.StringVar(&o.file, "credentials", "", "`file` of lines NAME=value with the credentials, which come before the environment's")
	flags.StringVar(&o.base, "api", o.api.base, "`URL` of the API, for white labels and tests")
	flags.StringVarP(&o.output, "output", "o", "text", "`form` of what is printed: text or json")
}

func (o *registerOptions) addWanted(flags *pflag.FlagSet) {
	flags.StringVar(&o.url, "url", "", "public `URL` of the relay's endpoint; without a path it gets /webhooks/"+o.provider.Name)
	flags.StringSliceVar(&o.events, "event", nil, "`event` to get: the provider's name, our type, or a glob of them; can be repeated (default all)")
	flags.StringVar(&o.name, "name", "", "`name` of the registration (default meetbus for a new one)")
	flags.BoolVar(&o.dryRun, "dry-run", false, "show the request, and send nothing")
}

func completeRegister(cmd *cobra.Command, p normalize.Provider) {
	_ = cmd.RegisterFlagCompletionFunc("event", completeWords(namesIn(samplesOf(p))...))
	if cmd.PersistentFlags().Lookup("output") != nil {
		_ = cmd.RegisterFlagCompletionFunc("output", completeWords("text", "json"))
	}
}
