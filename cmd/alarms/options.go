package main

import (
	"errors"
	"flag"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// options are what is played, and how.
type options struct {
	scenes []scene
	// speed is by what the rules that look back for an hour or more are shortened.
	speed int
	// quiet is how long nothing is wrong before the faults.
	quiet time.Duration
	// prometheus and promtool are the programs.
	prometheus, promtool string
}

func parse(args []string) (o options, err error) {
	flags := flag.NewFlagSet("alarms", flag.ContinueOnError)
	only := flags.String("only", "", "only these `alerts`, by commas")
	folder := flags.String("prometheus", "", "the `folder` of prometheus and promtool, if they are not in PATH")
	flags.IntVar(&o.speed, "speed", 20, "by what the rules that look back for an hour or more are shortened")
	flags.DurationVar(&o.quiet, "quiet", time.Minute, "how long there is good traffic before the faults")
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	if flags.NArg() > 0 {
		return options{}, fmt.Errorf("%s is no flag", flags.Arg(0))
	}
	if o.speed < 1 {
		return options{}, errors.New("-speed must be at least 1")
	}
	if o.prometheus, err = find(*folder, "prometheus"); err != nil {
		return options{}, err
	}
	if o.promtool, err = find(*folder, "promtool"); err != nil {
		return options{}, err
	}
	o.scenes, err = choose(*only)
	return o, err
}

func find(folder, program string) (string, error) {
	path, err := exec.LookPath(filepath.Join(folder, program))
	if err != nil {
		return "", fmt.Errorf("%s is wanted (-prometheus FOLDER says where; Debian's package prometheus has it): %w", program, err)
	}
	return path, nil
}

// choose returns the scenes of the alerts that are named, or all.
func choose(only string) ([]scene, error) {
	if only == "" {
		return scenes(), nil
	}
	var chosen []scene
	for _, alert := range strings.Split(only, ",") {
		i := slices.IndexFunc(scenes(), func(s scene) bool { return s.alert == alert })
		if i < 0 {
			return nil, fmt.Errorf("-only: there is no alert %s", alert)
		}
		chosen = append(chosen, scenes()[i])
	}
	return chosen, nil
}
