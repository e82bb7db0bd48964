package kubernetes

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

const source = "../../kubernetes"

// manifests are the objects that a folder comes to.
type manifests struct {
	set      *apps.StatefulSet
	config   *core.ConfigMap
	services []*core.Service
	budget   *policy.PodDisruptionBudget
	policies []*networking.NetworkPolicy
	monitor  *monitoring.PodMonitor
}

// folders are all that can be applied: those that are here, the same with the component, and the one that README.md tells to make.
func folders(t *testing.T) map[string]manifests {
	t.Helper()
	files := filesys.MakeFsInMemory()
	put := func(name string, content []byte) {
		t.Helper()
		if err := files.WriteFile(name, content); err != nil {
			t.Fatal(err)
		}
	}
	eachSource(t, func(name string, content []byte) { put(filepath.Join("/meetbus/deploy/kubernetes", name), content) })
	for name, content := range shownFiles(t) {
		put("/yours/"+name, content)
		if name == "kustomization.yaml" {
			content = regexp.MustCompile(`(?m)^#(components:|- .*/prometheus$)`).ReplaceAll(content, []byte("$1"))
		}
		put("/watched/"+name, content)
	}
	built := map[string]manifests{}
	for name, folder := range map[string]string{
		"beside": "/meetbus/deploy/kubernetes/beside", "embedded": "/meetbus/deploy/kubernetes/embedded",
		"README": "/yours", "README with prometheus": "/watched",
	} {
		built[name] = build(t, files, folder)
	}
	if built["README with prometheus"].monitor == nil {
		t.Fatal("README.md has no line that adds the component")
	}
	return built
}

// eachFolder runs a test for each of folders.
func eachFolder(t *testing.T, test func(*testing.T, manifests)) {
	for name, m := range folders(t) {
		t.Run(name, func(t *testing.T) { test(t, m) })
	}
}

func build(t *testing.T, files filesys.FileSystem, folder string) (m manifests) {
	t.Helper()
	all, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(files, folder)
	if err != nil {
		t.Fatal(err)
	}
	text, err := all.AsYaml()
	if err != nil {
		t.Fatal(err)
	}
	for _, object := range decode(t, text) {
		switch o := object.(type) {
		case *apps.StatefulSet:
			m.set = o
		case *core.ConfigMap:
			m.config = o
		case *core.Service:
			m.services = append(m.services, o)
		case *policy.PodDisruptionBudget:
			m.budget = o
		case *networking.NetworkPolicy:
			m.policies = append(m.policies, o)
		case *monitoring.PodMonitor:
			m.monitor = o
		default:
			t.Fatalf("nothing here knows what a %T should be", o)
		}
	}
	if m.set == nil || m.config == nil || m.budget == nil || len(m.services) < 2 || len(m.policies) < 1 {
		t.Fatalf("%s lacks an object: %+v", folder, m)
	}
	return m
}

// decode reads objects as a server with strict validation does: a field that is unknown or stands twice is a fault.
func decode(t *testing.T, text []byte) (objects []runtime.Object) {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		apps.AddToScheme, core.AddToScheme, networking.AddToScheme, policy.AddToScheme, monitoring.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	decoder := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
	documents := yaml.NewDocumentDecoder(io.NopCloser(bytes.NewReader(text)))
	for buffer := make([]byte, len(text)+1); ; {
		n, err := documents.Read(buffer)
		if errors.Is(err, io.EOF) {
			return objects
		} else if err != nil {
			t.Fatal(err)
		}
		object, _, err := decoder.Decode(bytes.Clone(buffer[:n]), nil, nil)
		if err != nil {
			t.Fatalf("%v, in\n%s", err, buffer[:n])
		}
		objects = append(objects, object)
	}
}

// TestFilesAreObjects looks at the files themselves, since what Kustomize has built shows no field that stood twice.
func TestFilesAreObjects(t *testing.T) {
	objects := 0
	eachSource(t, func(name string, content []byte) {
		if base := filepath.Base(name); strings.HasSuffix(base, ".yaml") && base != "kustomization.yaml" && base != "meetbus.yaml" {
			t.Run(name, func(t *testing.T) { objects += len(decode(t, content)) })
		}
	})
	if objects < 8 {
		t.Errorf("only %d objects were found", objects)
	}
}

// eachSource calls f with each file, named as from its folder.
func eachSource(t *testing.T, f func(name string, content []byte)) {
	t.Helper()
	err := filepath.WalkDir(source, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(source, path)
		f(name, content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// shownFiles are those that README.md shows: the first line of a block says which file it is.
func shownFiles(t *testing.T) map[string][]byte {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(source, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, block := range regexp.MustCompile("(?s)```yaml\n# ([a-z.]+)\n(.*?)```").FindAllSubmatch(page, -1) {
		files[string(block[1])] = block[2]
	}
	if files["kustomization.yaml"] == nil || files["meetbus.yaml"] == nil {
		t.Fatalf("README.md shows %d files", len(files))
	}
	return files
}
