package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/meetbus/meetbus/schemas"
)

// longestLine is ample, in bytes, for an event whose body is the largest.
const longestLine = 4 * bodyLimit

// subscriber is a program of docs/subscribers.
type subscriber struct {
	name, title string
	// build is the command that makes it, if any, and run the one that starts it. dir is the folder of built programs.
	build, run func(dir string) []string
}

func (s subscriber) called() string { return s.name }

func subscribers() []subscriber {
	return []subscriber{
		inGo("jetstream", "Go, `schemas.Decode`"),
		inGo("cloudevents", "Go, CloudEvents SDK"),
		{
			"node", "TypeScript on Node, CloudEvents SDK",
			func(string) []string { return []string{"npm", "run", "--silent", "--prefix", nodeDir, "build"} },
			func(string) []string { return []string{"node", filepath.Join(nodeDir, "build", "subscribe.js")} },
		},
		{
			"shell", "`meetbus tail`, `jq`", nil,
			func(string) []string { return []string{filepath.Join("docs", "subscribers", "shell", "subscribe.sh")} },
		},
	}
}

// inGo is a subscriber in Go, in the folder of its name.
func inGo(name, title string) subscriber {
	program := func(dir string) string { return filepath.Join(dir, "subscriber-"+name) }
	return subscriber{
		name, title,
		func(dir string) []string {
			return []string{"go", "build", "-o", program(dir), "./docs/subscribers/" + name}
		},
		func(dir string) []string { return []string{program(dir)} },
	}
}

// watch runs the subscriber until it has printed a line for each message, and returns how many types of the catalogue it
// has printed. It is an error if it prints anything else than it must, or says nothing of the poison.
func (s subscriber) watch(ctx context.Context, r *rig, messages []message) (types int, err error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	complaints, err := os.Create(filepath.Join(r.dir, s.name+".log"))
	if err != nil {
		return 0, err
	}
	defer complaints.Close()
	c := s.command(ctx, r)
	c.Stderr = complaints
	out, err := c.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := c.Start(); err != nil {
		return 0, err
	}
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, longestLine)
	if types, err = check(lines, messages); err != nil && ctx.Err() != nil {
		err = fmt.Errorf("within %s: %w", readTimeout, err)
	}
	cancel()
	_ = c.Wait() // it follows for ever, so it ends by our signal
	if about, statErr := complaints.Stat(); err == nil && (statErr != nil || about.Size() == 0) {
		return 0, errors.New("it said nothing of the message that is no event")
	}
	return types, err
}

// command is the subscriber's, for the rig's server. When ctx ends it ends, with those that it has started.
func (s subscriber) command(ctx context.Context, r *rig) *exec.Cmd {
	command := s.run(r.programs)
	c := exec.CommandContext(ctx, command[0], command[1:]...)
	path := r.programs + string(os.PathListSeparator) + os.Getenv("PATH") // meetbus is there
	c.Env = append(os.Environ(), "NATS_URL="+r.nats, "PATH="+path, "MEETBUS_CONFIG=", "NATS_CREDS=")
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGTERM) }
	c.WaitDelay = time.Second
	return c
}

// check reads a line for each message, in the order of the stream, and returns how many types of the catalogue were in them.
func check(lines *bufio.Scanner, messages []message) (types int, err error) {
	seen := map[string]bool{}
	for _, m := range messages {
		g, err := m.gist()
		if err != nil {
			return 0, fmt.Errorf("message %d: %w", m.sequence, err)
		}
		if !lines.Scan() {
			return len(seen), fmt.Errorf("it ended before message %d, %s", m.sequence, short(g.Type))
		}
		line := lines.Text()
		// Blanks aside: the SDK for Go cuts off those around a subject.
		if !strings.HasPrefix(spaced(line), spaced(g.Type+" "+g.Subject)) {
			return len(seen), fmt.Errorf("message %d: it printed %s, not %s of %s", m.sequence, short(line), short(g.Type), short(g.Subject))
		}
		if g.Type == schemas.TypeParticipantJoined && !strings.Contains(line, g.Data.Participant.Name) {
			return len(seen), fmt.Errorf("message %d: it printed %s, without %s", m.sequence, short(line), short(g.Data.Participant.Name))
		}
		if schemas.Known(g.Type) {
			seen[g.Type] = true
		}
	}
	return len(seen), nil
}

// spaced is s with one blank after each word.
func spaced(s string) string { return strings.Join(append(strings.Fields(s), ""), " ") }
