package kubernetes

import (
	"net"
	"os/exec"
	"path"
	"testing"
	"time"

	core "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// settings of the relay with which the rest of a pod must agree.
type settings struct {
	DataDir string `json:"data_dir"`
	HTTP    struct {
		Listen string `json:"listen"`
		Drain  span   `json:"drain"`
	} `json:"http"`
	Admin struct {
		Listen    string `json:"listen"`
		TokenFile string `json:"token_file"`
	} `json:"admin"`
	NATS struct {
		URL      string `json:"url"`
		Embedded struct {
			Listen string `json:"listen"`
		} `json:"embedded"`
	} `json:"nats"`
}

type span struct{ time.Duration }

func (s *span) UnmarshalText(text []byte) (err error) {
	s.Duration, err = time.ParseDuration(string(text))
	return err
}

func (m manifests) settings(t *testing.T) (s settings) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(m.config.Data["meetbus.yaml"]), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func portOf(address string) string {
	_, port, _ := net.SplitHostPort(address)
	return port
}

// mounts of the container, by their folders.
func (m manifests) mounts() map[string]core.VolumeMount {
	mounts := map[string]core.VolumeMount{}
	for _, mount := range m.container().VolumeMounts {
		mounts[mount.MountPath] = mount
	}
	return mounts
}

func (m manifests) volume(name string) core.Volume {
	for _, v := range m.pod().Volumes {
		if v.Name == name {
			return v
		}
	}
	return core.Volume{}
}

// env is the environment of the container, without what comes out of the Secret.
func (m manifests) env() map[string]string {
	env := map[string]string{}
	for _, e := range m.container().Env {
		env[e.Name] = e.Value
	}
	return env
}

const secretName = "meetbus"

// TestConfiguration: meetbus itself accepts the configuration, with the files where the pod has them.
func TestConfiguration(t *testing.T) {
	meetbus := program(t)
	eachFolder(t, func(t *testing.T, m manifests) {
		inside := stage(t, m)
		check := exec.Command(meetbus, "check")
		check.Env = inside.env
		if out, err := check.CombinedOutput(); err != nil {
			t.Errorf("meetbus check: %v\n%s", err, out)
		}
	})
}

// TestLiveMounts: a relay reads what changes, which it sees only of a whole folder and under a name that stays.
func TestLiveMounts(t *testing.T) {
	eachFolder(t, func(t *testing.T, m manifests) {
		if m.config.Name != "meetbus" {
			t.Errorf("the ConfigMap is %s: each change of the rules restarts the relays", m.config.Name)
		}
		file := m.env()["MEETBUS_CONFIG"]
		config := m.volume(m.mounts()[path.Dir(file)].Name)
		if config.ConfigMap == nil || config.ConfigMap.Name != m.config.Name || m.config.Data[path.Base(file)] == "" {
			t.Errorf("%s is not in the ConfigMap", file)
		}
		secrets := m.volume(m.mounts()[path.Dir(m.settings(t).Admin.TokenFile)].Name)
		if secrets.Secret == nil || secrets.Secret.SecretName != secretName || *secrets.Secret.DefaultMode != 0o440 {
			t.Errorf("the token of operators is in no file of the Secret, or not for the relay alone: %+v", secrets)
		}
		for folder, mount := range m.mounts() {
			if mount.SubPath != "" || mount.SubPathExpr != "" {
				t.Errorf("%s is mounted by subPath, and never changes", folder)
			}
			if v := m.volume(mount.Name); mount.ReadOnly != (v.ConfigMap != nil || v.Secret != nil) {
				t.Errorf("%s: read-only is %v", folder, mount.ReadOnly)
			}
		}
	})
}
