package main

import (
	"strings"
	"testing"
	"time"
)

func rates(values ...float64) (results []result) {
	for _, v := range values {
		results = append(results, result{rate: v, p99: time.Duration(1e9 / v)})
	}
	return results
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   float64
	}{{[]float64{7}, 7}, {[]float64{9, 1, 5}, 5}, {[]float64{4, 1, 3, 2}, 2.5}} {
		before := append([]float64{}, c.values...)
		if got := median(c.values); got != c.want {
			t.Errorf("median of %v is %v, want %v", before, got, c.want)
		}
		if c.values[0] != before[0] {
			t.Errorf("median has sorted its argument: %v", c.values)
		}
	}
}

// TestRatio: the median of the ratios, and not the ratio of the medians.
func TestRatio(t *testing.T) {
	p := pair{a: rates(10, 40, 90), b: rates(20, 20, 30)}
	if mid, least, most := p.ratio(rate.of); mid != 2 || least != 0.5 || most != 3 {
		t.Errorf("%v (%v to %v)", mid, least, most)
	}
}

func TestTable(t *testing.T) {
	var out strings.Builder
	pairs := []pair{{labels: []string{"signed", "16"}, a: rates(1000, 2000, 1500), b: rates(2000, 2000, 2000)}}
	comparison{labels: []string{"webhooks", "connections"}, a: "meetbus", b: "bare", by: rate, pairs: pairs}.table().Print(&out)
	// What no run knows of has no column.
	want := "| webhooks | connections | meetbus/s | bare/s | meetbus ÷ bare | p99 ms |\n" +
		"| --- | --- | --- | --- | --- | --- |\n" +
		"| signed | 16 | 1,500 | 2,000 | 0.75 (0.50 to 1.00) | 0.67 / 0.50 |\n"
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
	out.Reset()
	single([]string{"side", "connections"}, pairs).Print(&out)
	if !strings.Contains(out.String(), "| signed | 16 | 1,500 | 0.67 |\n") {
		t.Errorf("got\n%s", out.String())
	}
}

func TestNumbers(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 0.1234: "0.12", 12.34: "12.3", 123.4: "123", 1234: "1,234", 12345678: "12,345,678"} {
		if got := digits(v); got != want {
			t.Errorf("%v is %s, want %s", v, got, want)
		}
	}
}

func TestTicks(t *testing.T) {
	const stat = "4711 (a ) (b) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20 0"
	if got, ok := ticksIn(stat); !ok || got != 2*time.Second {
		t.Errorf("got %s, %v", got, ok)
	}
	for _, broken := range []string{"", "4711 (a) S 1", "1 (a) S 1 2 3 4 5 6 7 8 9 10 x 50"} {
		if _, ok := ticksIn(broken); ok {
			t.Errorf("%q is read", broken)
		}
	}
}

func TestChosen(t *testing.T) {
	for names, want := range map[string]string{
		"": "throughput,always,memory", "latency,growth": "latency,growth", "all": "throughput,byhand,always,slowsync,latency,soak,recover,memory,growth",
	} {
		got, err := chosen(names)
		if err != nil || strings.Join(namesOf(got), ",") != want {
			t.Errorf("%q: %v, %v", names, namesOf(got), err)
		}
	}
	if _, err := chosen("speed"); err == nil || !strings.Contains(err.Error(), "throughput") {
		t.Errorf("an unknown scenario: %v", err)
	}
}
