package main

import (
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
)

// mode is a content mode of CloudEvents, as cloudevents.mode spells it.
type mode string

const (
	structured mode = "structured"
	binary     mode = "binary"
)

// options are the cells to fill.
type options struct {
	subscribers []subscriber
	sdks        []sdk
	modes       []mode
	cases       []content
	// shown is a page that must have the tables.
	shown string
}

func parse(args []string) (o options, err error) {
	flags := flag.NewFlagSet("interop", flag.ContinueOnError)
	subscriberNames := flags.String("subscriber", "", "only these, by commas, of "+listed(subscribers()))
	sdkNames := flags.String("sdk", "", "only these, by commas, of "+listed(sdks()))
	caseNames := flags.String("case", "", "only these, by commas, of "+listed(contents())+"; it is SDKs that read them")
	modeNames := flags.String("mode", "", "this content mode: structured or binary")
	flags.StringVar(&o.shown, "shown", "", "a `page` that must show the tables as they come out")
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	if flags.NArg() > 0 {
		return options{}, fmt.Errorf("%s is no flag", flags.Arg(0))
	}
	if err := errors.Join(
		choose(&o.subscribers, "-subscriber", *subscriberNames, subscribers()), choose(&o.sdks, "-sdk", *sdkNames, sdks()),
		choose(&o.cases, "-case", *caseNames, contents()), choose(&o.modes, "-mode", *modeNames, []mode{structured, binary}),
	); err != nil {
		return options{}, err
	}
	ofSDKs := *sdkNames != "" || *caseNames != ""
	if ofSDKs && *subscriberNames == "" {
		o.subscribers = nil
	}
	if *subscriberNames != "" && !ofSDKs {
		o.sdks = nil // the cases are sent all the same: subscribers must read them, too
	}
	return o, nil
}

// usesNode says whether node runs something of it.
func (o options) usesNode() bool {
	return slices.ContainsFunc(o.subscribers, func(s subscriber) bool { return s.name == "node" }) ||
		slices.ContainsFunc(o.sdks, func(s sdk) bool { return s.name == "js" })
}

// named is something that a flag chooses.
type named interface{ called() string }

func (m mode) called() string { return string(m) }

// choose sets those of all that are called by names; without names, all.
func choose[T named](into *[]T, flag, names string, all []T) error {
	if names == "" {
		*into = all
		return nil
	}
	for name := range strings.SplitSeq(names, ",") {
		i := slices.IndexFunc(all, func(t T) bool { return t.called() == name })
		if i < 0 {
			return fmt.Errorf("%s %s: there is %s", flag, name, listed(all))
		}
		*into = append(*into, all[i])
	}
	return nil
}

func listed[T named](all []T) string {
	var names []string
	for _, t := range all {
		names = append(names, t.called())
	}
	return strings.Join(names, ", ")
}
