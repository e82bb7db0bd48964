package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/CycloneDX/cyclonedx-go"
)

// generated is the shape of what the generator writes.
const generated = `{"$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json", "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
  "metadata": {
    "timestamp": "2030-01-01T00:00:00Z",
    "tools": [{"name": "generator", "hashes": [{"alg": "MD5", "content": "6a66a7e0d9b5eed59b7d27d53ba3fd9a"}]}],
    "component": {"type": "application", "name": "meetbus", "version": "v1.2.3"}
  },
  "components": [{"type": "library", "name": "std", "version": "go1.26.8"}]}`

func TestSettle(t *testing.T) {
	var bom cyclonedx.BOM
	if err := cyclonedx.NewBOMDecoder(strings.NewReader(generated), cyclonedx.BOMFileFormatJSON).Decode(&bom); err != nil {
		t.Fatal(err)
	}
	settle(&bom, time.Date(2026, 5, 4, 9, 30, 0, 0, time.UTC))
	path := filepath.Join(t.TempDir(), "sbom.json")
	if err := encode(&bom, path); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"2026-05-04T09:30:00Z"`, `"Apache-2.0"`, `"BSD-3-Clause"`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %s", want)
		}
	}
	if strings.Contains(string(text), "MD5") {
		t.Error("the generator's hash is there")
	}
	validates(t, string(text))
}

// validates wants the document to be valid, and not with a word that CycloneDX or SPDX does not have.
func validates(t *testing.T, document string) {
	t.Helper()
	schema, err := compileSchema(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	g := generator{schema: schema}
	path := filepath.Join(t.TempDir(), "sbom.json")
	for text, valid := range map[string]bool{
		document: true,
		strings.Replace(document, `"type": "library"`, `"type": "libary"`, 1): false,
		strings.Replace(document, `"Apache-2.0"`, `"Apache-3.0"`, 1):          false, // spdx.schema.json has no such licence
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := g.validate(path); (err == nil) != valid {
			t.Errorf("valid %v, said %v, of\n%s", valid, err, text)
		}
	}
}
