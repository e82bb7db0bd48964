package bustest

import (
	"net"
	"sync"
	"testing"
)

// Proxy passes connections on to a server until it is frozen, cut or parted from it.
type Proxy struct {
	listener net.Listener
	target   string
	running  sync.WaitGroup

	mu    sync.Mutex
	thawn *sync.Cond
	// frozen stops the bytes towards the server, parted lets nobody in; closed ends everything.
	frozen, parted, closed bool
	open                   map[net.Conn]bool
}

// NewProxy starts a proxy before target, and stops it when the test ends.
func NewProxy(t testing.TB, target string) *Proxy {
	t.Helper()
	p, err := OpenProxy(target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// OpenProxy starts a proxy before target, on a free port. The caller must close it.
func OpenProxy(target string) (*Proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{listener: listener, target: target, open: map[net.Conn]bool{}}
	p.thawn = sync.NewCond(&p.mu)
	p.running.Go(p.accept)
	return p, nil
}

// Close ends all connections, and returns when nothing of the proxy runs any more.
func (p *Proxy) Close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.thawn.Broadcast()
	_ = p.listener.Close()
	p.Cut()
	p.running.Wait()
}

// URL of the proxy.
func (p *Proxy) URL() string { return "nats://" + p.listener.Addr().String() }

// Freeze stops reading from the clients, as a server does that hangs.
func (p *Proxy) Freeze() { p.freeze(true) }

// Thaw reads on where Freeze stopped.
func (p *Proxy) Thaw() { p.freeze(false) }

func (p *Proxy) freeze(frozen bool) {
	p.mu.Lock()
	p.frozen = frozen
	p.mu.Unlock()
	p.thawn.Broadcast()
}

// Part ends all connections and lets nobody in, as a network does that is cut, until Join.
func (p *Proxy) Part() {
	p.part(true)
	p.Cut()
}

// Join lets clients in again.
func (p *Proxy) Join() { p.part(false) }

func (p *Proxy) part(parted bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.parted = parted
}

// Cut ends all connections.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.open {
		_ = c.Close()
	}
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := p.dial()
		if err != nil {
			_ = client.Close()
			continue
		}
		p.keep(client, server)
		p.running.Go(func() { p.carry(server, client, p.whileThawn) })
		p.running.Go(func() { p.carry(client, server, func() {}) })
	}
}

func (p *Proxy) dial() (net.Conn, error) {
	p.mu.Lock()
	parted := p.parted
	p.mu.Unlock()
	if parted {
		return nil, net.ErrClosed
	}
	return net.Dial("tcp", p.target)
}

func (p *Proxy) keep(connections ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range connections {
		p.open[c] = true
	}
}

func (p *Proxy) whileThawn() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.frozen && !p.closed {
		p.thawn.Wait()
	}
}

// carry copies until either side ends. It waits before it reads, and once more before it writes what it has read.
func (p *Proxy) carry(to, from net.Conn, wait func()) {
	buffer := make([]byte, 16<<10)
	for {
		wait()
		n, err := from.Read(buffer)
		wait()
		if _, failed := to.Write(buffer[:n]); failed != nil || err != nil {
			break
		}
	}
	_ = to.Close()
	_ = from.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.open, to)
	delete(p.open, from)
}
