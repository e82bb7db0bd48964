package main

import (
	_ "embed"
	"fmt"
	"io"
	"math"
	"os"
	"text/template"
)

// Sizes of the plot, in its own units.
const (
	panelWidth, panelHeight = 340.0, 200.0
	marginLeft, marginTop   = 60.0, 62.0
	gapX, gapY              = 70.0, 76.0
)

//go:embed plot.svg
var plotText string

var plotTemplate = template.Must(template.New("plot").Parse(plotText))

// panel is one row of the plot: throughput and p99 of the same runs.
type panel struct {
	title string
	pairs []pair
}

// draw keeps what the plot shows.
func (b *bench) draw(title string, pairs []pair) { b.drawn = append(b.drawn, panel{title, pairs}) }

func (b *bench) plot() error {
	if b.options.plot == "" || len(b.drawn) == 0 {
		return nil
	}
	f, err := os.Create(b.options.plot)
	if err != nil {
		return err
	}
	defer f.Close()
	return plot(f, b.drawn)
}

// drawing is what the template needs.
type drawing struct {
	Width, Height float64
	Legend        []key
	Charts        []chart
}

// key explains a line.
type key struct {
	X           float64
	Class, Text string
}

// chart is one diagram: its place, axes and lines.
type chart struct {
	X, Y, Width, Height float64
	Title, Unit         string
	Across, Up          []mark
	Lines               []line
}

// mark is a place on an axis.
type mark struct {
	At   float64
	Text string
}

type line struct {
	Class  string
	Points []point
}

type point struct {
	X, Y float64
	Text string
}

// plot writes an SVG: for each panel a row with two charts.
func plot(w io.Writer, panels []panel) error {
	d := drawing{
		Width:  marginLeft + 2*panelWidth + gapX + 20,
		Height: marginTop + float64(len(panels))*(panelHeight+gapY),
		Legend: []key{
			{marginLeft, "a", ours.name}, {marginLeft + 130, "a signed", ours.name + ", signed"},
			{marginLeft + 310, "b", plain.name}, {marginLeft + 410, "b signed", plain.name + ", signed"},
		},
	}
	for i, p := range panels {
		y := marginTop + float64(i)*(panelHeight+gapY)
		for j, q := range []quantity{rate, tail} {
			c := newChart(p.pairs, q)
			c.X, c.Y, c.Title = marginLeft+float64(j)*(panelWidth+gapX), y, p.title
			d.Charts = append(d.Charts, c)
		}
	}
	return plotTemplate.Execute(w, d)
}

// newChart draws a quantity against connections, whose axis is logarithmic.
func newChart(pairs []pair, q quantity) chart {
	c := chart{Width: panelWidth, Height: panelHeight, Unit: q.title}
	least, most, highest := math.Inf(1), 1.0, 0.0
	for _, p := range pairs {
		least, most = min(least, float64(p.connections)), max(most, float64(p.connections))
		highest = max(highest, middle(p.a, q.of), middle(p.b, q.of))
	}
	step := stepOf(highest)
	top := math.Ceil(highest/step) * step
	across := func(n int) float64 {
		if least == most {
			return panelWidth / 2
		}
		return panelWidth * (math.Log(float64(n)) - math.Log(least)) / (math.Log(most) - math.Log(least))
	}
	up := func(v float64) float64 { return panelHeight * (1 - v/top) }
	for i := 0; float64(i)*step <= top+step/2; i++ {
		c.Up = append(c.Up, mark{up(float64(i) * step), markText(float64(i) * step)})
	}
	seen := map[int]bool{}
	for _, p := range pairs {
		if !seen[p.connections] {
			seen[p.connections] = true
			c.Across = append(c.Across, mark{across(p.connections), fmt.Sprint(p.connections)})
		}
	}
	c.Lines = linesOf(pairs, func(n int, v float64) point { return point{across(n), up(v), q.text(v)} }, q)
	return c
}

// linesOf are two lines for each kind of webhooks: those of the first side and of the second.
func linesOf(pairs []pair, at func(n int, v float64) point, q quantity) (lines []line) {
	for _, side := range []struct {
		class string
		of    func(pair) []result
	}{{"a", func(p pair) []result { return p.a }}, {"b", func(p pair) []result { return p.b }}} {
		for _, kind := range []string{"unsigned", "signed"} {
			l := line{Class: side.class}
			if kind == "signed" {
				l.Class += " signed"
			}
			for _, p := range pairs {
				if p.labels[0] == kind {
					l.Points = append(l.Points, at(p.connections, middle(side.of(p), q.of)))
				}
			}
			if len(l.Points) > 0 {
				lines = append(lines, l)
			}
		}
	}
	return lines
}

// stepOf is 1, 2 or 5 times a power of ten, so that an axis has three to seven marks up to highest.
func stepOf(highest float64) float64 {
	if highest <= 0 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(highest/3)))
	for _, m := range []float64{1, 2, 5} {
		if highest/(m*power) <= 6 {
			return m * power
		}
	}
	return 10 * power
}

// markText writes a mark: a round number.
func markText(v float64) string {
	if v == math.Trunc(v) {
		return whole(v)
	}
	return fmt.Sprintf("%.2g", v)
}
