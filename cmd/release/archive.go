package main

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"time"
)

// file is one in an archive.
type file struct {
	name string
	mode int64
	text []byte
}

// shipped are the files of the tree that go with the binary.
var shipped = []string{"LICENSE", "README.md", "config/meetbus.yaml", "deploy/systemd/meetbus.service"}

// contents is what is in an archive, in its order.
func contents(binary string, notices []byte) ([]file, error) {
	text, err := os.ReadFile(binary)
	if err != nil {
		return nil, err
	}
	files := []file{{"meetbus", 0o755, text}, {"THIRD-PARTY", 0o644, notices}}
	for _, name := range shipped {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		files = append(files, file{name, 0o644, text})
	}
	return files, nil
}

// writeArchive leaves a new .tar.gz at to, with the files in the folder of that name. Owner, time, modes and order are the same on
// every machine.
func writeArchive(to, folder string, at time.Time, files []file) (err error) {
	f, err := os.Create(to)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return pack(f, folder, at, files)
}

func pack(w io.Writer, folder string, at time.Time, files []file) error {
	z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	t := tar.NewWriter(z)
	for _, f := range files {
		header := tar.Header{
			Format: tar.FormatUSTAR, Typeflag: tar.TypeReg, Name: folder + "/" + f.name, Mode: f.mode, Size: int64(len(f.text)), ModTime: at,
		}
		if err := t.WriteHeader(&header); err != nil {
			return err
		}
		if _, err := t.Write(f.text); err != nil {
			return err
		}
	}
	return errors.Join(t.Close(), z.Close())
}
