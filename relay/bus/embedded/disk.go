package embedded

import (
	"fmt"
	"syscall"
)

// HalfOfFreeDisk returns half of what is free on the disk of dir, in bytes: the size for a new stream without max_bytes. The
// folder must be there.
func HalfOfFreeDisk(dir string) (int64, error) {
	disk, err := diskOf(dir)
	if err != nil {
		return 0, err
	}
	return int64(disk.Bavail) * int64(disk.Bsize) / 2, nil
}

// storeLimit is three quarters of the whole disk. It must not follow what is free: when the limit falls below what the
// streams have reserved, the server refuses to add a subject to one.
func storeLimit(dir string) (int64, error) {
	disk, err := diskOf(dir)
	if err != nil {
		return 0, err
	}
	return int64(disk.Blocks) * int64(disk.Bsize) / 4 * 3, nil
}

func diskOf(dir string) (syscall.Statfs_t, error) {
	var disk syscall.Statfs_t
	if err := syscall.Statfs(dir, &disk); err != nil {
		return disk, fmt.Errorf("ask for the disk of %s: %w", dir, err)
	}
	return disk, nil
}
