package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// machine says when, on what and with what the measuring is done.
func (b *bench) machine(ctx context.Context) string {
	version := "nats-server of an unknown version"
	if out, err := exec.CommandContext(ctx, filepath.Join(b.dir, "nats-server"), "--version").Output(); err == nil {
		version = strings.ReplaceAll(strings.TrimSpace(string(out)), ": v", " ")
	}
	return fmt.Sprintf("Measured %s on %d cores of %s, %s/%s, %s, %s.", time.Now().Format(time.DateOnly), runtime.NumCPU(), processorModel(),
		runtime.GOOS, runtime.GOARCH, strings.Replace(runtime.Version(), "go", "Go ", 1), version)
}

func processorModel() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "an unknown model"
	}
	for line := range strings.Lines(string(text)) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "an unknown model"
}
