package bus

import (
	"context"
	"net"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
)

// dialTimeout bounds one attempt at one address, and then the server's greeting.
const dialTimeout = 2 * time.Second

// wire is the socket of one connection, kept where it can be cut while nats.go holds its own lock in a write that a
// frozen server blocks.
type wire struct {
	net.Conn
	writing atomic.Bool
	// written counts the bytes that the kernel has taken.
	written atomic.Int64
	// lost, if set, is told why nothing more can be read: sooner than nats.go tells.
	lost atomic.Pointer[context.CancelCauseFunc]
}

func (w *wire) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	if lost := w.lost.Load(); err != nil && lost != nil {
		(*lost)(err)
	}
	return n, err
}

func (w *wire) Write(p []byte) (int, error) {
	w.writing.Store(true)
	defer w.writing.Store(false)
	n, err := w.Conn.Write(p)
	w.written.Add(int64(n))
	return n, err
}

// cut closes the socket so that nothing more leaves it, not even what the kernel holds for a peer that does not read.
func (w *wire) cut() {
	if tcp, ok := w.Conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = w.Conn.Close()
}

// Close is nats.go's, which has given up, as after a write that took too long.
func (w *wire) Close() error {
	w.cut()
	return nil
}

// holds says whether bytes that we wrote, or are writing, have not left this machine.
func (w *wire) holds() bool { return w.writing.Load() || unsent(w.Conn) > 0 }

// released says whether nothing is left to be sent of what nats.go and the kernel held when goal bytes had been written, or were
// waiting to be: either nothing is left at all, or so many bytes have left, however much others write meanwhile.
func (w *wire) released(buffered int, goal int64) bool {
	return buffered == 0 && !w.holds() || w.left() >= goal
}

// left counts the bytes that have left this machine.
func (w *wire) left() int64 { return w.written.Load() - unsent(w.Conn) }

// dialer makes the socket of one connection, and cuts it when ctx ends. It is for one nats.Connect only.
type dialer struct {
	ctx       context.Context
	inProcess nats.InProcessConnProvider
	wire      *wire
	// failed is why the last attempt failed: nats.go says only that there are no servers.
	failed error
}

// Dial is nats.CustomDialer.
func (d *dialer) Dial(network, address string) (net.Conn, error) {
	c, err := (&net.Dialer{Timeout: dialTimeout}).DialContext(d.ctx, network, address)
	return d.keep(c, err)
}

// InProcessConn is nats.InProcessConnProvider.
func (d *dialer) InProcessConn() (net.Conn, error) {
	return d.keep(d.inProcess.InProcessConn())
}

func (d *dialer) keep(c net.Conn, err error) (net.Conn, error) {
	if err != nil {
		d.failed = err
		return nil, err
	}
	w := &wire{Conn: c}
	d.wire, d.failed = w, nil
	context.AfterFunc(d.ctx, w.cut)
	return w, nil
}
