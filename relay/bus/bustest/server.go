// Package bustest has real NATS servers for tests: on a free port of 127.0.0.1, stopped and started again on the same port
// and the same store; and a proxy before one that can be frozen.
package bustest

import (
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// startTimeout is ample for a server on a loaded machine.
const startTimeout = 20 * time.Second

// Node is a NATS server that a test controls.
type Node struct {
	t       testing.TB
	options server.Options
	running *server.Server
}

// Server starts a server with JetStream, and stops it when the test ends. Each change is applied to its options first.
func Server(t testing.TB, changes ...func(*server.Options)) *Node {
	t.Helper()
	n := &Node{t: t, options: server.Options{
		ServerName: "test", Host: "127.0.0.1", Port: server.RANDOM_PORT,
		JetStream: true, StoreDir: t.TempDir(), NoLog: true, NoSigs: true,
	}}
	for _, change := range changes {
		change(&n.options)
	}
	n.start()
	n.options.Port = n.running.Addr().(*net.TCPAddr).Port
	t.Cleanup(n.Stop)
	return n
}

// URL of the server, the same after a restart.
func (n *Node) URL() string { return "nats://" + n.Addr() }

// InProcess is how the process that a server runs in connects to it: as the relay does to the embedded one.
func (n *Node) InProcess() nats.InProcessConnProvider { return n.running }

// Addr is its host:port.
func (n *Node) Addr() string { return net.JoinHostPort(n.options.Host, strconv.Itoa(n.options.Port)) }

// ClusterAddr is where other servers of its cluster reach it.
func (n *Node) ClusterAddr() string { return n.running.ClusterAddr().String() }

// AwaitRoutes returns when another server of its cluster is connected.
func (n *Node) AwaitRoutes() {
	n.t.Helper()
	for began := time.Now(); n.running.NumRoutes() == 0; time.Sleep(time.Millisecond) {
		if time.Since(began) > startTimeout {
			n.t.Fatalf("no other server after %s", startTimeout)
		}
	}
}

// Stop ends the server and returns when everything is on disk.
func (n *Node) Stop() {
	n.running.Shutdown()
	n.running.WaitForShutdown()
}

// Restart starts the server again after Stop: same port, same store.
func (n *Node) Restart() {
	n.t.Helper()
	n.start()
}

// Upgrade stops the server and starts it again with other options, on the same port and the same store.
func (n *Node) Upgrade(change func(*server.Options)) {
	n.t.Helper()
	n.Stop()
	change(&n.options)
	n.start()
}

func (n *Node) start() {
	n.t.Helper()
	options := n.options
	s, err := server.NewServer(&options)
	if err != nil {
		n.t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(startTimeout) {
		n.t.Fatalf("NATS server is not ready for connections after %s", startTimeout)
	}
	n.running = s
}
