package main

import (
	"errors"
	"fmt"
	"sync/atomic"
)

// token is a secret in a file.
type token struct {
	file  string
	value atomic.Pointer[string]
}

// openToken reads the token of a file, if one is named.
func openToken(file string) (*token, error) {
	t := &token{file: file}
	return t, t.read()
}

// read reads the file again. On an error, what was read before stays.
func (t *token) read() error {
	if t.file == "" {
		return nil
	}
	value, err := secretIn(t.file)
	if err == nil && value == "" {
		err = errors.New("it is empty")
	}
	if err != nil {
		return usageError{fmt.Errorf("read admin.token_file: %w", err)}
	}
	t.value.Store(&value)
	return nil
}

// get is what operators must show; nil if nothing is.
func (t *token) get() func() string {
	if t.file == "" {
		return nil
	}
	return func() string { return *t.value.Load() }
}
