package kubernetes

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

const patience = 20 * time.Second

// TestRelay runs a relay as README.md's pod does, beside a real NATS server, and asks it as kubelet, Prometheus, a provider and
// somebody who changes the mapping would.
func TestRelay(t *testing.T) {
	m, meetbus := folders(t)["README with prometheus"], program(t)
	pod := stage(t, m)
	keys := filepath.Join(t.TempDir(), "keys")
	run(t, exec.Command(meetbus, "keygen", keys))
	public, err := os.ReadFile(filepath.Join(keys, "public.pem"))
	must(t, err)
	pod.secrets["dyte.pem"] = public
	pod.project(t, "/run/secrets/meetbus", pod.secrets)

	front, admin := freePort(t), freePort(t)
	config := settle(t, m, map[string]string{
		":8080": ":" + front, ":8081": ":" + admin,
		"nats://nats.nats.svc:4222": natsServer(t),
		"replicas: 3":               "replicas: 1",
		"accept: { organizations: [YOUR-ORGANIZATION] }": `keys: { file: /run/secrets/meetbus/dyte.pem }`,
	})
	configure := func(config string) {
		t.Helper()
		pod.project(t, "/etc/meetbus", map[string][]byte{"meetbus.yaml": []byte(pod.moved(m, config))})
	}
	configure(config)
	var log lines
	relay := exec.Command(meetbus, m.container().Args...)
	relay.Env, relay.Stderr = pod.env, &log
	must(t, relay.Start())
	t.Cleanup(func() {
		must(t, relay.Process.Kill())
		_ = relay.Wait()
		if t.Failed() {
			t.Log(&log)
		}
	})

	for _, probe := range []string{m.container().StartupProbe.HTTPGet.Path, m.container().ReadinessProbe.HTTPGet.Path} {
		await(t, probe, func() bool { return get(t, admin, probe, "") == http.StatusOK })
	}
	scrape := m.monitor.Spec.PodMetricsEndpoints[0]
	token := string(pod.secrets[scrape.Authorization.Credentials.Key])
	if got := get(t, admin, scrape.Path, token); got != http.StatusOK {
		t.Errorf("Prometheus gets %d", got)
	}
	if got := get(t, admin, scrape.Path, ""); got != http.StatusUnauthorized {
		t.Errorf("somebody without the token gets %d", got)
	}

	send := func() string {
		t.Helper()
		return run(t, exec.Command(meetbus, "trigger", "dyte", "meeting.started", "--key", filepath.Join(keys, "private.pem"),
			"--url", "http://127.0.0.1:"+front))
	}
	if answer := send(); !strings.Contains(answer, "-> meeting.started  MEETBUS:1  published") {
		t.Errorf("got %s", answer)
	}
	configure(config + "subjects: { rules: [ { match: { type: meeting.started }, subject: \"hall.started\" } ] }\n")
	await(t, "the new rules", func() bool { return strings.Contains(log.String(), "subject rules have changed") })
	if answer := send(); !strings.Contains(answer, "-> hall.started  MEETBUS:2  published") {
		t.Errorf("got %s", answer)
	}

	pod.secrets[scrape.Authorization.Credentials.Key] = []byte("another-token")
	pod.project(t, "/run/secrets/meetbus", pod.secrets)
	await(t, "the new token", func() bool { return get(t, admin, scrape.Path, "another-token") == http.StatusOK })
}

// settle is the configuration with what a test must have otherwise, each of which stands in it.
func settle(t *testing.T, m manifests, instead map[string]string) string {
	t.Helper()
	config := m.config.Data["meetbus.yaml"]
	for old, other := range instead {
		if !strings.Contains(config, old) {
			t.Fatalf("the configuration has no %s", old)
		}
		config = strings.ReplaceAll(config, old, other)
	}
	return config
}

func natsServer(t *testing.T) string {
	t.Helper()
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), NoSigs: true,
	})
	must(t, err)
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(patience) {
		t.Fatal("no NATS server")
	}
	return s.ClientURL()
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	return portOf(l.Addr().String())
}

// get returns the status of an answer, or 0 if there is none. As kubelet, it names the pod by its address.
func get(t *testing.T, port, path, token string) int {
	t.Helper()
	request, err := http.NewRequest(http.MethodGet, "http://127.0.0.1:"+port+path, nil)
	must(t, err)
	request.Host = "10.1.2.3:8081"
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode
}

func await(t *testing.T, what string, happened func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !happened(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s did not come", what)
		}
	}
}

func run(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", regexp.MustCompile(`^.*/`).ReplaceAllString(cmd.String(), ""), err, out)
	}
	return string(out)
}

// lines is a log that is read while it is written.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(text []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(text)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
