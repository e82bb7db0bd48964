package relay

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"
)

var (
	errBodyTooLarge = errors.New("body is larger than max_body")
	errEncoding     = errors.New("body has a Content-Encoding")
	errBodyBroken   = errors.New("body did not arrive whole")
	errBodySlow     = errors.New("body did not arrive in time")
)

// arrival is one webhook as it came: whose it is, nobody knows yet.
type arrival struct {
	endpoint *Endpoint
	claim    claim
	header   http.Header
	body     []byte
	digest   [sha256.Size]byte
	// at is when its headers had come.
	at time.Time
}

// receive reads the request's body, at most r.maxBody bytes of it. Nothing is decoded: the
// signature is over these bytes. What its headers already condemn is not read.
func (r *Relay) receive(e *Endpoint, w http.ResponseWriter, q *http.Request, l *load) (_ *arrival, err error) {
	_, done := r.step(q.Context(), "receive")
	defer func() { done(err) }()
	at := time.Now()
	if slices.ContainsFunc(q.Header.Values("Content-Encoding"), isEncoded) {
		return nil, errEncoding
	}
	if q.ContentLength > r.maxBody {
		return nil, errBodyTooLarge
	}
	claim, err := r.claimOf(e, q)
	if err != nil {
		return nil, err
	}
	body, err := r.read(w, q, l)
	if err != nil {
		return nil, err
	}
	r.metrics.received.Add(float64(len(body)))
	return &arrival{endpoint: e, claim: claim, header: q.Header, body: body, digest: sha256.Sum256(body), at: at}, nil
}

// firstRead is how much of a body is read before there must be room for more, in bytes.
const firstRead = 4 << 10

// read returns the body. The server ends the reading of a slow one when patience does.
func (r *Relay) read(w http.ResponseWriter, q *http.Request, l *load) ([]byte, error) {
	size, from := q.ContentLength, io.Reader(q.Body)
	chunked := size < 0
	if chunked { // it ends where it says, and then fails
		size, from = r.maxBody+1, http.MaxBytesReader(w, q.Body, r.maxBody)
	}
	body := make([]byte, 0, min(size, firstRead))
	for int64(len(body)) < size {
		if len(body) == cap(body) {
			room := min(size, 2*int64(cap(body)))
			if err := l.grow(room - int64(cap(body))); err != nil {
				return nil, err
			}
			body = append(make([]byte, 0, room), body...)
		}
		n, err := from.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case chunked && err == io.EOF:
			return body, nil
		case err != nil && int64(len(body)) < size:
			return nil, readFault(err)
		}
	}
	return body, nil
}

func isEncoded(encoding string) bool {
	return encoding != "" && !strings.EqualFold(encoding, "identity")
}

func readFault(err error) error {
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		return errBodyTooLarge
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return errBodySlow
	}
	return fmt.Errorf("%w: %w", errBodyBroken, err)
}
