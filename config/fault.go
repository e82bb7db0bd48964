package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Fault is one thing that is wrong with a configuration. An error of Load or Check joins as many as there are. It holds no
// value that came out of ${VAR}.
type Fault struct {
	// File, Line and Column are empty for what no file says.
	File         string
	Line, Column int
	// Path of the setting, as in endpoints[0].verify; empty for a fault of the whole file.
	Path string
	// Message says what is wrong, and what would be right.
	Message string
}

// Error returns place, path and message, as far as there are any.
func (f Fault) Error() string {
	var b strings.Builder
	if f.File != "" {
		fmt.Fprintf(&b, "%s:%d:%d: ", f.File, f.Line, f.Column)
	}
	if f.Path != "" {
		b.WriteString(f.Path + ": ")
	}
	b.WriteString(f.Message)
	return b.String()
}

// inOrder sorts faults by their place in the file, each once.
func inOrder(faults []Fault) []Fault {
	slices.SortStableFunc(faults, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return slices.Compact(faults)
}

func joined(faults []Fault) error {
	errs := make([]error, len(faults))
	for i, f := range faults {
		errs[i] = f
	}
	return errors.Join(errs...)
}
