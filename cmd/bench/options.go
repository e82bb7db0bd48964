package main

import (
	"flag"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

type options struct {
	scenarios     []scenario
	rounds        int
	during, warm  time.Duration
	connections   []int
	ids, messages int
	rate          int
	plot          string
	profiles, dir string
}

func parse(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	names := flags.String("run", "", "scenarios, by commas (default "+strings.Join(namesOf(quick()), ",")+"):\n"+described())
	flags.IntVar(&o.rounds, "rounds", 0, "runs of each side (default 5; latency 3, soak and recover 1)")
	flags.DurationVar(&o.during, "for", 0, "time of one run (default 3s; memory 6s, recover 30s, latency 60s, soak 10m)")
	flags.DurationVar(&o.warm, "warm", time.Second, "time before it that is not measured")
	connections := flags.String("connections", "", "connections of closed loops, by commas, instead of the scenario's")
	flags.IntVar(&o.rate, "rate", 0, "latency, soak, recover: webhooks a second, instead of half of the highest rate")
	flags.IntVar(&o.ids, "ids", 1_000_000, "growth: ids in the duplicate window")
	flags.IntVar(&o.messages, "messages", 10_000_000, "growth: messages in the stream")
	flags.StringVar(&o.plot, "plot", "", "SVG file to draw throughput and p99 against connections in")
	flags.StringVar(&o.profiles, "profile", "", "folder for processor profiles of meetbus, one a run")
	flags.StringVar(&o.dir, "dir", "", "folder for programs, stores and logs, on the disk to be measured (default a temporary one)")
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	if flags.NArg() > 0 {
		return options{}, fmt.Errorf("%s is no flag", flags.Arg(0))
	}
	var err error
	if o.connections, err = numbers(*connections); err != nil {
		return options{}, fmt.Errorf("-connections: %w", err)
	}
	o.scenarios, err = chosen(*names)
	return o, err
}

func namesOf(scenarios []scenario) (names []string) {
	for _, s := range scenarios {
		names = append(names, s.name)
	}
	return names
}

// chosen returns the scenarios with these names.
func chosen(names string) ([]scenario, error) {
	switch names {
	case "":
		return quick(), nil
	case "all":
		return scenarios(), nil
	}
	var found []scenario
	for name := range strings.SplitSeq(names, ",") {
		i := slices.IndexFunc(scenarios(), func(s scenario) bool { return s.name == name })
		if i < 0 {
			return nil, fmt.Errorf("-run %s: there is %s, and all", name, strings.Join(namesOf(scenarios()), ", "))
		}
		found = append(found, scenarios()[i])
	}
	return found, nil
}

// quick are those that run unless others are named.
func quick() []scenario {
	return slices.DeleteFunc(scenarios(), func(s scenario) bool { return !s.quick })
}

func described() string {
	var text strings.Builder
	for _, s := range scenarios() {
		fmt.Fprintf(&text, "%s: %s\n", s.name, s.title)
	}
	return text.String()
}

// numbers reads positive numbers between commas.
func numbers(text string) (all []int, err error) {
	if text == "" {
		return nil, nil
	}
	for field := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(field)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%q is no number above 0", field)
		}
		all = append(all, n)
	}
	return all, nil
}
