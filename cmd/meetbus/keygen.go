package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
)

// keyBits is the length of the providers' own keys.
const keyBits = 2048

func newKeygen() *cobra.Command {
	return &cobra.Command{
		Use:   "keygen DIR",
		Short: "Make a pair of keys for signed tests",
		Long: "Make private.pem (PKCS#8, mode 0600) and public.pem (SPKI) in DIR, to try the verification of signatures without a\n" +
			"provider. Files that exist are never overwritten.",
		Example: "  meetbus keygen ./keys",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("keygen takes one argument, the folder for the keys: meetbus keygen ./keys")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			private, public, err := keygen(args[0])
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), `wrote %s and %s
the relay verifies with the public key:  keys: { file: %s }  at an endpoint in its configuration
the webhooks are signed with the other:  %s trigger dyte meeting.started --key %s
`, private, public, public, program(), private)
			return err
		},
	}
}

// keygen makes both files in dir, or neither, and returns their names.
func keygen(dir string) (private, public string, err error) {
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return "", "", fmt.Errorf("make a key: %w", err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", "", fmt.Errorf("encode the private key: %w", err)
	}
	open, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return "", "", fmt.Errorf("encode the public key: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", "", fmt.Errorf("make the folder for the keys: %w", err)
	}
	private, public = filepath.Join(dir, "private.pem"), filepath.Join(dir, "public.pem")
	if err := writeNew(private, 0o600, &pem.Block{Type: "PRIVATE KEY", Bytes: secret}); err != nil {
		return "", "", err
	}
	if err := writeNew(public, 0o644, &pem.Block{Type: "PUBLIC KEY", Bytes: open}); err != nil {
		return "", "", errors.Join(err, os.Remove(private))
	}
	return private, public, nil
}

// writeNew writes a file that must not exist yet. On an error it is not there.
func writeNew(name string, mode fs.FileMode, block *pem.Block) (err error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists, and keys are never overwritten: choose another folder, or remove it", name)
	}
	if err != nil {
		return fmt.Errorf("write a key: %w", err)
	}
	if err := errors.Join(f.Chmod(mode), pem.Encode(f, block), f.Close()); err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", name, err), os.Remove(name))
	}
	return nil
}
