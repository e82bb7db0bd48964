package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/fsnotify/fsnotify"
)

// calm is how long files must stay as they are before they count as changed: whoever writes one is seldom done at once.
const calm = 200 * time.Millisecond

// anywayEvery is how often files are looked at though nothing was heard of them.
const anywayEvery = 20 * time.Second

// follow calls changed when the content of one of the files is no longer as known, and settled, until ctx ends. It watches their folders, since a file is
// mostly replaced by another of its name, and a Kubernetes volume by a link of its own. It fails if the system watches no more folders.
func follow(ctx context.Context, files []string, known digests, changed func()) error {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return err
	}
	defer watcher.Close()
	if err := watch(watcher, files); err != nil {
		return err
	}
	anyway := time.NewTicker(anywayEvery)
	defer anyway.Stop()
	seen := known
	look := time.After(calm) // the first finds what changed before the folders were watched
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-watcher.Errors:
			if !errors.Is(err, fsnotify.ErrEventOverflow) {
				return err
			}
			look = time.After(calm)
		case <-anyway.C: // a folder itself may have been replaced
			if err := watch(watcher, files); err == nil && look == nil {
				look = time.After(calm)
			}
		case <-watcher.Events: // perhaps of another file: a log may be in the folder
			if look == nil {
				look = time.After(calm)
			}
		case <-look:
			now := digestsOf(files)
			switch {
			case !slices.Equal(now, seen):
				seen, look = now, time.After(calm)
				continue
			case !slices.Equal(now, known):
				known = now
				changed()
			}
			look = nil
		}
	}
}

// watch watches the folders of files, also those that have taken the place of others of their names.
func watch(watcher *fsnotify.Watcher, files []string) error {
	var folders []string
	for _, file := range files {
		folders = append(folders, filepath.Dir(file))
	}
	slices.Sort(folders)
	for _, folder := range slices.Compact(folders) {
		if err := watcher.Add(folder); err != nil {
			return err
		}
	}
	return nil
}

// digests of the contents of files, in their order.
type digests [][sha256.Size]byte

// digestsOf reads files. A file that cannot be read, as between two versions of it, has none.
func digestsOf(files []string) digests {
	all := make(digests, len(files))
	for i, file := range files {
		if content, err := os.ReadFile(file); err == nil {
			all[i] = sha256.Sum256(content)
		}
	}
	return all
}
