package keys

import (
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"go.uber.org/zap"
)

// maxCopy bounds the copy on disk. Beside a document it holds the keys that were replaced within the last hour.
const maxCopy = 1 << 20

// diskCopy is the JSON of a copy: keys are PEM, one block each.
type diskCopy struct {
	URL      string         `json:"url"`
	Fetched  time.Time      `json:"fetched"`
	Keys     []string       `json:"keys"`
	Replaced []diskReplaced `json:"replaced,omitempty"`
}

type diskReplaced struct {
	Key   string    `json:"key"`
	Until time.Time `json:"until"`
}

// copyName is one file a URL, with a name that tells nothing of it.
func (r *Ring) copyName() string {
	sum := sha256.Sum256([]byte(r.source.URL))
	return filepath.Join(r.dir, hex.EncodeToString(sum[:16])+".json")
}

// load returns what the copy on disk knows, or nothing: a copy that cannot be used is as good as none.
func (r *Ring) load() known {
	if r.dir == "" {
		return known{}
	}
	k, err := readCopy(r.copyName(), r.source.URL, r.now())
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			r.log.Warn("copy of keys on disk ignored", zap.Error(err))
		}
		return known{}
	}
	return k
}

func readCopy(name, url string, now time.Time) (known, error) {
	info, err := os.Stat(name)
	if err != nil {
		return known{}, fmt.Errorf("looking for copy of keys: %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() > maxCopy {
		return known{}, fmt.Errorf("copy of keys %s is not a file of at most %d bytes", name, maxCopy)
	}
	content, err := os.ReadFile(name)
	if err != nil {
		return known{}, fmt.Errorf("reading copy of keys: %w", err)
	}
	k, err := parseCopy(content, url, now)
	if err != nil {
		return known{}, fmt.Errorf("copy of keys %s: %w", name, err)
	}
	return k, nil
}

func parseCopy(content []byte, url string, now time.Time) (known, error) {
	var c diskCopy
	if json.Unmarshal(content, &c) != nil {
		return known{}, errors.New("it is corrupt")
	}
	switch {
	case c.URL != url:
		return known{}, errors.New("it is of another URL")
	case c.Fetched.IsZero() || len(c.Keys) == 0:
		return known{}, errors.New("it is not complete")
	case c.Fetched.After(now):
		return known{}, errors.New("it is from the future")
	}
	k := known{fetched: onClock(c.Fetched, now)}
	for _, text := range c.Keys {
		if err := k.add(text, time.Time{}); err != nil {
			return known{}, err
		}
	}
	for _, old := range c.Replaced {
		until := min(old.Until.Sub(now), grace)
		if until <= 0 {
			continue
		}
		if err := k.add(old.Key, now.Add(until)); err != nil {
			return known{}, err
		}
	}
	return k, nil
}

// onClock returns the same instant as a reading of the clock that now came from, which may be a monotonic one.
func onClock(at, now time.Time) time.Time { return now.Add(at.Sub(now)) }

func (k *known) add(text string, until time.Time) error {
	public, err := Parse([]byte(text))
	if err != nil {
		return err
	}
	for _, p := range public {
		k.keys = append(k.keys, key{public: p, until: until})
	}
	return nil
}

// save writes the copy. A relay whose disk is full or read-only still verifies, so a failure is a warning only.
func (r *Ring) save() {
	if r.dir == "" || r.borrowed {
		return
	}
	k, _ := r.look()
	content, err := json.Marshal(k.toDisk(r.source.URL))
	if err == nil {
		err = writeAtomically(r.copyName(), content)
	}
	if err != nil {
		r.log.Warn("keys not copied to disk", zap.Error(err))
	}
}

func (k known) toDisk(url string) diskCopy {
	c := diskCopy{URL: url, Fetched: k.fetched.UTC()}
	for _, key := range k.keys {
		if text := toPEM(key.public); key.until.IsZero() {
			c.Keys = append(c.Keys, text)
		} else {
			c.Replaced = append(c.Replaced, diskReplaced{Key: text, Until: key.until.UTC()})
		}
	}
	return c
}

// toPEM needs no SPKI, whose encoder can fail in theory.
func toPEM(key *rsa.PublicKey) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(key)}))
}

// writeAtomically leaves the old content or the new one under name, whenever the machine stops.
func writeAtomically(name string, content []byte) error {
	dir := filepath.Dir(name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making the folder for keys: %w", err)
	}
	temp, err := os.CreateTemp(dir, filepath.Base(name)+".*.tmp") // 0600
	if err != nil {
		return fmt.Errorf("making a file for keys: %w", err)
	}
	defer os.Remove(temp.Name())
	_, err = temp.Write(content)
	if err = errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return fmt.Errorf("writing keys: %w", err)
	}
	if err := os.Rename(temp.Name(), name); err != nil {
		return fmt.Errorf("moving keys into place: %w", err)
	}
	return syncFolder(dir)
}

func syncFolder(dir string) error {
	folder, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("opening the folder for keys: %w", err)
	}
	if err := errors.Join(folder.Sync(), folder.Close()); err != nil {
		return fmt.Errorf("syncing the folder for keys: %w", err)
	}
	return nil
}
