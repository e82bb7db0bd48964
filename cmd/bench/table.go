package main

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// table is a table in Markdown.
type table struct {
	head []string
	rows [][]string
}

func (t table) print(w io.Writer) {
	dashes := make([]string, len(t.head))
	for i := range dashes {
		dashes[i] = "---"
	}
	for _, row := range append([][]string{t.head, dashes}, t.rows...) {
		fmt.Fprintf(w, "| %s |\n", strings.Join(row, " | "))
	}
}

// quantities are what a run measures, beside its rate: the titles of the columns, and their values.
var quantities = []struct {
	title string
	of    func(result) float64
	text  func(float64) string
}{
	{"p50 ms", func(r result) float64 { return milliseconds(r.p50) }, digits},
	{"p99 ms", func(r result) float64 { return milliseconds(r.p99) }, digits},
	{"max ms", func(r result) float64 { return milliseconds(r.most) }, digits},
	{"relay's CPU, µs a webhook", func(r result) float64 { return milliseconds(r.processor) * 1000 }, digits},
	{"relay's peak RSS, MB", func(r result) float64 { return float64(r.memory) / 1e6 }, digits},
}

// rate and tail are the quantities that the rest leans on.
func rate(r result) float64 { return r.rate }
func tail(r result) float64 { return milliseconds(r.p99) }

// compared is a table of pairs: both values in each cell, and the ratio of the rates.
func compared(labels []string, a, b string, pairs []pair) table {
	t := table{head: append(append([]string{}, labels...), a+"/s", b+"/s", a+" ÷ "+b)}
	for _, q := range quantities {
		t.head = append(t.head, q.title)
	}
	for _, p := range pairs {
		mid, least, most := p.ratio(rate)
		row := append(append([]string{}, p.labels...), whole(middle(p.a, rate)), whole(middle(p.b, rate)),
			fmt.Sprintf("%.2f (%.2f to %.2f)", mid, least, most))
		for _, q := range quantities {
			row = append(row, q.text(middle(p.a, q.of))+" / "+q.text(middle(p.b, q.of)))
		}
		t.rows = append(t.rows, row)
	}
	return t
}

// single is a table of one side alone.
func single(labels []string, rows []pair) table {
	t := table{head: append(append([]string{}, labels...), "webhooks/s")}
	for _, q := range quantities {
		t.head = append(t.head, q.title)
	}
	for _, p := range rows {
		row := append(append([]string{}, p.labels...), whole(middle(p.a, rate)))
		for _, q := range quantities {
			row = append(row, q.text(middle(p.a, q.of)))
		}
		t.rows = append(t.rows, row)
	}
	return t
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// digits writes a value with three digits that count; what is not known is a dash.
func digits(v float64) string {
	switch {
	case v <= 0:
		return "–"
	case v < 10:
		return fmt.Sprintf("%.2f", v)
	case v < 100:
		return fmt.Sprintf("%.1f", v)
	}
	return whole(v)
}

// whole writes a value as a whole number, its thousands apart.
func whole(v float64) string {
	text := fmt.Sprintf("%.0f", v)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
