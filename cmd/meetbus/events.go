package main

import (
	"cmp"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/meetbus/meetbus/normalize"
)

// choose returns the samples that args, a provider and its events, ask for; with all, every one of the provider, or of
// everybody. An event is the provider's name or our type, and :STATUS after it picks a status; the first one that fits counts.
func choose(samples []normalize.Sample, args []string, all bool) ([]normalize.Sample, error) {
	switch {
	case all && len(args) == 0:
		return samples, nil
	case all && len(args) > 1:
		return nil, usagef("--all sends every event of %s: leave out %s, or --all", args[0], strings.Join(args[1:], " "))
	case len(args) == 0:
		return nil, usagef("trigger what? Try: meetbus trigger dyte meeting.participantJoined, or meetbus trigger --all")
	}
	provider, err := providerNamed(args[0])
	if err != nil {
		return nil, err
	}
	theirs := only(samples, func(s normalize.Sample) bool { return s.Provider.Name == provider.Name })
	if all {
		return theirs, nil
	}
	if len(args) == 1 {
		return nil, usagef("which event of %s? One or more of %s, or --all", provider.Name, strings.Join(namesIn(theirs), ", "))
	}
	var chosen []normalize.Sample
	for _, event := range args[1:] {
		s, err := chooseOne(theirs, provider.Name, event)
		if err != nil {
			return nil, err
		}
		chosen = append(chosen, s)
	}
	return chosen, nil
}

func providerNamed(name string) (normalize.Provider, error) {
	if p, known := normalize.Lookup(name); known {
		return p, nil
	}
	var names []string
	for _, p := range normalize.Providers() {
		names = append(names, p.Name)
	}
	return normalize.Provider{}, usagef("unknown provider %q: there is %s", name, alternatives(names))
}

func chooseOne(samples []normalize.Sample, provider, event string) (normalize.Sample, error) {
	name, status, picked := strings.Cut(event, ":")
	named := only(samples, func(s normalize.Sample) bool { return s.Event == name || s.Type == name })
	if len(named) == 0 {
		return normalize.Sample{}, usagef("unknown event %q of %s: did you mean %s?",
			name, provider, alternatives(nearest(name, namesIn(samples))))
	}
	if !picked {
		return named[0], nil
	}
	var statuses []string
	for _, s := range named {
		if strings.EqualFold(s.Status, status) {
			return s, nil
		}
		if s.Status != "" {
			statuses = append(statuses, s.Status)
		}
	}
	if len(statuses) == 0 {
		return normalize.Sample{}, usagef("%s of %s has no status: leave out %q", name, provider, ":"+status)
	}
	return normalize.Sample{}, usagef("no sample of %s of %s has status %q: there is %s",
		name, provider, status, alternatives(statuses))
}

func only(samples []normalize.Sample, fits func(normalize.Sample) bool) []normalize.Sample {
	return slices.DeleteFunc(slices.Clone(samples), func(s normalize.Sample) bool { return !fits(s) })
}

// namesIn returns the provider's names of the events, and our types after them, each once.
func namesIn(samples []normalize.Sample) []string {
	var names, types []string
	for _, s := range samples {
		if !slices.Contains(names, s.Event) {
			names = append(names, s.Event)
		}
		if !slices.Contains(types, s.Type) {
			types = append(types, s.Type)
		}
	}
	return append(names, slices.DeleteFunc(types, func(t string) bool { return slices.Contains(names, t) })...)
}

// alternatives lists words as a choice: a, b or c.
func alternatives(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// nearest returns the up to three of words that take the fewest edits to become the misspelt one; upper and lower case are the
// same letter.
func nearest(misspelt string, words []string) []string {
	words = slices.Clone(words)
	edits := func(word string) int {
		return levenshtein.ComputeDistance(strings.ToLower(misspelt), strings.ToLower(word))
	}
	slices.SortStableFunc(words, func(a, b string) int { return cmp.Compare(edits(a), edits(b)) })
	return words[:min(3, len(words))]
}
