package bus

import (
	"net"
	"os"
	"testing"
	"time"
)

// pair returns both ends of a TCP connection.
func pair(t *testing.T) (near, far net.Conn) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if near, err = net.Dial("tcp", listener.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if far, err = listener.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { near.Close(); far.Close() })
	return near, far
}

// fill writes until the kernels on both sides take no more.
func fill(t *testing.T, w *wire) {
	t.Helper()
	for {
		_ = w.SetWriteDeadline(time.Now().Add(50 * time.Millisecond))
		if _, err := w.Write(make([]byte, 64<<10)); err != nil {
			if !os.IsTimeout(err) {
				t.Fatal(err)
			}
			return
		}
	}
}

func TestWireHoldsWhatThePeerDoesNotTake(t *testing.T) {
	near, far := pair(t)
	w := &wire{Conn: near}
	fill(t, w)
	if !w.holds() {
		t.Error("wire with a full buffer holds nothing")
	}
	w.cut()
	// Cut means reset: the end of what was sent must not look like the end of the stream.
	_ = far.SetReadDeadline(time.Now().Add(10 * time.Second))
	var err error
	for buffer := make([]byte, 64<<10); err == nil; {
		_, err = far.Read(buffer)
	}
	if os.IsTimeout(err) {
		t.Error("peer of a cut wire was not told")
	}
}

func TestWireHoldsNothingOnceSent(t *testing.T) {
	near, far := pair(t)
	w := &wire{Conn: near}
	if _, err := w.Write([]byte("PING\r\n")); err != nil {
		t.Fatal(err)
	}
	if _, err := far.Read(make([]byte, 6)); err != nil {
		t.Fatal(err)
	}
	if unsent(near) > 0 || w.left() != 6 {
		t.Error("wire holds what its peer has read")
	}
}

// What was written before has left when so many bytes have, though others are always writing.
func TestWireReleasesWhatIsBeforeTheGoal(t *testing.T) {
	near, _ := pair(t)
	w := &wire{Conn: near}
	if _, err := w.Write([]byte("PING\r\n")); err != nil {
		t.Fatal(err)
	}
	for began := time.Now(); w.left() < 6; time.Sleep(time.Millisecond) {
		if time.Since(began) > 10*time.Second {
			t.Fatalf("%d bytes have left", w.left())
		}
	}
	w.writing.Store(true)
	for _, c := range []struct {
		buffered int
		goal     int64
		want     bool
	}{{0, 6, true}, {1000, 6, true}, {0, 7, false}, {1000, 7, false}} {
		if got := w.released(c.buffered, c.goal); got != c.want {
			t.Errorf("%d buffered, goal %d: released %t", c.buffered, c.goal, got)
		}
	}
	w.writing.Store(false)
	if !w.released(0, 7) || w.released(1, 7) {
		t.Error("without a write under way, nothing buffered is all there is to wait for")
	}
}

// A pipe, as the embedded server has it, holds exactly what is being written.
func TestPipeHoldsWhatIsBeingWritten(t *testing.T) {
	near, far := net.Pipe()
	defer far.Close()
	w := &wire{Conn: near}
	written := make(chan error)
	go func() {
		_, err := w.Write([]byte("PING\r\n"))
		written <- err
	}()
	if _, err := far.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	if !w.holds() {
		t.Error("pipe in the middle of a write holds nothing")
	}
	w.cut()
	if err := <-written; err == nil {
		t.Error("write on a cut pipe has no error")
	}
	if w.holds() {
		t.Error("cut pipe still holds something")
	}
}
