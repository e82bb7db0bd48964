package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/meetbus/meetbus/cmd/internal/process"
)

// network is a switch with a port for each server: every server is in a network namespace of its own, so that it can be parted from
// relays and other servers alike, and packets are lost instead of connections refused. It takes Linux, iproute2 and the right to
// make namespaces; without, there is none, and the servers are on loopback.
type network struct {
	name  string
	ports int
}

// newNetwork returns a network with n ports, or why there can be none.
func newNetwork(n int) (*network, error) {
	w := &network{name: fmt.Sprintf("mbt%d", os.Getpid()%100000), ports: n}
	if err := w.make(); err != nil {
		w.remove()
		return nil, err
	}
	return w, nil
}

// make builds the switch in a namespace of its own, too, where no firewall of the machine stands between its ports.
func (w *network) make() error {
	commands := []string{
		"netns add " + w.hub(),
		"-n " + w.hub() + " link add br0 type bridge",
		"-n " + w.hub() + " link set br0 up",
		"link add " + w.name + " type veth peer name uplink netns " + w.hub(),
		"-n " + w.hub() + " link set uplink master br0 up",
		"addr add " + w.subnet() + ".1/24 dev " + w.name,
		"link set " + w.name + " up",
	}
	for i := range w.ports {
		commands = append(commands,
			"netns add "+w.space(i),
			"-n "+w.hub()+" link add "+w.port(i)+" type veth peer name eth0 netns "+w.space(i),
			"-n "+w.hub()+" link set "+w.port(i)+" master br0 up",
			"-n "+w.space(i)+" addr add "+w.address(i)+"/24 dev eth0",
			"-n "+w.space(i)+" link set eth0 up",
			"-n "+w.space(i)+" link set lo up",
		)
	}
	for _, command := range commands {
		if err := ip(strings.Fields(command)...); err != nil {
			return err
		}
	}
	return nil
}

func ip(args ...string) error {
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("ip %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return nil
}

// subnet is of a private range, and another one for each process.
func (w *network) subnet() string       { return fmt.Sprintf("10.203.%d", os.Getpid()%256) }
func (w *network) hub() string          { return w.name + "-hub" }
func (w *network) address(i int) string { return fmt.Sprintf("%s.%d", w.subnet(), 10+i) }
func (w *network) space(i int) string   { return fmt.Sprintf("%s-%d", w.name, i) }
func (w *network) port(i int) string    { return fmt.Sprintf("port%d", i) }

// within is the command that runs another one at a port.
func (w *network) within(i int, command []string) []string {
	if w == nil {
		return command
	}
	return append([]string{"ip", "netns", "exec", w.space(i)}, command...)
}

// addresses are those of the servers: at a port each, or on loopback.
func (w *network) addresses(n, number int) ([]string, error) {
	if w == nil {
		return process.FreePorts(n)
	}
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf("%s:%d", w.address(i), number))
	}
	return all, nil
}

// parted takes a server off the network for a while.
func (w *network) parted(random *rand.Rand) (string, error) {
	i := random.IntN(w.ports)
	still := between(random, 500*time.Millisecond, 6*time.Second)
	if err := ip("-n", w.hub(), "link", "set", w.port(i), "down"); err != nil {
		return "", err
	}
	time.Sleep(still)
	return fmt.Sprintf("nats-%d for %.1fs", i+1, still.Seconds()), ip("-n", w.hub(), "link", "set", w.port(i), "up")
}

func (w *network) remove() {
	if w == nil {
		return
	}
	for i := range w.ports {
		_ = ip("netns", "del", w.space(i))
	}
	_ = ip("netns", "del", w.hub())
	_ = ip("link", "del", w.name)
}
