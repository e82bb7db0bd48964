package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/meetbus/meetbus/config"
	"github.com/meetbus/meetbus/normalize"
)

var shells = []string{"bash", "zsh", "fish", "powershell"}

func newCompletion() *cobra.Command {
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Print a script that completes commands in a shell",
		Long: "Print a script that completes commands, flags, providers and events in bash, zsh, fish or powershell. What it prints has\n" +
			"to be read by the shell, each time that it starts.",
		Example: `  meetbus completion bash >/etc/bash_completion.d/meetbus
  meetbus completion zsh >"${fpath[1]}/_meetbus"
  meetbus completion fish >~/.config/fish/completions/meetbus.fish`,
		ValidArgs: shells,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 || !slices.Contains(shells, args[0]) {
				return usagef("completion of which shell? There is %s", alternatives(shells))
			}
			root, out := cmd.Root(), cmd.OutOrStdout()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(out, true)
			case "zsh":
				return root.GenZshCompletion(out)
			case "fish":
				return root.GenFishCompletion(out, true)
			default:
				return root.GenPowerShellCompletionWithDesc(out)
			}
		},
	}
}

// completeSamples completes what trigger takes: a provider, and then its events.
func completeSamples(_ *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	var words []string
	if len(args) == 0 {
		words = providerNames()
	} else {
		words = namesIn(only(normalize.Samples(), func(s normalize.Sample) bool { return s.Provider.Name == args[0] }))
	}
	return slices.DeleteFunc(words, func(w string) bool { return !strings.HasPrefix(w, begun) }), cobra.ShellCompDirectiveNoFileComp
}

// completeWords completes one of a few words.
func completeWords(words ...string) func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return words, cobra.ShellCompDirectiveNoFileComp
	}
}

// completeSubjects completes the subjects of a configuration.
func completeSubjects(cmd *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
	file, _ := cmd.Flags().GetString("config")
	c, _, err := loadConfig(file)
	if err != nil {
		c = config.Default()
	}
	table, err := c.Table()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return slices.DeleteFunc(table.Subjects(), func(s string) bool { return !strings.HasPrefix(s, begun) }), cobra.ShellCompDirectiveNoFileComp
}
