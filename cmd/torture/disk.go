package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"
)

// diskSize is the size of the disk that is filled.
const diskSize = 512 << 20

// smallDisk is a file system in memory, for a relay's data. It takes Linux, and the right to mount; without, there is none.
type smallDisk struct{ dir string }

func newSmallDisk(dir string) (*smallDisk, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if mount(dir, diskSize) != nil {
		return nil, nil
	}
	return &smallDisk{dir}, nil
}

func (d *smallDisk) ballast() string { return filepath.Join(d.dir, "ballast") }

// filled takes all room, and gives it back after a while.
func (d *smallDisk) filled(random *rand.Rand) (string, error) {
	still := between(random, time.Second, 4*time.Second)
	f, err := os.Create(d.ballast())
	if err != nil {
		return "", err
	}
	block := make([]byte, 1<<20)
	for err == nil {
		_, err = f.Write(block)
	}
	_ = f.Close()
	time.Sleep(still)
	return fmt.Sprintf("for %.1fs", still.Seconds()), d.empty()
}

func (d *smallDisk) empty() error {
	if d == nil {
		return nil
	}
	return os.RemoveAll(d.ballast())
}

func (d *smallDisk) remove() {
	if d != nil {
		unmount(d.dir)
	}
}
