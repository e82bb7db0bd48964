package relay

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/meetbus/meetbus/normalize"
)

// TestRead: a body is read whole or not at all, in either framing, and takes room as it comes.
func TestRead(t *testing.T) {
	const most = 10 * firstRead
	r := &Relay{maxBody: most, work: budget{most: workMax}}
	for _, size := range []int{0, 1, firstRead - 1, firstRead, firstRead + 1, 3 * firstRead, most - 1, most, most + 1} {
		body := bytes.Repeat([]byte("0123456789abcde"), size/15+1)[:size]
		for _, chunked := range []bool{false, true} {
			for _, cut := range []bool{false, true} {
				t.Run(fmt.Sprintf("%d bytes, chunked %t, cut %t", size, chunked, cut), func(t *testing.T) {
					var sent bytes.Buffer
					q := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
					if chunked {
						q.ContentLength = -1
					}
					if err := q.Write(&sent); err != nil {
						t.Fatal(err)
					}
					if cut && size > 0 {
						sent.Truncate(sent.Len() - 1)
					}
					got, err := http.ReadRequest(bufio.NewReader(&sent))
					if err != nil {
						t.Fatal(err)
					}
					l := load{work: &r.work}
					read, err := r.read(httptest.NewRecorder(), got, &l)
					switch {
					case chunked && size > most:
						if !errors.Is(err, errBodyTooLarge) {
							t.Errorf("%v, want that it is too large", err)
						}
					case cut && size > 0:
						if !errors.Is(err, errBodyBroken) {
							t.Errorf("%d bytes, %v; want that it is broken", len(read), err)
						}
					case err != nil || !bytes.Equal(read, body):
						t.Errorf("%d bytes, %v", len(read), err)
					case int64(cap(read)) > l.taken+firstRead || l.taken > int64(max(most, size)):
						t.Errorf("with %d bytes in hand it has taken %d", cap(read), l.taken)
					}
				})
			}
		}
	}
}

// TestClaimsTakeNoRoom: senders that promise large bodies and send nothing leave the room to others; what has come of large ones takes
// it from large ones only.
func TestClaimsTakeNoRoom(t *testing.T) {
	const size, senders = 200_000, 20
	r := newRig(t, func(*rig) []Endpoint { return []Endpoint{open(normalize.Dyte)} })
	r.relay.work.most = size * senders / 2
	promise := func(body string) net.Conn {
		conn, err := net.Dial("tcp", strings.TrimPrefix(r.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		if _, err := fmt.Fprintf(conn, "POST /open/dyte HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s", size, body); err != nil {
			t.Fatal(err)
		}
		return conn
	}
	taken := func() int64 { return r.relay.work.used.Load() }
	await := func(enough func() bool) {
		for end := time.Now().Add(5 * time.Second); !enough(); time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%d bytes of %d are taken", taken(), r.relay.work.most)
			}
		}
	}
	for range senders {
		promise("")
	}
	await(func() bool { return taken() == senders*workEach })
	body := `{"event":"meeting.ended","meeting":{"id":"m","title":"` + strings.Repeat("x", size) + `"}}`
	if got := r.send(hook{path: "/open/dyte", body: body}); got.status != http.StatusOK {
		t.Errorf("beside senders that send nothing, a large one is answered %d %s", got.status, got.text)
	}
	refused := 0
	for range senders {
		conn := promise(strings.Repeat("x", size-1))
		if err := conn.SetReadDeadline(time.Now().Add(200 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		if line, err := bufio.NewReader(conn).ReadString('\n'); err == nil && strings.Contains(line, "503") {
			refused++
		} else if !errors.Is(err, io.EOF) && line != "" {
			t.Errorf("answered %q, %v", line, err)
		}
	}
	if refused == 0 || taken() > r.relay.work.most-r.relay.work.most/growthShare {
		t.Errorf("%d of %d are refused, and %d of %d bytes are taken", refused, senders, taken(), r.relay.work.most)
	}
	if got := r.send(hook{path: "/open/dyte", body: joinedBody(ours)}); got.status != http.StatusOK {
		t.Errorf("where large ones have all that they may, a small one is answered %d %s", got.status, got.text)
	}
}
