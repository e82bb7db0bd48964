package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"sync"
	"time"
)

const (
	// answerTimeout is longer than any relay may take.
	answerTimeout = 30 * time.Second
	// answerMax bounds an answer's head and its body, in bytes.
	answerMax = 4096
)

// target is where webhooks are sent, and which.
type target struct {
	address, path string
	// signed are the webhooks; without, they are unsigned and differ in their bodies.
	signed *pool
}

// sender is one connection that is kept.
type sender struct {
	target  target
	request *request
	conn    net.Conn
	answers *bufio.Reader
}

func newSender(t target, number int) *sender {
	return &sender{target: t, request: newRequest(t.address, t.path, number, t.signed)}
}

func (s *sender) connect(ctx context.Context) error {
	if s.conn != nil {
		return nil
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", s.target.address)
	if err != nil {
		return err
	}
	s.conn, s.answers = conn, bufio.NewReaderSize(conn, answerMax)
	return nil
}

// send sends the next webhook and waits for the answer. After an error the next one has a new connection.
func (s *sender) send(ctx context.Context) (answer, error) {
	if err := s.connect(ctx); err != nil {
		return answer{}, err
	}
	a, err := s.exchange()
	if err != nil || a.last {
		s.close()
	}
	return a, err
}

func (s *sender) exchange() (answer, error) {
	if err := s.post(); err != nil {
		return answer{}, err
	}
	return readAnswer(s.answers)
}

// post sends the next webhook, and does not wait for the answer.
func (s *sender) post() error {
	if err := s.conn.SetDeadline(time.Now().Add(answerTimeout)); err != nil {
		return err
	}
	if _, err := s.conn.Write(s.request.next()); err != nil {
		return fmt.Errorf("send: %w", err)
	}
	return nil
}

func (s *sender) close() {
	if s.conn != nil {
		_ = s.conn.Close()
		s.conn = nil
	}
}

// closedLoop sends over a number of connections, over each the next webhook once the one before it is answered, until the
// tally's window ends. All connections are made before the first webhook is sent.
func closedLoop(ctx context.Context, target target, connections int, warm, during time.Duration, begin func(*tally)) (*tally, error) {
	senders := make([]*sender, connections)
	for i := range senders {
		senders[i] = newSender(target, i)
		defer senders[i].close()
		if err := senders[i].connect(ctx); err != nil {
			return nil, err
		}
	}
	from := time.Now().Add(warm)
	t := newTally(from, from.Add(during))
	begin(t)
	var sending sync.WaitGroup
	for _, s := range senders {
		sending.Go(func() {
			for began := time.Now(); began.Before(t.to) && ctx.Err() == nil; {
				a, err := s.send(ctx)
				ended := time.Now()
				t.add(a, err, began, ended, ended)
				began = ended
				if err != nil {
					time.Sleep(10 * time.Millisecond) // a relay that has ended is not asked again at full speed
				}
			}
		})
	}
	sending.Wait()
	return t, ctx.Err()
}
