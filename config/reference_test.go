package config

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// meetbus.yaml is the reference: it has every setting, with its default or, after a # without a blank, an example.

func TestReferenceIsTheDefaults(t *testing.T) {
	c, err := Load("meetbus.yaml", none)
	if err != nil {
		t.Fatal(err)
	}
	want := fileDefaults()
	c.HTTP.Hosts, c.Admin.Hosts, c.Subjects.Rules = nil, nil, nil // written as empty lists, so that they are there
	if !reflect.DeepEqual(c, want) {
		t.Errorf("meetbus.yaml says %+v\nthe defaults are %+v", c, want)
	}
}

// example is a setting that is commented out, as opposed to prose.
var example = regexp.MustCompile(`(?m)^( *)#([^ #\n]|  [a-z_]+:)`)

func TestReferenceHasEverySetting(t *testing.T) {
	text, err := os.ReadFile("meetbus.yaml")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	writeCredentials(t, dir)
	for old, file := range map[string]string{"ca.pem": "cert.pem", "token": "public.pem", "password": "public.pem", "meetbus.creds": "public.pem", "meetbus.nk": "public.pem"} {
		content, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, old), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	uncommented := example.ReplaceAllString(string(text), "$1$2")
	// What stands in the file as an empty list and as an example would be there twice.
	uncommented = strings.Replace(uncommented, "  rules: []\n", "", 1)
	d := &decoder{file: "f.yml", env: none, places: map[string]place{}}
	c := fileDefaults()
	root, ok := d.document([]byte(uncommented))
	if !ok {
		t.Fatal(d.faults)
	}
	if d.value(root, reflect.ValueOf(&c).Elem(), ""); len(d.faults) > 0 {
		t.Fatalf("%v in\n%s", d.faults, uncommented)
	}
	for i := range c.Endpoints {
		c.Endpoints[i] = c.Endpoints[i].completed()
	}
	// One kind of credentials, and one kind of server, at a time: only this may be wrong with all examples at once.
	for _, f := range c.faults() {
		if !strings.HasPrefix(f.Path, "nats.") {
			t.Errorf("with all examples: %v", f)
		}
	}
	there := map[string]bool{}
	for path := range d.places {
		there[index.ReplaceAllString(path, "[]")] = true
	}
	for _, path := range settings(reflect.TypeFor[Config](), "") {
		if !there[path] {
			t.Errorf("%s is not in meetbus.yaml", path)
		}
	}
	// The first endpoint is the default one of its provider, but for the example of a key file.
	first := c.Endpoints[0]
	first.Keys.File, first.Accept.Organizations, first.WebhookIDs = "", nil, nil
	want := defaultEndpoint("dyte", VerifySignature).completed()
	want.Headers = Headers{Signature: "dyte-signature", Delivery: "dyte-uuid", Registration: "dyte-webhook-id"}
	if !reflect.DeepEqual(first, want) {
		t.Errorf("the example endpoint is %+v\nthe default is %+v", first, want)
	}
}

var index = regexp.MustCompile(`\[\d+\]`)

// settings lists the paths of all settings, of a list those of any item.
func settings(t reflect.Type, path string) []string {
	switch {
	case t.Kind() == reflect.Pointer:
		return settings(t.Elem(), path)
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct:
		return append([]string{path}, settings(t.Elem(), path+"[]")...)
	case t.Kind() != reflect.Struct:
		return []string{path}
	}
	var all []string
	for i := range t.NumField() {
		all = append(all, settings(t.Field(i).Type, strings.TrimPrefix(path+"."+t.Field(i).Tag.Get("yaml"), "."))...)
	}
	return all
}
