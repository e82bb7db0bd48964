package process

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// shell is a process that prints a line, and ends when it is told to.
func shell(t *testing.T, then string) *Process {
	log := filepath.Join(t.TempDir(), "log")
	p := &Process{Name: "shell", Command: []string{"sh", "-c", "echo started; " + then}, Log: log}
	p.Ready = func() bool {
		printed, err := os.ReadFile(log)
		return err == nil && strings.Contains(string(printed), "started")
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	return p
}

// runs says whether there is a process of that id.
func runs(id int) bool { return syscall.Kill(id, 0) == nil }

func TestEndedAndStartedAgain(t *testing.T) {
	p := shell(t, "exec sleep 60")
	if err := p.Await(); err != nil {
		t.Fatal(err)
	}
	before := p.ID()
	if err := p.End(syscall.SIGTERM, 0); err != nil {
		t.Fatal(err)
	}
	if runs(before) || p.ID() == before || !runs(p.ID()) {
		t.Errorf("%d runs: %t; %d runs: %t", before, runs(before), p.ID(), runs(p.ID()))
	}
	twice := func() bool {
		printed, err := os.ReadFile(p.Log)
		return err == nil && strings.Count(string(printed), "started") == 2
	}
	if err := p.Until(twice); err != nil {
		t.Error(err)
	}
	p.Stop()
	if runs(p.ID()) {
		t.Error("it runs after Stop")
	}
}

// What ends by itself is not waited for.
func TestAwaitOfOneThatEnds(t *testing.T) {
	p := shell(t, "exit 3")
	never := func() bool { return false }
	if err := p.Until(never); err == nil || !strings.Contains(err.Error(), p.Log) {
		t.Errorf("%v, want the place of its log", err)
	}
}

func TestFreePorts(t *testing.T) {
	addresses, err := FreePorts(3)
	if err != nil || len(addresses) != 3 {
		t.Fatal(addresses, err)
	}
	for _, a := range addresses {
		l, err := net.Listen("tcp", a)
		if err != nil {
			t.Errorf("%s is not free: %v", a, err)
			continue
		}
		defer l.Close()
	}
}
