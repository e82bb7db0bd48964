package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/meetbus/meetbus/cmd/internal/process"
)

// every is how often Prometheus scrapes and evaluates. A scrape of a relay whose bus does not answer takes a second.
const every = "2s"

// prometheus is a Prometheus server that scrapes all stages.
type prometheus struct {
	process *process.Process
	url     string
	// shortened are the alerts whose rules are not to the letter.
	shortened []string
}

// startPrometheus starts one with a past, and waits until it has scraped.
func startPrometheus(ctx context.Context, o options, stages []*stage, dir string) (*prometheus, error) {
	rules, err := os.ReadFile(alertsFile)
	if err != nil {
		return nil, err
	}
	shorter, names := shorten(string(rules), o.speed)
	ports, err := process.FreePorts(1)
	if err != nil {
		return nil, err
	}
	config, err := json.MarshalIndent(prometheusConfig(stages), "", "  ")
	if err != nil {
		return nil, err
	}
	file, store := filepath.Join(dir, "prometheus.yml"), filepath.Join(dir, "prometheus")
	if err := os.WriteFile(filepath.Join(dir, "alerts.yml"), []byte(shorter), 0o600); err != nil {
		return nil, err
	}
	if err := os.WriteFile(file, config, 0o600); err != nil {
		return nil, err
	}
	if err := writeHistory(ctx, o, stages, store); err != nil {
		return nil, err
	}
	p := &prometheus{url: "http://" + ports[0], shortened: names}
	p.process = &process.Process{
		Name: "prometheus", Log: filepath.Join(dir, "prometheus.log"), Ready: process.Answers(p.url + "/-/ready"),
		Command: []string{o.prometheus, "--config.file=" + file, "--storage.tsdb.path=" + store, "--web.listen-address=" + ports[0]},
	}
	if err := p.process.Start(); err != nil {
		return nil, err
	}
	if err := p.process.Await(); err != nil {
		return nil, err
	}
	return p, p.process.Until(func() bool {
		up, err := p.query(ctx, "count(up == 1)")
		return err == nil && len(up) == 1 && up[0].value >= float64(len(stages))
	})
}

// prometheusConfig has a job for each stage. JSON is YAML, too.
func prometheusConfig(stages []*stage) any {
	var jobs []any
	for _, s := range stages {
		jobs = append(jobs, map[string]any{"job_name": s.name(), "static_configs": []any{map[string]any{"targets": []string{s.admin}}}})
	}
	if !slices.ContainsFunc(stages, func(s *stage) bool { return s.name() == "meetbus" }) {
		// The rules expect a job of this name.
		jobs = append(jobs, map[string]any{"job_name": "meetbus", "static_configs": []any{map[string]any{"targets": []string{stages[0].admin}}}})
	}
	return map[string]any{
		"global":     map[string]any{"scrape_interval": every, "scrape_timeout": every, "evaluation_interval": every},
		"rule_files": []string{"alerts.yml"}, "scrape_configs": jobs,
	}
}

// sample is a series and its value at one time.
type sample struct {
	labels map[string]string
	value  float64
}

// query evaluates an expression now.
func (p *prometheus) query(ctx context.Context, expression string) ([]sample, error) {
	var said struct {
		Error string
		Data  struct {
			Result []struct {
				Metric map[string]string
				Value  [2]any
			}
		}
	}
	if err := p.get(ctx, "/api/v1/query", url.Values{"query": {expression}}, &said); err != nil {
		return nil, err
	}
	var samples []sample
	for _, r := range said.Data.Result {
		text, _ := r.Value[1].(string)
		value, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, fmt.Errorf("%s gives %v: %w", expression, r.Value, err)
		}
		samples = append(samples, sample{r.Metric, value})
	}
	return samples, nil
}

func (p *prometheus) get(ctx context.Context, path string, values url.Values, into any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+path+"?"+values.Encode(), nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("prometheus says %s to %v: %s", answer.Status, values, text)
	}
	return json.Unmarshal(text, into)
}

// fires says whether an alert fires now at a stage.
func (p *prometheus) fires(ctx context.Context, alert, job string) (bool, error) {
	found, err := p.query(ctx, fmt.Sprintf(`ALERTS{alertname=%q,job=%q,alertstate="firing"}`, alert, job))
	return len(found) > 0, err
}

// fired are the alerts that have fired lately, by job.
func (p *prometheus) fired(ctx context.Context, lately time.Duration) (map[string][]string, error) {
	found, err := p.query(ctx, fmt.Sprintf(`count by (job, alertname) (count_over_time(ALERTS{alertstate="firing"}[%dms]))`, lately.Milliseconds()))
	fired := map[string][]string{}
	for _, s := range found {
		fired[s.labels["job"]] = append(fired[s.labels["job"]], s.labels["alertname"])
	}
	return fired, err
}

// parseSeries reads lines of a metric's page: a series, a blank and its value.
func parseSeries(from io.Reader) (map[string]float64, error) {
	values := map[string]float64{}
	lines := bufio.NewScanner(from)
	for lines.Scan() {
		at := strings.LastIndexByte(lines.Text(), ' ')
		if at < 0 || strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		value, err := strconv.ParseFloat(lines.Text()[at+1:], 64)
		if err != nil {
			return nil, err
		}
		if !math.IsNaN(value) {
			values[lines.Text()[:at]] = value
		}
	}
	return values, lines.Err()
}
