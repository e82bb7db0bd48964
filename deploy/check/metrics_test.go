// Package check tests what is in deploy: that the alerts and the dashboard ask for metrics that a relay has, and that the runbook tells
// of them. It is a module of its own, so that nobody who builds or tests meetbus needs the parsers of Prometheus.
package check

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// metric is one that a relay shows, as docs/metrics.md has it: that page is compared with real relays by a test in cmd/meetbus.
type metric struct {
	kind   string
	labels map[string]bool
}

// vocabulary is what can be asked of a relay: its series, and the values of the labels that have a few words only.
type vocabulary struct {
	series map[string]metric
	words  map[string]map[string]bool
}

var (
	metricRow = regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (counter|gauge|histogram) \\| (.*?) \\|")
	wordsLine = regexp.MustCompile("(?m)^- `([a-z]+)`: (.*)$")
	quoted    = regexp.MustCompile("`([a-z0-9_]+)`")
)

func readVocabulary(t *testing.T) vocabulary {
	t.Helper()
	page := read(t, "../../docs/metrics.md")
	v := vocabulary{series: map[string]metric{"up": {kind: "gauge", labels: map[string]bool{}}}, words: map[string]map[string]bool{}}
	for _, row := range metricRow.FindAllStringSubmatch(page, -1) {
		m := metric{kind: row[2], labels: wordsIn(row[3])}
		if m.kind != "histogram" {
			v.series[row[1]] = m
			continue
		}
		v.series[row[1]+"_count"], v.series[row[1]+"_sum"] = m, m
		bucket := metric{kind: m.kind, labels: wordsIn(row[3])}
		bucket.labels["le"] = true
		v.series[row[1]+"_bucket"] = bucket
	}
	for _, line := range wordsLine.FindAllStringSubmatch(page, -1) {
		v.words[line[1]] = wordsIn(line[2])
	}
	if len(v.series) < 20 || len(v.words) < 3 {
		t.Fatalf("docs/metrics.md gives only %d series and %d lists of words", len(v.series), len(v.words))
	}
	return v
}

func wordsIn(text string) map[string]bool {
	words := map[string]bool{}
	for _, word := range quoted.FindAllStringSubmatch(text, -1) {
		words[word[1]] = true
	}
	return words
}

// has says whether series have a label: of its own, or one that scraping gives to all.
func (m metric) has(label string) bool {
	return label == "job" || label == "instance" || m.labels[label]
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}
