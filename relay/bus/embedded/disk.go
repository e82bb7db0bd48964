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

// reserve is what stays free on the disk: at its end the server's streams freeze, and stay so until a restart even when there is
// space again. It is a twentieth of a small disk, and enough for a burst while somebody looks on a large one.
const reserve = 128 << 20

// room returns an error while less than the reserve is free on the disk of dir.
func room(dir string) error {
	disk, err := diskOf(dir)
	if err != nil {
		return err
	}
	free, all := int64(disk.Bavail)*int64(disk.Bsize), int64(disk.Blocks)*int64(disk.Bsize)
	if wanted := min(reserve, all/20); all == 0 || free < wanted {
		return fmt.Errorf("disk of %s is low: %d MiB are free, and %d must be", dir, free>>20, wanted>>20)
	}
	return nil
}

func diskOf(dir string) (syscall.Statfs_t, error) {
	var disk syscall.Statfs_t
	if err := syscall.Statfs(dir, &disk); err != nil {
		return disk, fmt.Errorf("ask for the disk of %s: %w", dir, err)
	}
	return disk, nil
}
