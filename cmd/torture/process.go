package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// leaveTimeout is longer than a relay may take to leave.
const leaveTimeout = 12 * time.Second

// startTimeout is ample for a process that recovers a store on a loaded machine.
const startTimeout = 60 * time.Second

// process is one program that is started again as often as it is killed. Only one goroutine may use it at a time.
type process struct {
	name    string
	command []string
	log     string
	// ready says whether it does its work; current, for a server, whether it has caught up with the others. store is its disk.
	ready, current func() bool
	store          string

	cmd  *exec.Cmd
	done chan struct{}
}

func (p *process) start() error {
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	p.cmd = exec.Command(p.command[0], p.command[1:]...)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.cmd.SysProcAttr = orphans()
	if err := p.cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", p.name, err)
	}
	p.done = make(chan struct{})
	go func(cmd *exec.Cmd, done chan struct{}) { _ = cmd.Wait(); close(done) }(p.cmd, p.done)
	return nil
}

// await waits until the process does its work.
func (p *process) await() error { return p.until(p.ready) }

func (p *process) until(good func() bool) error {
	for end := time.Now().Add(startTimeout); !good(); time.Sleep(20 * time.Millisecond) {
		select {
		case <-p.done:
			return fmt.Errorf("%s has ended: see %s", p.name, p.log)
		default:
		}
		if time.Now().After(end) {
			return fmt.Errorf("%s is not ready after %s: see %s", p.name, startTimeout, p.log)
		}
	}
	return nil
}

func (p *process) signal(s syscall.Signal) { _ = p.cmd.Process.Signal(s) }

// end ends the process with a signal, and starts it again after a while.
func (p *process) end(s syscall.Signal, away time.Duration) error {
	p.signal(s)
	select {
	case <-p.done:
	case <-time.After(leaveTimeout):
		p.signal(syscall.SIGQUIT) // what it is waiting for goes to its log
		<-p.done
		return errors.Join(fmt.Errorf("%s does not end within %s of %s: see %s", p.name, leaveTimeout, s, p.log), p.start())
	}
	time.Sleep(away)
	return p.start()
}

// stop ends it for good.
func (p *process) stop() {
	if p.cmd == nil || p.cmd.Process == nil {
		return
	}
	p.signal(syscall.SIGCONT)
	p.signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(15 * time.Second):
		p.signal(syscall.SIGKILL)
		<-p.done
	}
}

// answers says whether a URL answers with 200.
func answers(url string) func() bool {
	client := http.Client{Timeout: 2 * time.Second}
	return func() bool {
		r, err := client.Get(url)
		if err != nil {
			return false
		}
		defer r.Body.Close()
		return r.StatusCode == http.StatusOK
	}
}

// freePorts returns addresses that nothing listens on now.
func freePorts(n int) ([]string, error) {
	var listeners []net.Listener
	defer func() {
		for _, l := range listeners {
			_ = l.Close()
		}
	}()
	var addresses []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		listeners = append(listeners, l)
		addresses = append(addresses, l.Addr().String())
	}
	return addresses, nil
}
