package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Codes of JetStream's answers to changes of a stream (nats-server, errors.json).
const (
	codeNoPeers        jetstream.ErrorCode = 10005
	codeOverlap        jetstream.ErrorCode = 10065
	codeNameInUse      jetstream.ErrorCode = 10058
	codeNoCluster      jetstream.ErrorCode = 10074
	statusNotAvailable                     = 503
)

// api asks JetStream for what jetstream.JetStream has no exact call for.
func (c *connection) api(ctx context.Context, subject string, request, response any) error {
	var body []byte
	if request != nil {
		var err error
		if body, err = json.Marshal(request); err != nil {
			return err
		}
	}
	msg, err := c.nc.RequestWithContext(ctx, jetstream.DefaultAPIPrefix+subject, body)
	if err != nil {
		return err
	}
	var outcome struct {
		Error *jetstream.APIError `json:"error"`
	}
	if err := json.Unmarshal(msg.Data, &outcome); err != nil {
		return fmt.Errorf("read answer to %s: %w", subject, err)
	}
	if outcome.Error != nil {
		return outcome.Error
	}
	if response == nil {
		return nil
	}
	return json.Unmarshal(msg.Data, response)
}

// oneReplica mends replicas that a server cannot have.
const oneReplica = "set stream.replicas: 1 here, or name servers of a cluster in nats.url"

// refusal says why a stream could not be made or changed, and names the other stream of an overlap.
func (c *connection) refusal(ctx context.Context, want Stream, subjects []string, err error) error {
	var api *jetstream.APIError
	if !errors.As(err, &api) {
		return answer(c.nc, err)
	}
	switch api.ErrorCode {
	case codeOverlap:
		return c.overlap(ctx, want, subjects, err)
	case codeNoCluster:
		return faultf("%w: %s", err, oneReplica)
	case codeNoStorage:
		return faultf("%w: lower stream.max_bytes here, or give the server more room: a larger disk, or its max_file_store", err)
	}
	return answer(c.nc, err)
}

func (c *connection) overlap(ctx context.Context, want Stream, subjects []string, err error) error {
	others, failed := c.streams(ctx)
	if failed != nil {
		return faultf("%w; find the other stream: %w", err, failed)
	}
	var found []string
	for _, f := range overlaps(want.Name, subjects, others) {
		found = append(found, f.String())
	}
	if len(found) == 0 {
		return fault{err}
	}
	return fault{errors.New(strings.Join(found, "; and "))}
}

// streams are all that the account has.
func (c *connection) streams(ctx context.Context) ([]jetstream.StreamConfig, error) {
	var all []jetstream.StreamConfig
	list := c.js.ListStreams(ctx)
	for info := range list.Info() {
		all = append(all, info.Config)
	}
	if err := list.Err(); err != nil {
		if denied := context.Cause(ctx); IsFault(denied) {
			err = denied
		}
		return nil, err
	}
	return all, nil
}

// answer tells what people must mend from what passes, for an error of JetStream's API.
func answer(nc *nats.Conn, err error) error {
	switch {
	case IsFault(err):
		return err
	case errors.Is(err, nats.ErrNoResponders), errors.Is(err, jetstream.ErrJetStreamNotEnabled):
		return faultf("no JetStream at %s: enable it there (nats-server -js, or jetstream {} in its configuration): %w",
			nc.ConnectedAddr(), err)
	case errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount):
		return faultf("JetStream is not enabled for our account at %s: enable it there, or use other credentials: %w",
			nc.ConnectedAddr(), err)
	}
	var api *jetstream.APIError
	if !errors.As(err, &api) || api.Code == statusNotAvailable || api.ErrorCode == codeNoPeers || api.ErrorCode == codeNameInUse {
		return err
	}
	return fault{err}
}
