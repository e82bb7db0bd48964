package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// licence matches the names of files whose text must go where the code goes.
var licence = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|patents|copyright)([-._].*)?$`)

const preface = `meetbus is under the Apache License 2.0, in the file LICENSE. In its binary are the works of others, too: each of the modules below,
in the version that stands beside it, under the terms that follow it.
`

// linked is a package that is in the binary.
type linked struct {
	Dir      string
	Standard bool
	Module   *struct {
		Path, Version, Dir string
		Main               bool
	}
}

// notices is the text of every licence of every module in the platform's binary, and of Go's. It looks beside each package and
// upwards to its module's root, since parts of a module can have terms of their own, and fails where a module has none.
func notices(ctx context.Context, p platform) ([]byte, error) {
	packages, err := dependencies(ctx, p)
	if err != nil {
		return nil, err
	}
	texts, err := standardLibrary(ctx)
	if err != nil {
		return nil, err
	}
	for _, l := range packages {
		if l.Standard || l.Module == nil || l.Module.Main {
			continue
		}
		name := l.Module.Path + " " + l.Module.Version
		if texts[name] == nil {
			texts[name] = map[string]string{}
		}
		for dir := l.Dir; strings.HasPrefix(dir, l.Module.Dir); dir = filepath.Dir(dir) {
			if err := collect(texts[name], l.Module.Dir, dir); err != nil {
				return nil, err
			}
		}
	}
	return format(texts)
}

func dependencies(ctx context.Context, p platform) ([]linked, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-deps", "-json=Dir,Standard,Module", "./cmd/meetbus")
	cmd.Env = p.environment()
	out, err := output(cmd)
	if err != nil {
		return nil, err
	}
	var packages []linked
	for d := json.NewDecoder(strings.NewReader(out)); ; {
		var l linked
		if err := d.Decode(&l); errors.Is(err, io.EOF) {
			return packages, nil
		} else if err != nil {
			return nil, err
		}
		packages = append(packages, l)
	}
}

// standardLibrary begins the texts with those of Go itself.
func standardLibrary(ctx context.Context) (map[string]map[string]string, error) {
	root, err := output(exec.CommandContext(ctx, "go", "env", "GOROOT"))
	if err != nil {
		return nil, err
	}
	texts := map[string]string{}
	return map[string]map[string]string{"Go": texts}, collect(texts, root, root)
}

// collect adds the texts in dir, by their names from root.
func collect(texts map[string]string, root, dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.IsDir() || filepath.Ext(e.Name()) == ".go" || !licence.MatchString(e.Name()) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, filepath.Join(dir, e.Name()))
		if err != nil {
			return err
		}
		texts[filepath.ToSlash(name)] = strings.TrimSpace(string(text))
	}
	return nil
}

func format(texts map[string]map[string]string) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(preface)
	for _, module := range slices.Sorted(maps.Keys(texts)) {
		if len(texts[module]) == 0 {
			return nil, fmt.Errorf("%s has no licence: meetbus may not be published with it", module)
		}
		for _, file := range slices.Sorted(maps.Keys(texts[module])) {
			fmt.Fprintf(&b, "\n%s\n%s: %s\n\n%s\n", strings.Repeat("=", 80), module, file, texts[module][file])
		}
	}
	return b.Bytes(), nil
}
