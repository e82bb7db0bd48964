package embedded

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/meetbus/meetbus/relay/bus"
)

// Own says how another process on this machine connects as the relay's own user to the server that keeps its store in dir, but for
// the URL. It fails with fs.ErrNotExist where no server has been.
func Own(dir string) (bus.Server, error) {
	file := filepath.Join(dir, "password")
	if _, err := os.Stat(file); err != nil {
		return bus.Server{}, fmt.Errorf("read the relay's password: %w", err)
	}
	password, err := ownPassword(file)
	if err != nil {
		return bus.Server{}, err
	}
	return bus.Server{User: relayUser, Password: password, Own: true, Room: func() error { return room(dir) }}, nil
}

// ownPassword returns the password in file, and makes one if there is none yet.
func ownPassword(file string) (string, error) {
	content, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return newPassword(file)
	}
	if err != nil {
		return "", fmt.Errorf("read the relay's password: %w", err)
	}
	password := strings.TrimSpace(string(content))
	if password == "" {
		return "", fmt.Errorf("read the relay's password: %s is empty: remove it", file)
	}
	return password, nil
}

// newPassword writes the file whole or not at all: it appears under its name when it is complete.
func newPassword(file string) (string, error) {
	password := rand.Text()
	draft, err := os.CreateTemp(filepath.Dir(file), ".password-")
	if err != nil {
		return "", fmt.Errorf("keep the relay's password: %w", err)
	}
	defer os.Remove(draft.Name())
	_, err = draft.WriteString(password + "\n")
	err = errors.Join(err, draft.Sync(), draft.Close())
	if err == nil {
		err = os.Rename(draft.Name(), file)
	}
	if err != nil {
		return "", fmt.Errorf("keep the relay's password: %w", err)
	}
	return password, nil
}
