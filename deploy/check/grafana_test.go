package check

import (
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	grafana "github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

// TestGrafanaKnowsTheDashboard: every field of the dashboard, of its panels and of its queries is one that Grafana's own model has, and of
// the type that it has there, and none that it wants is missing.
func TestGrafanaKnowsTheDashboard(t *testing.T) {
	models := cog.NewRuntime()
	models.RegisterDataqueryVariant(prometheus.VariantConfig())
	models.RegisterPanelcfgVariant(stat.VariantConfig())
	models.RegisterPanelcfgVariant(timeseries.VariantConfig())
	var d grafana.Dashboard
	fields := d.UnmarshalJSONStrict([]byte(read(t, "../grafana/meetbus.json")))
	for what, err := range map[string]error{"fields": fields, "values": d.Validate()} {
		if err != nil && err.Error() != "" { // an empty list of faults is none
			t.Errorf("%s:\n%v", what, err)
		}
	}
	if len(d.Panels) < 20 {
		t.Errorf("only %d panels were read", len(d.Panels))
	}
}
