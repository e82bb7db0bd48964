//go:build linux

package process

import "syscall"

// orphans end with us.
func orphans() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
