package embedded

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"go.uber.org/zap"
)

const (
	// waiting requests, and their bytes, may wait for the porter, of each kind; more are dropped, as the server drops them.
	waiting      = 1000
	waitingBytes = 8 << 20
	// creationMax is the size of the largest request for a consumer: the server keeps it on disk.
	creationMax = 16 << 10
)

// porter stands between guests and JetStream. It lets a request pass if the answer, and what a consumer delivers, go to an
// inbox. Anywhere else they would pass for an event with those who listen, or could be stored or obeyed: the server checks
// nobody's permissions for reply and deliver subjects. Answers and deliveries make no detour over the porter.
type porter struct {
	nc  *nats.Conn
	log *zap.Logger
}

func newPorter(s *server.Server, streams []string, password string, log *zap.Logger) (*porter, error) {
	nc, err := nats.Connect("", nats.InProcessServer(s), nats.UserInfo(porterUser, password), nats.Name(porterUser),
		nats.MaxReconnects(-1), nats.ReconnectBufSize(-1),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { log.Debug("guests' requests", zap.Error(err)) }))
	if err != nil {
		return nil, fmt.Errorf("open the guests' way in: %w", err)
	}
	p := &porter{nc: nc, log: log}
	if err := p.listen(requests(streams)); err != nil {
		nc.Close()
		return nil, fmt.Errorf("open the guests' way in: %w", err)
	}
	return p, nil
}

func (p *porter) listen(requests []request) error {
	for _, r := range requests {
		handle := p.pass
		switch {
		case r.creates:
			handle = p.passCreation
		case r.bare:
			handle = p.passBare
		case r.single:
			handle = p.passSingle
		}
		sub, err := p.nc.Subscribe(r.subject, handle)
		if err != nil {
			return err
		}
		if err := sub.SetPendingLimits(waiting, waitingBytes); err != nil {
			return err
		}
	}
	return p.nc.Flush()
}

func (p *porter) close() { p.nc.Close() }

func (p *porter) pass(m *nats.Msg) {
	if m.Reply != "" && !isInbox(m.Reply) {
		p.log.Debug("refused a request: its reply subject is no inbox",
			zap.String("request", m.Subject), zap.String("reply", m.Reply))
		return
	}
	// Without its headers: some of them have the server send more than the answer.
	err := p.nc.PublishMsg(&nats.Msg{Subject: asked + m.Subject, Reply: m.Reply, Data: m.Data})
	if err != nil {
		p.log.Debug("a request was not passed on", zap.String("request", m.Subject), zap.Error(err))
	}
}

// passBare and passSingle keep a guest from asking for what takes the server, and so the relay, as long as the stream has subjects.
func (p *porter) passBare(m *nats.Msg) { p.pass(&nats.Msg{Subject: m.Subject, Reply: m.Reply}) }

func (p *porter) passSingle(m *nats.Msg) {
	var request struct {
		MultiLast []string `json:"multi_last"`
	}
	if err := json.Unmarshal(m.Data, &request); err != nil || len(request.MultiLast) > 0 {
		p.log.Debug("refused a request: it asks for many subjects at once", zap.String("request", m.Subject))
		return
	}
	p.pass(m)
}

func (p *porter) passCreation(m *nats.Msg) {
	data, refused := creation(m.Data)
	if refused != nil {
		p.refuse(m, refused)
		return
	}
	p.pass(&nats.Msg{Subject: m.Subject, Reply: m.Reply, Data: data})
}

// creation returns the request as the server's own types read it, so that there is one reading of it only.
func creation(data []byte) ([]byte, *server.ApiError) {
	if len(data) > creationMax {
		return nil, &server.ApiError{
			Code: 403, ErrCode: uint16(server.JSConsumerMetadataLengthErrF),
			Description: fmt.Sprintf("request is larger than %d bytes", creationMax),
		}
	}
	var request server.CreateConsumerRequest
	if err := json.Unmarshal(data, &request); err != nil {
		return nil, server.NewJSInvalidJSONError(err)
	}
	if to := request.Config.DeliverSubject; to != "" && !isInbox(to) {
		return nil, &server.ApiError{
			Code: 403, ErrCode: uint16(server.JSConsumerInvalidDeliverSubject),
			Description: "deliver subject must be below " + inboxes + " on this server",
		}
	}
	data, err := json.Marshal(request)
	if err != nil {
		return nil, server.NewJSInvalidJSONError(err)
	}
	return data, nil
}

// refuse answers as the server would.
func (p *porter) refuse(m *nats.Msg, why *server.ApiError) {
	if !isInbox(m.Reply) {
		return
	}
	answer, err := json.Marshal(server.ApiResponse{Type: server.JSApiConsumerCreateResponseType, Error: why})
	if err == nil {
		err = p.nc.Publish(m.Reply, answer)
	}
	if err != nil {
		p.log.Debug("a request was not answered", zap.String("request", m.Subject), zap.Error(err))
	}
}

// isInbox says whether a subject is a literal below the inboxes.
func isInbox(subject string) bool {
	return strings.HasPrefix(subject, inboxes) && server.IsValidPublishSubject(subject)
}
