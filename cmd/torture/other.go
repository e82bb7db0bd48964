//go:build !linux

package main

import (
	"errors"
	"syscall"
)

func mount(string, int) error { return errors.ErrUnsupported }

func unmount(string) {}

func orphans() *syscall.SysProcAttr { return nil }
