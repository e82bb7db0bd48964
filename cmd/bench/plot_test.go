package main

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// TestPlot: it is XML, and has a dot for each value.
func TestPlot(t *testing.T) {
	connections := []int{1, 16, 64, 256}
	var pairs []pair
	for _, kind := range []string{"unsigned", "signed"} {
		for _, n := range connections {
			pairs = append(pairs, pair{labels: []string{kind, "beside", fmt.Sprint(n)}, connections: n, a: rates(float64(100 * n)), b: rates(float64(200 * n))})
		}
	}
	var out strings.Builder
	if err := plot(&out, []panel{{"synced & so on", pairs}, {"once", pairs[:1]}}); err != nil {
		t.Fatal(err)
	}
	dots := 0
	for d := xml.NewDecoder(strings.NewReader(out.String())); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, out.String())
		}
		if start, is := token.(xml.StartElement); is && start.Name.Local == "circle" {
			dots++
		}
	}
	// Two charts a panel, two sides a pair.
	if want := 2 * 2 * (len(pairs) + 1); dots != want {
		t.Errorf("%d dots, want %d", dots, want)
	}
	for _, bad := range []string{"NaN", "Inf"} {
		if strings.Contains(out.String(), bad) {
			t.Errorf("%s in\n%s", bad, out.String())
		}
	}
}

func TestStepOf(t *testing.T) {
	for highest, want := range map[float64]float64{0: 1, 0.7: 0.2, 3: 1, 6: 1, 11: 2, 57: 10, 15_000: 5000, 9999: 2000} {
		if got := stepOf(highest); got < want*0.999 || got > want*1.001 {
			t.Errorf("up to %v in steps of %v, want %v", highest, got, want)
		}
	}
}
