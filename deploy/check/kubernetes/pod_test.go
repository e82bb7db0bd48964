package kubernetes

import (
	"os"
	"strconv"
	"strings"
	"testing"

	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

func (m manifests) pod() core.PodSpec         { return m.set.Spec.Template.Spec }
func (m manifests) container() core.Container { return m.pod().Containers[0] }

// TestPodSecurity asks what a namespace asks that enforces the standard "restricted".
func TestPodSecurity(t *testing.T) {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	eachFolder(t, func(t *testing.T, m manifests) {
		pod := m.pod()
		level := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
		results := evaluator.EvaluatePod(level, &m.set.Spec.Template.ObjectMeta, &pod)
		if len(results) < 10 {
			t.Errorf("only %d checks were made", len(results))
		}
		for _, r := range results {
			if !r.Allowed {
				t.Errorf("%s: %s", r.ForbiddenReason, r.ForbiddenDetail)
			}
		}
	})
}

// TestPodIsAlone wants what no standard does: nothing to write on but the volume, no account, no neighbours in the environment.
func TestPodIsAlone(t *testing.T) {
	eachFolder(t, func(t *testing.T, m manifests) {
		pod, c := m.pod(), m.container()
		if c.SecurityContext.ReadOnlyRootFilesystem == nil || !*c.SecurityContext.ReadOnlyRootFilesystem {
			t.Error("the root file system can be written")
		}
		if pod.AutomountServiceAccountToken == nil || *pod.AutomountServiceAccountToken {
			t.Error("the pod has a token of the cluster")
		}
		if pod.EnableServiceLinks == nil || *pod.EnableServiceLinks {
			t.Error("the environment names every service of the namespace")
		}
		dockerfile, err := os.ReadFile("../../../Dockerfile")
		if err != nil {
			t.Fatal(err)
		}
		id := func(i *int64) string { return strconv.FormatInt(*i, 10) }
		s := pod.SecurityContext
		if user := "\nUSER " + id(s.RunAsUser) + ":" + id(s.RunAsGroup) + "\n"; !strings.Contains(string(dockerfile), user) {
			t.Errorf("the Dockerfile has another user than %s", user)
		}
		if *s.FSGroup != *s.RunAsGroup {
			t.Error("the volume belongs to a group that is not the relay's")
		}
	})
}

// TestStopping: kubelet waits for longer than a relay takes to leave.
func TestStopping(t *testing.T) {
	const leave, spare = 10, 5 // seconds
	eachFolder(t, func(t *testing.T, m manifests) {
		drain := m.settings(t).HTTP.Drain.Seconds()
		if grace := float64(*m.pod().TerminationGracePeriodSeconds); grace < drain+leave+spare {
			t.Errorf("the pod is killed after %gs, and http.drain is %gs", grace, drain)
		}
		if drain < 5 {
			t.Errorf("http.drain is %gs: requests come for some seconds after the end was asked for", drain)
		}
	})
}

func TestResources(t *testing.T) {
	eachFolder(t, func(t *testing.T, m manifests) {
		r := m.container().Resources
		if r.Requests.Cpu().IsZero() || r.Requests.Memory().IsZero() {
			t.Error("the scheduler is not told what a relay needs")
		}
		_, held := r.Limits[core.ResourceCPU]
		if held {
			t.Error("the CPU is limited: a relay that is held back misses the providers' 3 s")
		}
		goLimit := resource.MustParse(strings.TrimSuffix(m.env()["GOMEMLIMIT"], "B"))
		if limit := r.Limits.Memory(); limit.Cmp(goLimit) <= 0 || limit.Cmp(*r.Requests.Memory()) < 0 {
			t.Errorf("the limit of memory is %s, of which Go's garbage may be %s", limit, &goLimit)
		}
	})
}

// TestVolume: what waits in an outbox outlives its relay, and there is room for it.
func TestVolume(t *testing.T) {
	eachFolder(t, func(t *testing.T, m manifests) {
		claims := m.set.Spec.VolumeClaimTemplates
		if len(claims) != 1 || m.mounts()[m.settings(t).DataDir].Name != claims[0].Name {
			t.Fatalf("data_dir %s is no volume of the relay", m.settings(t).DataDir)
		}
		if room := claims[0].Spec.Resources.Requests.Storage(); room.Cmp(resource.MustParse("2.5Gi")) < 0 {
			t.Errorf("%s has no room for an outbox of 1GiB, which gets half of what is free at most", room)
		}
		kept := m.set.Spec.PersistentVolumeClaimRetentionPolicy
		if kept.WhenDeleted != apps.RetainPersistentVolumeClaimRetentionPolicyType || kept.WhenScaled != kept.WhenDeleted {
			t.Errorf("volumes are removed: %+v", kept)
		}
	})
}

// TestProbes: each asks the listener for operators. What the paths answer, TestRelay sees.
func TestProbes(t *testing.T) {
	eachFolder(t, func(t *testing.T, m manifests) {
		c := m.container()
		for path, probe := range map[string][]*core.Probe{"/healthz": {c.LivenessProbe, c.StartupProbe}, "/readyz": {c.ReadinessProbe}} {
			for _, p := range probe {
				if p == nil || p.HTTPGet == nil || p.HTTPGet.Path != path {
					t.Fatalf("no probe of %s: %v", path, p)
				}
				if got, want := m.port(p.HTTPGet.Port.String()), portOf(m.settings(t).Admin.Listen); got != want {
					t.Errorf("%s is asked for at port %q, and operators are served at %s", path, got, want)
				}
			}
		}
		if p := c.StartupProbe; p.PeriodSeconds*p.FailureThreshold < 120 {
			t.Error("a relay with a large outbox has no time to start")
		}
		if p := c.LivenessProbe; p.PeriodSeconds*p.FailureThreshold < 30 {
			t.Error("a relay that is slow for a moment is killed")
		}
	})
}

// port is the number of a port of the container, or empty if it has none of that name.
func (m manifests) port(name string) string {
	for _, p := range m.container().Ports {
		if p.Name == name {
			return strconv.Itoa(int(p.ContainerPort))
		}
	}
	return ""
}
