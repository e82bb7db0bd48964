// Package recipetest runs what the recipes are tested with: the relay and the NATS server of this repository, as processes of
// their own on free ports, and webhooks as the providers send them.
//
//	process.go  a program: built, started, killed, started again
//	build.go    the programs of this repository
//	relay.go    the relay, and what is sent to it
//	events.go   webhooks as events, without a relay
//	screen.go   a program that runs in the test's own process
package recipetest

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// Patience is ample for a process that starts, or ends, on a loaded machine.
const Patience = time.Minute

// Process is a program that is started again as often as it is killed. One goroutine may use it at a time.
type Process struct {
	t       testing.TB
	command []string
	env     []string
	ready   func() bool
	log     string

	cmd  *exec.Cmd
	done chan struct{}
}

// Start runs a command with more variables in its environment, and returns when it is ready; at once where ready is nil. It is
// stopped when the test ends. Of a test that fails, the process's output is shown.
func Start(t testing.TB, ready func() bool, env []string, command ...string) *Process {
	t.Helper()
	p := &Process{t: t, command: command, env: env, ready: ready, log: filepath.Join(t.TempDir(), "log")}
	t.Cleanup(func() {
		p.Stop()
		if t.Failed() {
			t.Logf("%s:\n%s", command[0], p.Output())
		}
	})
	p.Again()
	return p
}

// Again starts it once more, after Kill or Stop, and returns when it is ready.
func (p *Process) Again() {
	p.t.Helper()
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		p.t.Fatal(err)
	}
	defer log.Close()
	p.cmd = exec.Command(p.command[0], p.command[1:]...)
	p.cmd.Stdout, p.cmd.Stderr, p.cmd.Env = log, log, append(os.Environ(), p.env...)
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.done = make(chan struct{})
	go func(cmd *exec.Cmd, done chan struct{}) { _ = cmd.Wait(); close(done) }(p.cmd, p.done)
	if p.ready != nil {
		Until(p.t, p.command[0]+" is ready", p.ready)
	}
}

// Kill ends it as a loss of power does.
func (p *Process) Kill() { p.end(syscall.SIGKILL) }

// Stop asks it to end.
func (p *Process) Stop() { p.end(syscall.SIGTERM) }

func (p *Process) end(s syscall.Signal) {
	_ = p.cmd.Process.Signal(s)
	select {
	case <-p.done:
	case <-time.After(Patience):
		_ = p.cmd.Process.Kill()
		<-p.done
		p.t.Errorf("%s did not end within %s of %s", p.command[0], Patience, s)
	}
}

// Output is what it has printed so far, in all its lives.
func (p *Process) Output() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		p.t.Fatal(err)
	}
	return string(text)
}

// Until waits until something is so, and fails the test if it is not so in time.
func Until(t testing.TB, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(Patience); !so(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %s: %s", Patience, what)
		}
	}
}

// FreeAddress returns an address on loopback that nothing listens on now.
func FreeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// Port is the port of an address.
func Port(address string) string {
	_, port, _ := net.SplitHostPort(address)
	return port
}

// Listens says whether something accepts connections there.
func Listens(address string) func() bool {
	return func() bool {
		c, err := net.DialTimeout("tcp", address, time.Second)
		if err != nil {
			return false
		}
		_ = c.Close()
		return true
	}
}
