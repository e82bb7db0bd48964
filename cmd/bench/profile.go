package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// checkProfiles refuses to fetch profiles from a meetbus that offers none.
func (b *bench) checkProfiles(ctx context.Context) error {
	if b.options.profiles == "" {
		return nil
	}
	help, err := exec.CommandContext(ctx, filepath.Join(b.dir, "meetbus"), "serve", "--help").Output()
	if err == nil && !bytes.Contains(help, []byte("--pprof")) {
		return errors.New("-profile: this meetbus has no serve --pprof")
	}
	return err
}

// profile fetches a processor profile, if profiles are wanted.
func (b *bench) profile(r *running, during time.Duration) {
	if b.options.profiles == "" {
		return
	}
	name := filepath.Join(b.options.profiles, fmt.Sprintf("%s-%d.pprof", b.scenario, b.runs))
	if err := download(fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", r.admin, max(1, int(during.Seconds()))), name); err != nil {
		fmt.Fprintln(os.Stderr, "no profile:", err)
	}
}

func download(url, name string) error {
	answer, err := http.Get(url)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, answer.Status)
	}
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(f, answer.Body)
	return err
}
