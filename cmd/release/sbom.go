package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/CycloneDX/cyclonedx-go"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

const (
	gomod    = "github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0"
	schemaID = "http://cyclonedx.org/schema/"
)

// generator makes SBOMs out of what Go writes into every binary: the modules in it, with their versions and hashes.
type generator struct {
	program string
	schema  *jsonschema.Schema
}

func newGenerator(ctx context.Context, work string) (generator, error) {
	install := exec.CommandContext(ctx, "go", "install", gomod)
	install.Env = append(os.Environ(), "GOBIN="+work)
	if _, err := output(install); err != nil {
		return generator{}, err
	}
	schema, err := compileSchema(ctx)
	return generator{filepath.Join(work, "cyclonedx-gomod"), schema}, err
}

// compileSchema reads CycloneDX's own schema, which the library for its format brings.
func compileSchema(ctx context.Context) (*jsonschema.Schema, error) {
	module, err := output(exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "github.com/CycloneDX/cyclonedx-go"))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	for id, name := range map[string]string{
		"bom-1.6.schema.json": "bom-1.6.schema.json", "spdx.schema.json": "spdx.schema.json",
		"jsf-0.82.schema.json": "jsf-0.82.schemax.json", // so it is spelt there
	} {
		document, err := readJSON(filepath.Join(module, "schema", name))
		if err != nil {
			return nil, err
		}
		if err := c.AddResource(schemaID+id, document); err != nil {
			return nil, err
		}
	}
	return c.Compile(schemaID + "bom-1.6.schema.json")
}

func readJSON(path string) (any, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return jsonschema.UnmarshalJSON(f)
}

// write leaves the SBOM of a binary at to. No proxy is asked: it would know the licence of a version only once that is published.
func (g generator) write(ctx context.Context, s source, binary, to string) error {
	cmd := exec.CommandContext(ctx, g.program, "bin", "-json", "-std", "-licenses", "-noserial", "-version", s.version, binary)
	cmd.Env = append(os.Environ(), "GOPROXY=off", "GOFLAGS=-mod=mod", "GOWORK=off")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	var bom cyclonedx.BOM
	err = cyclonedx.NewBOMDecoder(out, cyclonedx.BOMFileFormatJSON).Decode(&bom)
	if err := errors.Join(cmd.Wait(), err); err != nil {
		return fmt.Errorf("%s of %s: %w", gomod, binary, err)
	}
	settle(&bom, s.date)
	if err := encode(&bom, to); err != nil {
		return err
	}
	return g.validate(to)
}

// settle takes out what another machine would write differently, and says the licences that no module cache has.
func settle(bom *cyclonedx.BOM, at time.Time) {
	bom.Metadata.Timestamp = at.Format(time.RFC3339)
	tools := *bom.Metadata.Tools.Tools
	for i := range tools {
		tools[i].Hashes = nil // of the generator as compiled here
	}
	bom.Metadata.Component.Evidence = nil
	bom.Metadata.Component.Licenses = under("Apache-2.0")
	components := *bom.Components
	for i := range components {
		if components[i].Name == "std" {
			components[i].Evidence, components[i].Licenses = nil, under("BSD-3-Clause")
		}
	}
}

func under(id string) *cyclonedx.Licenses {
	return &cyclonedx.Licenses{{License: &cyclonedx.License{ID: id}}}
}

func encode(bom *cyclonedx.BOM, to string) (err error) {
	f, err := os.Create(to)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return cyclonedx.NewBOMEncoder(f, cyclonedx.BOMFileFormatJSON).SetPretty(true).SetEscapeHTML(false).Encode(bom)
}

func (g generator) validate(path string) error {
	document, err := readJSON(path)
	if err != nil {
		return err
	}
	if err := g.schema.Validate(document); err != nil {
		return fmt.Errorf("%s is no valid CycloneDX: %w", filepath.Base(path), err)
	}
	return nil
}
