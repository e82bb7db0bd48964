package config

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/meetbus/meetbus/relay/keys"
)

// largestFile is far more than a certificate chain or a key needs.
const largestFile = 1 << 20

// readFile returns what a file of the configuration holds. Its errors do not name the file.
func readFile(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, unnamed(err)
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("is no regular file")
	}
	if info.Size() > largestFile {
		return nil, errors.New("is larger than 1MiB")
	}
	content, err := os.ReadFile(name)
	if err != nil {
		return nil, unnamed(err)
	}
	if len(bytes.TrimSpace(content)) == 0 {
		return nil, errors.New("is empty")
	}
	return content, nil
}

func unnamed(err error) error {
	var e *fs.PathError
	if errors.As(err, &e) {
		err = e.Err
	}
	return fmt.Errorf("cannot be read: %w", err)
}

// file returns the content of a file that a setting names, or reports why not.
func (k *checker) file(name, path string) ([]byte, bool) {
	content, err := readFile(name)
	if err != nil {
		k.report(path, "the file "+err.Error())
		return nil, false
	}
	return content, true
}

// secretFile wants a file with something in it, if one is named. It is read again where it is used, not kept.
func (k *checker) secretFile(name, path string) {
	if name != "" {
		k.file(name, path)
	}
}

func (k *checker) keyDocument(name, path string) {
	if name == "" {
		return
	}
	content, ok := k.file(name, path)
	if !ok {
		return
	}
	if _, err := keys.Parse(content); err != nil {
		k.report(path, "the file cannot be used: "+err.Error())
	}
}

func (k *checker) keyPair(pair *KeyPair, path string) {
	if pair != nil {
		k.certificate(pair.CertFile, pair.KeyFile, path)
	}
}

// natsTLS may be empty: that asks for TLS with the system's authorities.
func (k *checker) natsTLS(t *NATSTLS) {
	if t == nil {
		return
	}
	if t.CertFile != "" || t.KeyFile != "" {
		k.certificate(t.CertFile, t.KeyFile, "nats.tls")
	}
	if t.CAFile == "" {
		return
	}
	if content, ok := k.file(t.CAFile, "nats.tls.ca_file"); ok {
		k.expect(x509.NewCertPool().AppendCertsFromPEM(content), "nats.tls.ca_file", "the file holds no certificate in PEM")
	}
}

func (k *checker) certificate(certFile, keyFile, path string) {
	if certFile == "" || keyFile == "" {
		k.report(path, "must have both cert_file and key_file")
		return
	}
	cert, ok := k.file(certFile, path+".cert_file")
	key, ok2 := k.file(keyFile, path+".key_file")
	if !ok || !ok2 {
		return
	}
	if _, err := tls.X509KeyPair(cert, key); err != nil {
		k.report(path, "the files are no certificate with its key: "+err.Error())
	}
}
