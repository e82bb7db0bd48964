//go:build !linux

package process

import "syscall"

func orphans() *syscall.SysProcAttr { return nil }
