package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/meetbus/meetbus/cmd/internal/markdown"
)

// quantity is something that a run measures.
type quantity struct {
	title string
	of    func(result) float64
	text  func(float64) string
}

var (
	rate = quantity{"webhooks/s", func(r result) float64 { return r.rate }, whole}
	tail = quantity{"p99 ms", func(r result) float64 { return milliseconds(r.p99) }, digits}
	rest = []quantity{
		{"p50 ms", func(r result) float64 { return milliseconds(r.p50) }, digits},
		tail,
		{"p99.9 ms", func(r result) float64 { return milliseconds(r.p999) }, digits},
		{"max ms", func(r result) float64 { return milliseconds(r.most) }, digits},
		{"CPU of the relay, µs a webhook", func(r result) float64 { return milliseconds(r.processor) * 1000 }, digits},
		{"peak RSS of the relay, MB", func(r result) float64 { return float64(r.memory) / 1e6 }, digits},
		{"% queued in the outbox", func(r result) float64 { return r.queued * 100 }, digits},
		{"most in the outbox", func(r result) float64 { return float64(r.held) }, whole},
		{"s until it was empty", func(r result) float64 { return r.empty.Seconds() }, seconds},
		{"errors", func(r result) float64 { return float64(r.failed) }, digits},
	}
)

// seen are those of the rest that any of the runs knows of.
func seen(pairs []pair) []quantity {
	var all []result
	for _, p := range pairs {
		all = append(append(all, p.a...), p.b...)
	}
	return slices.DeleteFunc(slices.Clone(rest), func(q quantity) bool {
		return !slices.ContainsFunc(all, func(r result) bool { return q.of(r) > 0 })
	})
}

// comparison is pairs, and what is said of them.
type comparison struct {
	// labels are the titles of the pairs' labels, a and b the sides.
	labels []string
	a, b   string
	// by is what the ratio is of.
	by    quantity
	pairs []pair
}

// table has both medians in each cell, and the ratio.
func (c comparison) table() markdown.Table {
	ratio := c.a + " ÷ " + c.b
	if c.by.title != rate.title {
		ratio += ", " + c.by.title
	}
	t, quantities := markdown.Table{Head: slices.Concat(c.labels, []string{c.a + "/s", c.b + "/s", ratio})}, seen(c.pairs)
	for _, q := range quantities {
		t.Head = append(t.Head, q.title)
	}
	for _, p := range c.pairs {
		mid, least, most := p.ratio(c.by.of)
		row := slices.Concat(p.labels, []string{
			whole(middle(p.a, rate.of)), whole(middle(p.b, rate.of)), fmt.Sprintf("%.2f (%.2f to %.2f)", mid, least, most),
		})
		for _, q := range quantities {
			row = append(row, q.text(middle(p.a, q.of))+" / "+q.text(middle(p.b, q.of)))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// single is a table of one side alone: of each pair, the first.
func single(labels []string, pairs []pair) markdown.Table {
	quantities := append([]quantity{rate}, seen(pairs)...)
	t := markdown.Table{Head: slices.Clone(labels)}
	for _, q := range quantities {
		t.Head = append(t.Head, q.title)
	}
	for _, p := range pairs {
		row := slices.Clone(p.labels)
		for _, q := range quantities {
			row = append(row, q.text(middle(p.a, q.of)))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// seconds writes a time in seconds, of what may never have come.
func seconds(v float64) string {
	if v >= never.Seconds() {
		return "not in this run"
	}
	return digits(v)
}

// digits writes a value with three digits that count.
func digits(v float64) string {
	switch {
	case v == 0:
		return "0"
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
