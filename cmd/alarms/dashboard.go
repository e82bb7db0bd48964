package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"time"
)

const dashboardFile = "deploy/grafana/meetbus.json"

// asked is a query of the dashboard, and how many series Prometheus has for it.
type asked struct {
	panel, query string
	series       int
}

// askDashboard asks Prometheus everything that the dashboard does, for all relays over the time of the run.
func askDashboard(ctx context.Context, p *prometheus, over time.Duration) ([]asked, error) {
	text, err := os.ReadFile(dashboardFile)
	if err != nil {
		return nil, err
	}
	var d struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
		Templating struct {
			List []struct{ Name, Definition string }
		}
	}
	if err := json.Unmarshal(text, &d); err != nil {
		return nil, err
	}
	fill := strings.NewReplacer("$job", ".*", "$instance", ".*", "$__rate_interval", "1m", "$__range", fmt.Sprintf("%ds", int(over.Seconds())))
	var all []asked
	for _, v := range d.Templating.List {
		if query, ok := strings.CutPrefix(v.Definition, "label_values("); ok { // label_values(series, label)
			at := strings.LastIndex(query, ",")
			all = append(all, asked{panel: "variable " + v.Name, query: fmt.Sprintf("count by (%s) (%s)", strings.Trim(query[at+1:], " )"), query[:at])})
		}
	}
	for _, panel := range d.Panels {
		for _, target := range panel.Targets {
			all = append(all, asked{panel: panel.Title, query: target.Expr})
		}
	}
	for i := range all {
		found, err := p.query(ctx, fill.Replace(all[i].query))
		if err != nil {
			return nil, fmt.Errorf("panel %s: %w", all[i].panel, err)
		}
		found = slices.DeleteFunc(found, func(s sample) bool { return math.IsNaN(s.value) })
		all[i].series = len(found)
	}
	return all, nil
}
