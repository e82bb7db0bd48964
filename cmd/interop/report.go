package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/meetbus/meetbus/cmd/internal/markdown"
	"github.com/meetbus/meetbus/schemas"
)

// report is the two tables, and what went wrong in them.
type report struct {
	options options
	// subscribers and cells are the text of the cells, by row and column.
	subscribers, cells map[[2]string]string
	// needed are the remedies that some cell names.
	needed   map[string]bool
	problems []error
}

func newReport(o options) *report {
	return &report{options: o, subscribers: map[[2]string]string{}, cells: map[[2]string]string{}, needed: map[string]bool{}}
}

// subscribed fills a cell of the first table.
func (r *report) subscribed(s subscriber, m mode, types int, err error) {
	all := len(schemas.Catalogue())
	r.subscribers[[2]string{s.name, string(m)}] = fmt.Sprintf("%d of %d", types, all)
	if err == nil && types < all {
		err = fmt.Errorf("it saw %d of %d types", types, all)
	}
	if err != nil {
		r.problems = append(r.problems, fmt.Errorf("subscriber %s, %s: %w", s.name, m, err))
	}
}

// read fills a cell of the second table.
func (r *report) read(s sdk, m mode, c content, out cell) {
	said := "as is"
	switch {
	case len(out.wrong) > 0:
		said = "wrong"
		r.problems = append(r.problems, fmt.Errorf("SDK %s, %s, case %s: %s", s.name, m, c.name, strings.Join(out.wrong, "; ")))
	case out.deadLetter:
		said = "dead letter"
	case len(out.remedies) > 0:
		var names []string
		for _, remedy := range remedies {
			if slices.Contains(out.remedies, remedy.name) {
				names = append(names, remedy.name)
				r.needed[remedy.name] = true
			}
		}
		said = strings.Join(names, ", ")
	}
	r.cells[[2]string{c.name, s.name + string(m)}] = said
}

// print writes the tables. It fails if something went wrong, or the page that must show them does not.
func (r *report) print(out io.Writer) error {
	tables := r.tables()
	if _, err := io.WriteString(out, tables); err != nil {
		return err
	}
	if r.options.shown != "" {
		page, err := os.ReadFile(r.options.shown)
		if err == nil && !strings.Contains(string(page), tables) {
			err = fmt.Errorf("%s does not show this: put it there as it is", r.options.shown)
		}
		r.problems = append(r.problems, err)
	}
	return errors.Join(r.problems...)
}

func (r *report) tables() string {
	var text strings.Builder
	if len(r.options.subscribers) > 0 {
		t := markdown.Table{Head: []string{"subscriber: types of the catalogue seen"}}
		for _, m := range r.options.modes {
			t.Head = append(t.Head, string(m))
		}
		for _, s := range r.options.subscribers {
			row := []string{s.title}
			for _, m := range r.options.modes {
				row = append(row, r.subscribers[[2]string{s.name, string(m)}])
			}
			t.Rows = append(t.Rows, row)
		}
		t.Print(&text)
	}
	if len(r.options.subscribers) > 0 && len(r.options.sdks) > 0 {
		text.WriteByte('\n')
	}
	if len(r.options.sdks) > 0 {
		r.ofSDKs().Print(&text)
	}
	return text.String() + r.legend()
}

// ofSDKs is the second table: a row a case.
func (r *report) ofSDKs() markdown.Table {
	t := markdown.Table{Head: []string{"`-case`", "content"}}
	for _, s := range r.options.sdks {
		for _, m := range r.options.modes {
			t.Head = append(t.Head, s.title+", "+string(m))
		}
	}
	for _, c := range r.options.cases {
		row := []string{"`" + c.name + "`", c.about}
		for _, s := range r.options.sdks {
			for _, m := range r.options.modes {
				row = append(row, r.cells[[2]string{c.name, s.name + string(m)}])
			}
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// legend says what the remedies of the second table are.
func (r *report) legend() string {
	var text strings.Builder
	for _, remedy := range remedies {
		if r.needed[remedy.name] {
			fmt.Fprintf(&text, "\n- %s: %s", remedy.name, remedy.about)
		}
	}
	if text.Len() > 0 {
		text.WriteByte('\n')
	}
	return text.String()
}
