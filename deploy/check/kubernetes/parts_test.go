package kubernetes

import (
	"slices"
	"testing"

	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// TestSelectors: all parts mean the relays, and nothing else of a namespace.
func TestSelectors(t *testing.T) {
	eachFolder(t, func(t *testing.T, m manifests) {
		selectors := map[string]*meta.LabelSelector{"StatefulSet": m.set.Spec.Selector, "PodDisruptionBudget": m.budget.Spec.Selector}
		for _, s := range m.services {
			selectors["Service "+s.Name] = &meta.LabelSelector{MatchLabels: s.Spec.Selector}
		}
		for _, p := range m.policies {
			selectors["NetworkPolicy "+p.Name] = &p.Spec.PodSelector
		}
		for _, s := range m.pod().TopologySpreadConstraints {
			selectors["spread over "+s.TopologyKey] = s.LabelSelector
		}
		if m.monitor != nil {
			selectors["PodMonitor"] = &m.monitor.Spec.Selector
		}
		for of, selector := range selectors {
			s, err := meta.LabelSelectorAsSelector(selector)
			if err != nil {
				t.Fatal(err)
			}
			if s.Empty() || !s.Matches(labels.Set(m.set.Spec.Template.Labels)) {
				t.Errorf("%s is for %q, and the relays are %v", of, s, m.set.Spec.Template.Labels)
			}
		}
	})
}

// TestServices: webhooks have one, and the listener for operators is on none that balances.
func TestServices(t *testing.T) {
	eachFolder(t, func(t *testing.T, m manifests) {
		settings := m.settings(t)
		served := map[string]string{}
		for _, s := range m.services {
			for _, p := range s.Spec.Ports {
				port := m.port(p.TargetPort.String())
				served[port] = s.Name
				if port == portOf(settings.Admin.Listen) && s.Spec.ClusterIP != core.ClusterIPNone {
					t.Errorf("Service %s has the listener for operators", s.Name)
				}
			}
			if s.Spec.Type != "" && s.Spec.Type != core.ServiceTypeClusterIP {
				t.Errorf("Service %s is open to the outside", s.Name)
			}
		}
		if served[portOf(settings.HTTP.Listen)] != "meetbus" || served[portOf(settings.Admin.Listen)] != m.set.Spec.ServiceName {
			t.Errorf("services lead to %v", served)
		}
		if inside := portOf(settings.NATS.Embedded.Listen); settings.NATS.URL == "" && served[inside] != "meetbus-nats" {
			t.Errorf("no service leads to %s, where the server inside listens", inside)
		}
		if served[""] != "" {
			t.Errorf("Service %s leads to a port that the container has not", served[""])
		}
	})
}

// TestNetwork: everybody may send webhooks, and nobody else than is named gets to the listener for operators.
func TestNetwork(t *testing.T) {
	eachFolder(t, func(t *testing.T, m manifests) {
		settings := m.settings(t)
		open := map[string]bool{} // by port, whether to everybody
		for _, p := range m.policies {
			if len(p.Spec.PolicyTypes) != 1 || len(p.Spec.Ingress) == 0 {
				t.Errorf("%s bounds something else than what comes in", p.Name)
			}
			for _, rule := range p.Spec.Ingress {
				if len(rule.Ports) == 0 {
					t.Errorf("%s opens every port", p.Name)
				}
				for _, port := range rule.Ports {
					number := m.port(port.Port.String())
					open[number] = open[number] || len(rule.From) == 0
				}
			}
		}
		admin, watched := open[portOf(settings.Admin.Listen)]
		if !open[portOf(settings.HTTP.Listen)] || admin || watched != (m.monitor != nil) {
			t.Errorf("ports are open: %v", open)
		}
		if inside, reached := open[portOf(settings.NATS.Embedded.Listen)]; settings.NATS.URL == "" && (inside || !reached) {
			t.Errorf("the server inside is open to everybody, or to nobody: %v", open)
		}
		if _, other := open[""]; other {
			t.Error("a port is opened that the container has not")
		}
	})
}

// TestReplicas: relays beside a server are two, of which at most one is taken away; the server inside is alone.
func TestReplicas(t *testing.T) {
	eachFolder(t, func(t *testing.T, m manifests) {
		want := int32(2)
		if m.settings(t).NATS.URL == "" {
			want = 1
		}
		if *m.set.Spec.Replicas != want || m.budget.Spec.MaxUnavailable.IntValue() != 1 {
			t.Errorf("%d relays, of which %s may be away", *m.set.Spec.Replicas, m.budget.Spec.MaxUnavailable)
		}
		spread := slices.IndexFunc(m.pod().TopologySpreadConstraints, func(c core.TopologySpreadConstraint) bool {
			return c.TopologyKey == core.LabelHostname && c.MaxSkew == 1
		})
		if spread < 0 {
			t.Error("both relays may be on one node")
		}
	})
}

// TestMonitor: Prometheus shows the token, and has the job that the alerts ask for.
func TestMonitor(t *testing.T) {
	m := folders(t)["README with prometheus"]
	spec := m.monitor.Spec
	if len(spec.PodMetricsEndpoints) != 1 {
		t.Fatalf("got %+v", spec)
	}
	e := spec.PodMetricsEndpoints[0]
	if e.Port == nil || m.port(*e.Port) != portOf(m.settings(t).Admin.Listen) || e.Path != "/metrics" {
		t.Errorf("scrapes %v%s", e.Port, e.Path)
	}
	credentials := e.Authorization.Credentials
	if credentials.Name != secretName || m.settings(t).Admin.TokenFile != "/run/secrets/meetbus/"+credentials.Key {
		t.Errorf("shows %v, and the relay wants %s", credentials, m.settings(t).Admin.TokenFile)
	}
	if job := m.set.Spec.Template.Labels[spec.JobLabel]; job != "meetbus" {
		t.Errorf("is job %q", job)
	}
}
