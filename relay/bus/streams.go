package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"
)

// checkTimeout bounds the checks of one connection: a stream of 1,000 new subjects takes the server a second.
const checkTimeout = 10 * time.Second

// Codes of JetStream's answers to changes of a stream (nats-server, errors.json).
const (
	codeNoPeers        jetstream.ErrorCode = 10005
	codeOverlap        jetstream.ErrorCode = 10065
	codeNameInUse      jetstream.ErrorCode = 10058
	statusNotAvailable                     = 503
)

// fault is what only people can mend.
type fault struct{ error }

func (f fault) Unwrap() error { return f.error }

func faultf(format string, args ...any) error { return fault{fmt.Errorf(format, args...)} }

// checks returns nil if everything is there that Publish needs: a fault if people must mend it, another error if waiting may.
func (b *Bus) checks(c *connection) error {
	ctx, cancel := context.WithCancelCause(c.ctx)
	defer cancel(nil)
	c.onDenied.Store(&cancel)
	defer c.onDenied.Store(nil)
	ctx, done := context.WithTimeout(ctx, checkTimeout)
	defer done()
	if err := b.checkServer(c.nc); err != nil {
		return err
	}
	for _, want := range b.o.Streams {
		if err := b.checkStream(ctx, c, want); err != nil {
			var denied fault
			if errors.As(context.Cause(ctx), &denied) {
				err = denied
			}
			return fmt.Errorf("stream %s: %w", want.Name, err)
		}
	}
	return nil
}

func (b *Bus) checkServer(nc *nats.Conn) error {
	if !nc.HeadersSupported() {
		return faultf("server at %s does not support headers: they must be enabled", nc.ConnectedAddr())
	}
	if most := nc.MaxPayload(); most < b.o.MinPayload {
		return faultf("server at %s takes messages of at most %d bytes and %d are needed: "+
			"set max_payload: %d there, or a smaller http.max_body here", nc.ConnectedAddr(), most, b.o.MinPayload, b.o.MinPayload)
	}
	return nil
}

func (b *Bus) checkStream(ctx context.Context, c *connection, want Stream) error {
	s, err := c.js.Stream(ctx, want.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		s, err = c.create(ctx, want)
	}
	if err != nil {
		return answer(c.nc, err)
	}
	have := s.CachedInfo().Config
	if err := unsuitable(have); err != nil {
		return err
	}
	missing := slices.DeleteFunc(slices.Clone(want.Subjects), func(subject string) bool { return covered(subject, have.Subjects) })
	if len(missing) > 0 {
		if err := c.add(ctx, want, missing); err != nil {
			return err
		}
	}
	b.warn(have, want)
	return nil
}

// create makes a stream that keeps the promises: on disk, and full instead of forgetful.
func (c *connection) create(ctx context.Context, want Stream) (jetstream.Stream, error) {
	if !want.Manage {
		return nil, faultf("is not there: create it with the subjects %s, or let the relay do so (stream.manage: true)",
			some(want.Subjects))
	}
	maxBytes := want.MaxBytes
	if maxBytes == 0 {
		maxBytes = -1
	}
	s, err := c.js.CreateStream(ctx, jetstream.StreamConfig{
		Name: want.Name, Subjects: want.Subjects, Replicas: max(want.Replicas, 1),
		Storage: jetstream.FileStorage, Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardNew,
		MaxAge: want.MaxAge, MaxBytes: maxBytes, MaxMsgs: -1, MaxMsgsPerSubject: -1, MaxConsumers: -1,
		Duplicates: want.DuplicateWindow, AllowDirect: true,
	})
	if err != nil {
		return nil, c.refusal(ctx, want.Name, want.Subjects, fmt.Errorf("create: %w", err))
	}
	return s, nil
}

// add gives the stream the missing subjects and changes nothing else, not even settings that this library does not know.
func (c *connection) add(ctx context.Context, want Stream, missing []string) error {
	if !want.Manage {
		return faultf("does not hold %s: add it, or let the relay do so (stream.manage: true)", some(missing))
	}
	var info struct {
		Config map[string]json.RawMessage `json:"config"`
	}
	if err := c.api(ctx, "STREAM.INFO."+want.Name, nil, &info); err != nil {
		return answer(c.nc, err)
	}
	var subjects []string
	if err := json.Unmarshal(info.Config["subjects"], &subjects); err != nil && len(info.Config["subjects"]) > 0 {
		return fmt.Errorf("read its subjects: %w", err)
	}
	subjects = append(uncovered(subjects, missing), missing...)
	info.Config["subjects"], _ = json.Marshal(subjects)
	if err := c.api(ctx, "STREAM.UPDATE."+want.Name, info.Config, nil); err != nil {
		return c.refusal(ctx, want.Name, missing, fmt.Errorf("add %s: %w", some(missing), err))
	}
	return nil
}

// uncovered are the subjects that none of the wider ones covers: a stream may not hold both.
func uncovered(subjects, wider []string) []string {
	return slices.DeleteFunc(subjects, func(subject string) bool { return covered(subject, wider) })
}

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

// refusal says why a stream could not be made or changed, and names the other stream of an overlap.
func (c *connection) refusal(ctx context.Context, stream string, subjects []string, err error) error {
	var api *jetstream.APIError
	if !errors.As(err, &api) {
		return answer(c.nc, err)
	}
	switch api.ErrorCode {
	case codeOverlap:
		return c.overlap(ctx, stream, subjects, err)
	case codeNoStorage:
		return faultf("%w: lower max_bytes here, or raise the server's max_file_store", err)
	}
	return answer(c.nc, err)
}

func (c *connection) overlap(ctx context.Context, stream string, subjects []string, err error) error {
	for _, subject := range subjects {
		list := c.js.ListStreams(ctx, jetstream.WithStreamListSubject(subject))
		for other := range list.Info() {
			if other.Config.Name != stream {
				held := slices.IndexFunc(other.Config.Subjects, func(s string) bool { return overlaps(s, subject) })
				return faultf("%q is already held by stream %s (as %q): take it from that stream, or use another account",
					subject, other.Config.Name, other.Config.Subjects[max(held, 0)])
			}
		}
		if list.Err() != nil {
			return answer(c.nc, fmt.Errorf("%w; find the other stream: %w", err, list.Err()))
		}
	}
	return fault{err}
}

// answer tells what people must mend from what passes, for an error of JetStream's API.
func answer(nc *nats.Conn, err error) error {
	var known fault
	switch {
	case errors.As(err, &known):
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

// unsuitable finds what makes an existing stream break the promises.
func unsuitable(c jetstream.StreamConfig) error {
	refused := func(setting, why string) error {
		return faultf("%s: %s; recreate the stream without it, or set another stream.name here", setting, why)
	}
	switch {
	case c.Storage != jetstream.FileStorage:
		return refused("storage is memory", "a restart of the server would lose what was acknowledged")
	case c.NoAck:
		return refused("no_ack is set", "nothing would ever be acknowledged")
	case c.PersistMode == jetstream.AsyncPersistMode:
		return refused("persist_mode is async", "a crash of the server would lose what was acknowledged")
	case c.Retention != jetstream.LimitsPolicy:
		return refused("retention is "+strings.ToLower(c.Retention.String()), "messages would vanish by what consumers do, or do not")
	case c.Sealed:
		return refused("it is sealed", "nothing can be added")
	case c.Mirror != nil:
		return refused("it is a mirror", "nothing can be published to it")
	case c.AllowMsgCounter:
		return refused("allow_msg_counter is set", "only counters can be published to it")
	}
	return nil
}

// warn says, once, what an existing stream makes weaker.
func (b *Bus) warn(have jetstream.StreamConfig, want Stream) {
	say := func(setting, breaks string) {
		if said := have.Name + setting; !b.warned[said] {
			b.warned[said] = true
			b.log.Warn("stream is weaker than it should be",
				zap.String("stream", have.Name), zap.String("setting", setting), zap.String("breaks", breaks))
		}
	}
	if have.Discard != jetstream.DiscardNew {
		say("discard is old", "when it is full, events are deleted before their time instead of refused")
	}
	if have.Duplicates < want.DuplicateWindow {
		say(fmt.Sprintf("duplicate_window is %s and not %s", have.Duplicates, want.DuplicateWindow),
			"a webhook that is sent again later than that is stored twice")
	}
	if have.MaxMsgsPerSubject > 0 {
		say(fmt.Sprintf("max_msgs_per_subject is %d", have.MaxMsgsPerSubject), "earlier events of a subject are deleted by later ones")
	}
	if have.Replicas < 2 && b.o.Server.InProcess == nil {
		say("it has one replica",
			"how safe an acknowledged event is depends on the server's sync_interval, which a client cannot see (always is safe)")
	}
}

// some lists subjects, and not a thousand of them.
func some(subjects []string) string {
	const most = 5
	if len(subjects) <= most {
		return strings.Join(subjects, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(subjects[:most], ", "), len(subjects)-most)
}

func covered(subject string, by []string) bool {
	return slices.ContainsFunc(by, func(s string) bool { return covers(s, subject) })
}
