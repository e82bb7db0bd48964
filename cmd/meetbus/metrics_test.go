package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"go.uber.org/zap"

	"github.com/meetbus/meetbus/config"
	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/relay/bus/bustest"
	"github.com/meetbus/meetbus/relay/keys/keystest"
)

// closed are the labels whose values we choose, with all that there are.
var closed = map[string][]string{
	"endpoint": {"", "dyte", "open"}, // as configured below; empty is no endpoint
	"outcome":  {"published", "duplicate", "queued", "unmapped", "dropped", "dead_lettered", "rejected", "unavailable"},
	"reason":   normalize.Reasons(),
	"provider": {"dyte"},
	"result":   {"ok", "failed"},
	"stream":   {"MEETBUS", "MEETBUS_DEADLETTER"},
	"listener": {"http"},
}

// everywhere are those of the Go client that every system has.
var everywhere = []string{"process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds", "process_max_fds"}

// expected are the series that must be there before anything has happened, since alerts are made of their increase.
var expected = []string{
	`meetbus_webhook_duration_seconds_count{endpoint="dyte",outcome="published"} 0`,
	`meetbus_webhook_duration_seconds_count{endpoint="dyte",outcome="rejected"} 0`,
	`meetbus_webhook_duration_seconds_count{endpoint="dyte",outcome="unavailable"} 0`,
	`meetbus_webhook_duration_seconds_count{endpoint="",outcome="rejected"} 0`,
	`meetbus_key_refreshes_total{provider="dyte",result="failed"} 0`,
	`meetbus_config_reloads_total{result="failed"} 0`,
	`meetbus_dead_letters_total{reason="not_json"} 0`,
	`meetbus_dead_letters_total{reason="refused"} 0`,
	`meetbus_dead_letters_total{reason="too_large"} 0`,
	`meetbus_rule_errors_total 0`,
	`meetbus_ready 1`,
}

// TestMetricsPage: docs/metrics.md lists what a relay really shows, alone and beside a NATS server; -update writes it.
func TestMetricsPage(t *testing.T) {
	families := map[string]*dto.MetricFamily{}
	for name, nats := range map[string]string{
		"embedded": "{ embedded: { listen: 127.0.0.1:0 } }", "beside": "{ url: " + bustest.Server(t).URL() + " }",
	} {
		before, after := metricsOf(t, nats)
		for _, line := range expected {
			if !strings.Contains(before, line+"\n") {
				t.Errorf("%s: %q is not there from the start:\n%s", name, line, before)
			}
		}
		lint(t, after)
		maps.Copy(families, parseMetrics(t, after))
	}
	const page = "../../docs/metrics.md"
	got := metricsPage(t, families)
	if *update {
		must(t, os.WriteFile(page, []byte(got), 0o644))
	}
	want, err := os.ReadFile(page)
	must(t, err)
	if got != string(want) {
		t.Errorf("docs/metrics.md is not what a relay shows (-update writes it):\n%s", got)
	}
}

// metricsOf runs a relay with a NATS server, and returns what it shows when it is ready, and when it has had webhooks of which each
// would like to make a label.
func metricsOf(t *testing.T, nats string) (before, after string) {
	p, sender := runRelay(t, nats)
	defer p.stop()
	admin, front := "http://"+p.config.Admin.Listen, "https://"+p.config.HTTP.Listen
	before = get(t, admin+"/metrics")
	for i, path := range []string{"/open", "/webhooks/dyte", "/nowhere", "/open?endpoint=x"} {
		for _, event := range []string{"meeting.started", fmt.Sprint("strange", i)} {
			body := fmt.Sprintf(`{"event":%q,"meeting":{"id":"m-%d","sessionId":"s"}}`, event, i)
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, front+path, strings.NewReader(body))
			must(t, err)
			request.Header.Set("dyte-uuid", "strange")
			answer, err := sender.Do(request)
			must(t, err)
			must(t, answer.Body.Close())
		}
	}
	return before, get(t, admin+"/metrics")
}

// runRelay starts a relay that has all that metrics tell of, and waits until it is ready. The sender trusts its certificate. The caller must
// stop it.
func runRelay(t *testing.T, nats string) (p *process, sender *http.Client) {
	t.Helper()
	dir := t.TempDir()
	writeSecrets(t, dir)
	file := filepath.Join(dir, "meetbus.yaml")
	listen, err := freeAddress()
	must(t, err)
	admin, err := freeAddress()
	must(t, err)
	write(t, file, fmt.Sprintf(`
data_dir: %[1]s/data
http: { listen: %[2]q, tls: { cert_file: %[1]s/cert.pem, key_file: %[1]s/cert-key.pem } }
admin: { listen: %[3]q }
nats: %[4]s
stream: { max_bytes: 64MiB }
endpoints:
  - { provider: dyte, keys: { url: %[5]q } }
  - { provider: dyte, name: open, path: /open, verify: none }
`, dir, listen, admin, nats, keystest.New(t).URL))
	c, err := config.Load(file, func(string) (string, bool) { return "", false })
	must(t, err)
	p = &process{config: c, log: zap.NewNop()}
	if err := p.start(t.Context()); err != nil {
		p.stop()
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), scriptPatience)
	defer cancel()
	must(t, p.bus.WaitReady(ctx))
	for p.relay.KeyStates()["dyte"].Age == 0 && ctx.Err() == nil {
		time.Sleep(10 * time.Millisecond)
	}
	trusted, err := trusting(filepath.Join(dir, "cert.pem"))
	must(t, err)
	trusted.ServerName = "example.com" // of httptest's certificate
	transport := &http.Transport{TLSClientConfig: trusted}
	t.Cleanup(transport.CloseIdleConnections)
	return p, &http.Client{Transport: transport}
}

func get(t *testing.T, url string) string {
	t.Helper()
	answer, err := http.Get(url)
	must(t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	must(t, err)
	return string(body)
}

func lint(t *testing.T, text string) {
	t.Helper()
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	must(t, err)
	for _, problem := range problems {
		if strings.HasPrefix(problem.Metric, "meetbus_") {
			t.Errorf("promlint: %s: %s", problem.Metric, problem.Text)
		}
	}
}

func parseMetrics(t *testing.T, text string) map[string]*dto.MetricFamily {
	t.Helper()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	must(t, err)
	return families
}

// metricsPage is the page on what the families are, and fails for a label of other values than ours.
func metricsPage(t *testing.T, families map[string]*dto.MetricFamily) string {
	page := bytes.NewBufferString(`# Metrics

What ` + "`/metrics`" + ` shows, beside the usual ` + "`go_*` and `process_*`" + `. Those of the outbox are there with ` + "`nats.url`" + `, that of certificates where a listener
has TLS, and those of the streams while the bus can be asked. A value of a label is always one of the
configuration or one of a few words: no sender can make a new one.

| metric | kind | labels | what it says |
| --- | --- | --- | --- |
`)
	for _, name := range slices.Sorted(maps.Keys(families)) {
		f := families[name]
		if strings.HasPrefix(name, "meetbus_") || slices.Contains(everywhere, name) {
			fmt.Fprintf(page, "| `%s` | %s | %s | %s |\n", name, strings.ToLower(f.GetType().String()), labelsOf(t, f), f.GetHelp())
		}
	}
	page.WriteString("\n" + valuesOf("outcome") + "\n" + valuesOf("reason") + "\n" + valuesOf("result") + "\n")
	return page.String()
}

func valuesOf(label string) string {
	return "- `" + label + "`: `" + strings.Join(closed[label], "` `") + "`"
}

func labelsOf(t *testing.T, f *dto.MetricFamily) string {
	names := map[string]bool{}
	for _, m := range f.GetMetric() {
		for _, l := range m.GetLabel() {
			names["`"+l.GetName()+"`"] = true
			if f.GetName() != "meetbus_build_info" && !slices.Contains(closed[l.GetName()], l.GetValue()) {
				t.Errorf("%s has a label that nobody chose: %s=%q", f.GetName(), l.GetName(), l.GetValue())
			}
		}
	}
	return strings.Join(slices.Sorted(maps.Keys(names)), " ")
}
