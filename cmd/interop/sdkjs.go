package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

//go:embed reader.mjs
var reader string

// nodeDir has the packages that reader.mjs imports.
var nodeDir = filepath.Join("docs", "subscribers", "node")

// checkNode wants the packages that node runs need.
func checkNode() error {
	if _, err := os.Stat(filepath.Join(nodeDir, "node_modules")); err != nil {
		return fmt.Errorf("node's packages are not there: npm ci in %s gets them", nodeDir)
	}
	return nil
}

// readByJS has node read the stream. node looks for packages in the folder that it is run in, if the program is an argument.
func readByJS(ctx context.Context, r *rig, messages []message) (all []reading, err error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	var said, complaint bytes.Buffer
	node := exec.CommandContext(ctx, "node", "--input-type=module", "--eval", reader)
	node.Dir, node.Stdout, node.Stderr = nodeDir, &said, &complaint
	node.Env = append(os.Environ(), "NATS_URL="+r.nats, fmt.Sprint("LAST=", messages[len(messages)-1].sequence))
	if err := node.Run(); err != nil {
		return nil, fmt.Errorf("reader.mjs: %w: %s", err, &complaint)
	}
	for d := json.NewDecoder(&said); d.More(); {
		var one reading
		if err := d.Decode(&one); err != nil {
			return nil, fmt.Errorf("reader.mjs: %w", err)
		}
		all = append(all, one)
	}
	return all, nil
}
