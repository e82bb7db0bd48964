package embedded

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"syscall"
)

// HalfOfFreeDisk returns half of what is free on the disk of dir, in bytes: the size for a new stream without max_bytes. The
// folder must be there.
func HalfOfFreeDisk(dir string) (int64, error) {
	free, err := freeDisk(dir)
	return free / 2, err
}

func freeDisk(dir string) (int64, error) {
	var disk syscall.Statfs_t
	if err := syscall.Statfs(dir, &disk); err != nil {
		return 0, fmt.Errorf("ask for the free disk of %s: %w", dir, err)
	}
	return int64(disk.Bavail) * int64(disk.Bsize), nil
}

// storeLimit is three quarters of the disk that is free or already ours, so that it does not shrink as the store grows.
func storeLimit(dir string) (int64, error) {
	free, err := freeDisk(dir)
	if err != nil {
		return 0, err
	}
	var used int64
	err = filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			used += info.Size()
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("measure the store: %w", err)
	}
	return (free + used) / 4 * 3, nil
}
