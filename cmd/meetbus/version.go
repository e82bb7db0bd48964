package main

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

// Set by -ldflags "-X main.version=… -X main.commit=… -X main.date=…"; what is not set, the build information may know.
var version, commit, date string

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Say which meetbus this is",
		Example: "  meetbus version",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), build())
			return err
		},
	}
}

// build names the version, the commit and its date, the Go version and the platform.
func build() string {
	c, d := source()
	return strings.Join([]string{
		"meetbus " + release(), "commit " + c, "date " + d, runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH,
	}, ", ")
}

// source is the commit that this was built from, and its date.
func source() (c, d string) {
	c, d = commit, date
	if info, ok := debug.ReadBuildInfo(); ok {
		c = cmp.Or(c, setting(info, "vcs.revision"))
		d = cmp.Or(d, setting(info, "vcs.time"))
	}
	return cmp.Or(c, "unknown"), cmp.Or(d, "unknown")
}

// release is the version.
func release() string {
	v := version
	if info, ok := debug.ReadBuildInfo(); ok {
		v = cmp.Or(v, info.Main.Version)
	}
	return cmp.Or(v, "(devel)")
}

func setting(info *debug.BuildInfo, key string) string {
	for _, s := range info.Settings {
		if s.Key == key {
			return s.Value
		}
	}
	return ""
}
