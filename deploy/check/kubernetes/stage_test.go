package kubernetes

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// program builds meetbus.
func program(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "meetbus")
	build := exec.Command("go", "build", "-o", binary, "./cmd/meetbus")
	build.Dir = "../../.."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return binary
}

// staged is what a container sees, in a folder: its mounts, as kubelet makes them, and its environment.
type staged struct {
	root    string
	env     []string
	secrets map[string][]byte
	version int
}

// stage makes the folder. Settings name files in it, since it is not the root of the test.
func stage(t *testing.T, m manifests) *staged {
	t.Helper()
	s := &staged{root: t.TempDir(), secrets: secrets(t)}
	for folder, mount := range m.mounts() {
		switch v := m.volume(mount.Name); {
		case v.ConfigMap != nil:
			s.project(t, folder, map[string][]byte{"meetbus.yaml": []byte(s.moved(m, m.config.Data["meetbus.yaml"]))})
		case v.Secret != nil:
			s.project(t, folder, s.secrets)
		default:
			must(t, os.MkdirAll(s.root+folder, 0o700))
		}
	}
	for _, e := range m.container().Env {
		value := s.moved(m, e.Value)
		if from := e.ValueFrom; from != nil {
			secret, is := s.secrets[from.SecretKeyRef.Key]
			if !is || from.SecretKeyRef.Name != secretName {
				t.Errorf("%s comes out of a key that the Secret has not: %v", e.Name, from.SecretKeyRef)
			}
			value = string(secret)
		}
		s.env = append(s.env, e.Name+"="+value)
	}
	return s
}

// moved is text with the folders of the mounts as they are in the staged one.
func (s *staged) moved(m manifests, text string) string {
	for folder := range m.mounts() {
		text = strings.ReplaceAll(text, folder, s.root+folder)
	}
	return text
}

// project puts files where kubelet does: into a new folder, to which the link ..data changes at once.
func (s *staged) project(t *testing.T, folder string, files map[string][]byte) {
	t.Helper()
	s.version++
	folder, version := s.root+folder, fmt.Sprintf("..version_%d", s.version)
	must(t, os.MkdirAll(filepath.Join(folder, version), 0o755))
	for name, content := range files {
		must(t, os.WriteFile(filepath.Join(folder, version, name), content, 0o440))
		_ = os.Symlink(filepath.Join("..data", name), filepath.Join(folder, name)) // there since the first time
	}
	before, _ := os.Readlink(filepath.Join(folder, "..data"))
	must(t, os.Symlink(version, filepath.Join(folder, "..data_tmp")))
	must(t, os.Rename(filepath.Join(folder, "..data_tmp"), filepath.Join(folder, "..data")))
	if before != "" {
		must(t, os.RemoveAll(filepath.Join(folder, before)))
	}
}

// secrets are the keys of the Secret that README.md tells to make.
func secrets(t *testing.T) map[string][]byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"meetbus-nats"}, NotAfter: time.Now().Add(time.Hour)}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	return map[string][]byte{
		"admin-token":   []byte("the-token-of-operators"),
		"path-secret":   []byte("k3Wq9zR7tLx2VbN8mC4pQ6sD"),
		"nats-password": []byte("the-password-of-subscribers"),
		"tls.crt":       pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}),
		"tls.key":       pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
