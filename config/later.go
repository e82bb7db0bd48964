package config

import (
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// laterSettings are the documented settings that this version lacks, each with the only value that it may have until then. Empty
// stands for an empty list or section, too.
var laterSettings = map[string]string{
	"http.trusted_proxies":  "",
	"tracing.otlp_endpoint": "",
}

// laterKeys returns the keys of a section that are, or lead to, settings of a later version.
func laterKeys(section string) []string {
	var keys []string
	for path := range laterSettings {
		if section != "" {
			inside, ok := strings.CutPrefix(path, section+".")
			if !ok {
				continue
			}
			path = inside
		}
		key, _, _ := strings.Cut(path, ".")
		keys = append(keys, key)
	}
	return keys
}

// later reports whether a setting is one of a later version, and a fault if it asks for what this version cannot do.
func (d *decoder) later(n ast.Node, path string) bool {
	if only, ok := laterSettings[path]; ok {
		if !d.says(n, path, only) {
			d.faultOf(path, "is not in this version of meetbus")
		}
		return true
	}
	keys := laterKeys(path)
	if _, null := n.(*ast.NullNode); null || len(keys) == 0 {
		return len(keys) > 0
	}
	d.entries(n, path, func(key, path string, value ast.Node) {
		if !d.later(value, path) {
			d.unknown(key, path, keys)
		}
	})
	return true
}

// says reports whether n is null, or only, or as empty as only is.
func (d *decoder) says(n ast.Node, path, only string) bool {
	switch n := n.(type) {
	case nil, *ast.NullNode:
		return true
	case *ast.SequenceNode:
		return only == "" && len(n.Values) == 0
	case *ast.MappingNode:
		return only == "" && len(n.Values) == 0
	}
	written, ok := textOf(n)
	text, err := expand(written, d.env)
	return ok && err == nil && text == only
}
