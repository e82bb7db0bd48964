// Command release makes what a version of meetbus is published as. Whoever runs it again on the same commit with the same Go gets
// the same bytes, on any machine.
//
//	git tag v1.2.3
//	go run ./cmd/release -out /tmp/v1.2.3
//
// For each platform it leaves an archive and its SBOM in the folder, and for all of them SHA256SUMS. Nothing is published, and
// nothing is signed. It wants git, and the module proxy for the generator of the SBOMs. docs/release.md says how to check what it
// made.
//
// The files, in the order of a run:
//
//	main.go      the run
//	source.go    the commit, its date and the version: from a clean tree only
//	build.go     the binary of a platform
//	notices.go   the licences of all that is in it
//	archive.go   the archive, the same bytes each time
//	sbom.go      the SBOM, too, valid by CycloneDX's own schema
//	sums.go      SHA256SUMS
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var o options
	flag.StringVar(&o.version, "version", "", "the version, such as v1.2.3 (default the tag at HEAD)")
	flag.StringVar(&o.out, "out", "", "folder for the archives, new or empty")
	flag.StringVar(&o.platforms, "platforms", "linux/amd64,linux/arm64,darwin/arm64", "what to build for, OS/ARCHITECTURE")
	flag.Parse()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

type options struct{ version, out, platforms string }

// run leaves SHA256SUMS last: a folder without it holds no release.
func run(ctx context.Context, o options) error {
	platforms, err := parsePlatforms(o.platforms)
	if err != nil {
		return err
	}
	s, err := readSource(ctx, o.version)
	if err != nil {
		return err
	}
	if err := verifyModules(ctx); err != nil {
		return err
	}
	if err := prepare(o.out); err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "meetbus-release-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	generator, err := newGenerator(ctx, work)
	if err != nil {
		return err
	}
	for _, p := range platforms {
		if err := assemble(ctx, s, p, generator, filepath.Join(work, p.String()), o.out); err != nil {
			return fmt.Errorf("%s: %w", p, err)
		}
	}
	return writeSums(o.out)
}

// assemble leaves the archive and the SBOM of one platform in out.
func assemble(ctx context.Context, s source, p platform, g generator, work, out string) error {
	binary := filepath.Join(work, "meetbus")
	if err := build(ctx, s, p, binary); err != nil {
		return err
	}
	texts, err := notices(ctx, p)
	if err != nil {
		return err
	}
	files, err := contents(binary, texts)
	if err != nil {
		return err
	}
	name := fmt.Sprintf("meetbus_%s_%s_%s", s.version, p.os, p.arch)
	if err := writeArchive(filepath.Join(out, name+".tar.gz"), name, s.date, files); err != nil {
		return err
	}
	return g.write(ctx, s, binary, filepath.Join(out, name+".cdx.json"))
}

// prepare makes the folder that a release goes to. Files of another one would be among its sums.
func prepare(out string) error {
	if out == "" {
		return errors.New("say where to: -out FOLDER")
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	there, err := os.ReadDir(out)
	if err != nil {
		return err
	}
	if len(there) > 0 {
		return fmt.Errorf("%s holds %s already: name a new folder", out, there[0].Name())
	}
	return nil
}

// output runs a program and returns what it prints, without the blanks around; the error has its last line of complaint.
func output(cmd *exec.Cmd) (string, error) {
	out, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		complaint := strings.Split(strings.TrimSpace(string(exit.Stderr)), "\n")
		return "", fmt.Errorf("%s %s: %w: %s", filepath.Base(cmd.Path), cmd.Args[1], err, complaint[len(complaint)-1])
	}
	return strings.TrimSpace(string(out)), err
}
