package main

import (
	"context"
	"debug/buildinfo"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

type platform struct{ os, arch string }

func (p platform) String() string { return p.os + "/" + p.arch }

func parsePlatforms(list string) ([]platform, error) {
	var platforms []platform
	for name := range strings.SplitSeq(list, ",") {
		system, arch, found := strings.Cut(name, "/")
		if !found {
			return nil, fmt.Errorf("%q is no platform: write linux/amd64", name)
		}
		platforms = append(platforms, platform{system, arch})
	}
	return platforms, nil
}

// environment is that of a go command for the platform, whatever the user's own settings are.
func (p platform) environment() []string {
	return append(os.Environ(), "CGO_ENABLED=0", "GOOS="+p.os, "GOARCH="+p.arch, "GOAMD64=v1", "GOARM64=v8.0",
		"GOWORK=off", "GOFLAGS=-mod=readonly")
}

// verifyModules fails if what the module cache holds of others' code is not what go.sum says. Go checks that when it downloads them only.
func verifyModules(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, "go", "mod", "verify")
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=readonly")
	_, err := output(cmd)
	return err
}

// settings are what the build information of a binary may say of how it was built, beside Go's own compatibility with go.mod's
// version. The linker's flags are not in it under -trimpath.
func (p platform) settings() map[string]string {
	return map[string]string{
		"-buildmode": "exe", "-compiler": "gc", "-trimpath": "true", "CGO_ENABLED": "0",
		"GOOS": p.os, "GOARCH": p.arch, "GOAMD64": "v1", "GOARM64": "v8.0",
	}
}

// build leaves the binary at to. What is in it depends on the commit, the version, the platform and Go: not on the folder, and not
// on the tags of the clone, of which Go would make a version (-buildvcs=false). The Dockerfile says the same flags.
func build(ctx context.Context, s source, p platform, to string) error {
	flags := fmt.Sprintf("-s -w -X main.version=%s -X main.commit=%s -X main.date=%s", s.version, s.commit, s.date.Format(time.RFC3339))
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", flags, "-o", to, "./cmd/meetbus")
	cmd.Env = p.environment()
	if _, err := output(cmd); err != nil {
		return err
	}
	return check(p, to)
}

// check fails if the binary was built in a way that others would not: an experiment of Go's that is on in the environment, say.
func check(p platform, binary string) error {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return err
	}
	for _, s := range info.Settings {
		if s.Key == "DefaultGODEBUG" {
			continue
		}
		if want, known := p.settings()[s.Key]; !known || s.Value != want {
			return fmt.Errorf("built with %s=%s: unset that (go env -u %s)", s.Key, s.Value, s.Key)
		}
	}
	return nil
}
