package check

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
)

// TestAlerts: each alert is a good rule, asks for what a relay has, and is explained in the runbook.
func TestAlerts(t *testing.T) {
	v, runbook := readVocabulary(t), read(t, "../../docs/runbook.md")
	groups, faults := rulefmt.Parse([]byte(read(t, "../prometheus/alerts.yml")), false, model.UTF8Validation, parser.NewParser(parser.Options{}), nil)
	for _, fault := range faults {
		t.Error(fault)
	}
	tests := read(t, "../prometheus/alerts_test.yml")
	for _, rule := range groups.Groups[0].Rules {
		t.Run(rule.Alert, func(t *testing.T) {
			v.check(t, rule.Expr)
			if severity := rule.Labels["severity"]; severity != "critical" && severity != "warning" {
				t.Errorf("severity is %q", severity)
			}
			if rule.Annotations["summary"] == "" || rule.Annotations["description"] == "" {
				t.Error("has no summary or no description")
			}
			wantURL := "https://github.com/meetbus/meetbus/blob/main/docs/runbook.md#" + strings.ToLower(rule.Alert)
			if got := rule.Annotations["runbook_url"]; got != wantURL {
				t.Errorf("runbook_url is %s, want %s", got, wantURL)
			}
			if !strings.Contains(runbook, "\n### "+rule.Alert+"\n") {
				t.Error("is not in docs/runbook.md")
			}
			if !strings.Contains(tests, `alertname="`+rule.Alert+`",alertstate="firing",`) {
				t.Error("never fires in alerts_test.yml")
			}
		})
	}
	for _, heading := range regexp.MustCompile(`(?m)^### (Meetbus\w+)$`).FindAllStringSubmatch(runbook, -1) {
		if !strings.Contains(read(t, "../prometheus/alerts.yml"), "alert: "+heading[1]+"\n") {
			t.Errorf("docs/runbook.md tells of %s, which is no alert", heading[1])
		}
	}
}

// dashboard is what of Grafana's model concerns queries.
type dashboard struct {
	Panels []struct {
		Title   string
		Targets []struct {
			Expr       string
			Datasource struct{ UID string }
		}
	}
	Templating struct {
		List []struct{ Name, Definition string }
	}
}

// TestDashboard: each query of the dashboard is PromQL, and asks for what a relay has.
func TestDashboard(t *testing.T) {
	v := readVocabulary(t)
	var d dashboard
	if err := json.Unmarshal([]byte(read(t, "../grafana/meetbus.json")), &d); err != nil {
		t.Fatal(err)
	}
	queries := 0
	for _, panel := range d.Panels {
		for _, target := range panel.Targets {
			queries++
			t.Run(fmt.Sprint(panel.Title, queries), func(t *testing.T) {
				v.check(t, strings.NewReplacer("$__rate_interval", "5m", "$__range", "6h").Replace(target.Expr))
				if target.Datasource.UID != "${datasource}" {
					t.Errorf("datasource is %q, want the variable", target.Datasource.UID)
				}
			})
		}
	}
	if queries < 20 {
		t.Errorf("only %d queries were found", queries)
	}
	values := regexp.MustCompile(`^label_values\((.*), (job|instance)\)$`)
	for _, variable := range d.Templating.List {
		if variable.Name == "datasource" {
			continue
		}
		found := values.FindStringSubmatch(variable.Definition)
		if found == nil {
			t.Fatalf("variable %s is %q", variable.Name, variable.Definition)
		}
		v.check(t, found[1])
	}
}

// check fails if a query is no PromQL, or asks for a series, a label or a value that no relay has.
func (v vocabulary) check(t *testing.T, query string) {
	t.Helper()
	expression, err := parser.NewParser(parser.Options{}).ParseExpr(query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	asked := map[string]bool{}
	parser.Inspect(expression, func(n parser.Node, _ []parser.Node) error {
		if s, ok := n.(*parser.VectorSelector); ok {
			v.checkSelector(t, s, asked)
		}
		return nil
	})
	parser.Inspect(expression, func(n parser.Node, _ []parser.Node) error {
		var names []string
		switch n := n.(type) {
		case *parser.AggregateExpr:
			names = n.Grouping
		case *parser.BinaryExpr:
			if n.VectorMatching != nil {
				names = append(n.VectorMatching.MatchingLabels, n.VectorMatching.Include...)
			}
		}
		for _, name := range names {
			if !asked[name] {
				t.Errorf("%s: no series of it has the label %s", query, name)
			}
		}
		return nil
	})
	if len(asked) == 0 {
		t.Errorf("%s: asks for nothing", query)
	}
}

// checkSelector notes in has the labels that its series have.
func (v vocabulary) checkSelector(t *testing.T, s *parser.VectorSelector, has map[string]bool) {
	t.Helper()
	m, known := v.series[s.Name]
	if !known {
		t.Errorf("no relay shows %s", s.Name)
	}
	for _, name := range []string{"job", "instance"} {
		has[name] = true
	}
	for name := range m.labels {
		has[name] = true
	}
	for _, matcher := range s.LabelMatchers {
		if matcher.Name == labels.MetricName {
			continue
		}
		if !m.has(matcher.Name) {
			t.Errorf("%s has no label %s", s.Name, matcher.Name)
		}
		for _, value := range strings.Split(matcher.Value, "|") {
			if words := v.words[matcher.Name]; words != nil && !words[value] {
				t.Errorf("%s: %s is never %q", s.Name, matcher.Name, value)
			}
		}
	}
}
