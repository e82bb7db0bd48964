// Package process runs the programs that the commands beside meetbus work with: they are built from this module, started on
// free ports, waited for, signalled and ended. What the programs are and what they are told is the caller's.
//
//	process.go  one program: started, killed, stopped, started again
//	build.go    the programs of this module
//	ready.go    free ports, and whether something answers there
//	linux.go    orphans end with us, where the system has that; other.go where it has not
package process

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

const (
	// leaveTimeout is longer than a relay may take to leave.
	leaveTimeout = 12 * time.Second
	// startTimeout is ample for a process that recovers a store on a loaded machine.
	startTimeout = 60 * time.Second
)

// Process is one program that is started again as often as it is killed. Only one goroutine may use it at a time.
type Process struct {
	Name    string
	Command []string
	// Log is the file that gets what it prints, after what is there already.
	Log string
	// Ready says whether it does its work.
	Ready func() bool

	cmd  *exec.Cmd
	done chan struct{}
}

// Start starts it, and does not wait until it does its work.
func (p *Process) Start() error {
	log, err := os.OpenFile(p.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	p.cmd = exec.Command(p.Command[0], p.Command[1:]...)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.cmd.SysProcAttr = orphans()
	if err := p.cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", p.Name, err)
	}
	p.done = make(chan struct{})
	go func(cmd *exec.Cmd, done chan struct{}) { _ = cmd.Wait(); close(done) }(p.cmd, p.done)
	return nil
}

// Await waits until the process does its work.
func (p *Process) Await() error { return p.Until(p.Ready) }

// Until waits until something is so, at most a minute and at most until the process ends.
func (p *Process) Until(good func() bool) error {
	for end := time.Now().Add(startTimeout); !good(); time.Sleep(20 * time.Millisecond) {
		select {
		case <-p.done:
			return fmt.Errorf("%s has ended: see %s", p.Name, p.Log)
		default:
		}
		if time.Now().After(end) {
			return fmt.Errorf("%s is not ready after %s: see %s", p.Name, startTimeout, p.Log)
		}
	}
	return nil
}

// ID is the process id, for as long as it runs.
func (p *Process) ID() int { return p.cmd.Process.Pid }

// Signal sends a signal; a process that has ended gets none.
func (p *Process) Signal(s syscall.Signal) { _ = p.cmd.Process.Signal(s) }

// Kill ends it at once, and returns when it has ended.
func (p *Process) Kill() {
	p.Signal(syscall.SIGKILL)
	<-p.done
}

// End ends the process with a signal, and starts it again after a while.
func (p *Process) End(s syscall.Signal, away time.Duration) error {
	p.Signal(s)
	select {
	case <-p.done:
	case <-time.After(leaveTimeout):
		p.Signal(syscall.SIGQUIT) // what it is waiting for goes to its log
		<-p.done
		return errors.Join(fmt.Errorf("%s does not end within %s of %s: see %s", p.Name, leaveTimeout, s, p.Log), p.Start())
	}
	time.Sleep(away)
	return p.Start()
}

// Stop ends it for good, also where it was never started.
func (p *Process) Stop() {
	if p.cmd == nil || p.cmd.Process == nil {
		return
	}
	p.Signal(syscall.SIGCONT)
	p.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(15 * time.Second):
		p.Kill()
	}
}
