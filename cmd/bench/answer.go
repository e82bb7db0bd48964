package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strconv"
)

// answer is what a relay said.
type answer struct {
	status int
	// queued: it waits in the relay's outbox, and is not on the bus yet. repeated: the bus knew it already.
	queued, repeated bool
	// text is the body's beginning, of an answer that is no 200.
	text string
	// last: the relay closes the connection.
	last bool
}

var errAnswer = errors.New("no HTTP/1.1 answer with a Content-Length")

// readAnswer reads one answer whose body has at most the reader's size.
func readAnswer(r *bufio.Reader) (answer, error) {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return answer{}, err
	}
	a, length := answer{}, -1
	if len(line) < len("HTTP/1.1 200") || !bytes.HasPrefix(line, []byte("HTTP/1.1 ")) {
		return answer{}, fmt.Errorf("%w: %q", errAnswer, line)
	}
	if a.status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return answer{}, fmt.Errorf("%w: %q", errAnswer, line)
	}
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return answer{}, err
		}
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch value = bytes.TrimSpace(value); {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(value)); err != nil {
				return answer{}, fmt.Errorf("%w: %q", errAnswer, line)
			}
		case bytes.EqualFold(name, []byte("Connection")):
			a.last = bytes.EqualFold(value, []byte("close"))
		}
	}
	if length < 0 {
		return answer{}, fmt.Errorf("%w: a body without an end", errAnswer)
	}
	return a, a.readBody(r, length)
}

func (a *answer) readBody(r *bufio.Reader, length int) error {
	body, err := r.Peek(length)
	if err != nil {
		return fmt.Errorf("%w: body of %d bytes: %w", errAnswer, length, err)
	}
	if a.status == http.StatusOK {
		a.queued = bytes.Contains(body, []byte(`"queued":true`))
		a.repeated = bytes.Contains(body, []byte(`"duplicate":true`))
	} else {
		a.text = string(body[:min(len(body), 200)])
	}
	_, err = r.Discard(length)
	return err
}
