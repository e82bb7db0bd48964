package config

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"

	yaml "github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// fileMax is the size of the largest file: room for 100,000 rules.
const fileMax = 16 * mib

// Load reads the configuration of a file, with env to look up the variables that it names: os.LookupEnv. A file that was
// read and is wrong is an error that joins a Fault for everything that is wrong with it, in the order of the file.
func Load(file string, env func(string) (string, bool)) (Config, error) {
	if info, err := os.Stat(file); err == nil && Size(info.Size()) > fileMax {
		return Config{}, fmt.Errorf("read configuration: %s is larger than %s", file, fileMax)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return Config{}, fmt.Errorf("read configuration: %w", err)
	}
	c, faults := parse(file, text, env)
	if len(faults) > 0 {
		return Config{}, joined(faults)
	}
	return c, nil
}

func parse(file string, text []byte, env func(string) (string, bool)) (Config, []Fault) {
	d := &decoder{file: file, env: env, places: map[string]place{}}
	c := fileDefaults()
	if root, ok := d.document(text); ok {
		d.value(root, reflect.ValueOf(&c).Elem(), "")
	}
	for i := range c.Endpoints {
		c.Endpoints[i] = c.Endpoints[i].completed()
	}
	for _, f := range c.faults() {
		if !d.reported(f.Path) {
			d.faultOf(f.Path, f.Message)
		}
	}
	return c, inOrder(d.faults)
}

// document returns the root of the only document of a file; false if it is empty, or no YAML that can be read on.
func (d *decoder) document(text []byte) (ast.Node, bool) {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	f, err := parser.ParseBytes(text, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		d.syntaxFault(err)
		return nil, false
	}
	if len(f.Docs) > 1 {
		d.fault(placeOf(f.Docs[1].Start), "", "must be one YAML document, and another one starts here")
	}
	if len(f.Docs) == 0 || f.Docs[0].Body == nil {
		return nil, false
	}
	return f.Docs[0].Body, true
}

// syntaxFault takes message and place of err, but not the excerpt of the file that its Error shows.
func (d *decoder) syntaxFault(err error) {
	var syntax yaml.Error
	if !errors.As(err, &syntax) {
		d.fault(place{1, 1}, "", "is not YAML")
		return
	}
	d.fault(placeOf(syntax.GetToken()), "", "is not YAML: "+strings.ReplaceAll(syntax.GetMessage(), "\t", "tab"))
}

// reported says that something of a setting could not be read, so that its value is not the file's.
func (d *decoder) reported(path string) bool {
	return slices.ContainsFunc(d.faults, func(f Fault) bool {
		rest, inside := strings.CutPrefix(path, f.Path)
		return inside && f.Path != "" && (rest == "" || strings.ContainsAny(rest[:1], ".["))
	})
}
