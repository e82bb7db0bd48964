package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

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
