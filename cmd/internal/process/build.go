package process

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
)

// programs are what relays are run with: the relay, and the NATS server that this module embeds.
var programs = map[string]string{"meetbus": "./cmd/meetbus", "nats-server": "github.com/nats-io/nats-server/v2"}

// Build puts the programs meetbus and nats-server into dir. The working directory must be this module's root.
func Build(ctx context.Context, dir string) error {
	for name, of := range programs {
		build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", filepath.Join(dir, name), of)
		if out, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("build %s: %w: %s", of, err, out)
		}
	}
	return nil
}
