package main

import (
	"bufio"
	"strings"
	"testing"
)

func TestReadAnswer(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       answer
		broken     bool
	}{
		{"taken", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nDate: x\r\n\r\nok", answer{status: 200}, false},
		{"lower case", "HTTP/1.1 200 OK\r\ncontent-length:2\r\n\r\nok", answer{status: 200}, false},
		{"queued", "HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{\"queued\":true}", answer{status: 200, queued: true}, false},
		{"known", "HTTP/1.1 200 OK\r\nContent-Length: 18\r\n\r\n{\"duplicate\":true}", answer{status: 200, repeated: true}, false},
		{"new", "HTTP/1.1 200 OK\r\nContent-Length: 19\r\n\r\n{\"duplicate\":false}", answer{status: 200}, false},
		{"refused", "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 4\r\n\r\nfull", answer{status: 503, text: "full", last: true}, false},
		{"without a body", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", answer{status: 200}, false},
		{"body without an end", "HTTP/1.1 200 OK\r\n\r\nok", answer{}, true},
		{"chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", answer{}, true},
		{"cut in the head", "HTTP/1.1 200 OK\r\nContent-Le", answer{}, true},
		{"cut in the body", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", answer{}, true},
		{"too long", "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + strings.Repeat("x", 5000), answer{}, true},
		{"no status", "HTTP/1.1 abc\r\n\r\n", answer{}, true},
		{"no HTTP", "SSH-2.0-OpenSSH_9.9\r\n", answer{}, true},
		{"short", "HTTP\r\n", answer{}, true},
		{"a negative length", "HTTP/1.1 200 OK\r\nContent-Length: -4\r\n\r\n", answer{}, true},
		{"nothing", "", answer{}, true},
	} {
		const next = "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"
		text := c.text
		if !c.broken {
			text += next
		}
		r := bufio.NewReaderSize(strings.NewReader(text), answerMax)
		got, err := readAnswer(r)
		if (err != nil) != c.broken {
			t.Errorf("%s: error %v", c.name, err)
			continue
		}
		if c.broken {
			continue
		}
		if got != c.want {
			t.Errorf("%s: got %+v, want %+v", c.name, got, c.want)
		}
		if after, err := readAnswer(r); err != nil || after.status != 204 {
			t.Errorf("%s: the answer after it is %+v, %v", c.name, after, err)
		}
	}
}
