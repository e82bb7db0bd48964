package bus

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nkeys"
)

const (
	// A peer that answers no ping for this long twice is dead.
	pingInterval    = 2 * time.Second
	pingsUnanswered = 2
	// No write may hold nats.go's lock longer: the pings wait for it too.
	writeTimeout = 2 * time.Second
	// ownInbox is where answers go in the embedded server: its guests see everything under _INBOX.
	ownInbox = "_RELAY"
	// endless stands for no timeout besides the context's, where nats.go would add its own.
	endless = 365 * 24 * time.Hour
)

// connection is one connection from its greeting to its end. A new one is made when it is lost, instead of letting nats.go
// reconnect: so nothing written for one connection can ever leave through the next.
type connection struct {
	nc   *nats.Conn
	js   jetstream.JetStream
	wire *wire
	// line, on a bus's connection, is the way of its messages.
	line *line
	// ctx ends with the connection.
	ctx context.Context
	// gone is closed when nats.go has closed the connection.
	gone chan struct{}
	// denied is the last permission that the server said is missing.
	denied atomic.Pointer[error]
	// onDenied, if set, is called with it: a request without permission gets no answer at all.
	onDenied atomic.Pointer[context.CancelCauseFunc]
}

// deny takes what the server says beside the answers.
func (c *connection) deny(_ *nats.Conn, _ *nats.Subscription, err error) {
	if !errors.Is(err, nats.ErrPermissionViolation) {
		return
	}
	c.denied.Store(&err)
	if cancel := c.onDenied.Load(); cancel != nil {
		(*cancel)(fault{fmt.Errorf("permission is missing: %w", err)})
	}
}

// drop ends the connection at once: what nats.go and the kernel still hold is not sent.
func (c *connection) drop() {
	c.wire.cut()
	c.nc.Close()
}

// connect dials once. ctx is the life of the connection: when it ends, the connection is cut.
func connect(ctx context.Context, name string, s Server, discovered []string) (*connection, error) {
	options, err := s.options(name)
	if err != nil {
		return nil, err
	}
	life, end := context.WithCancelCause(ctx)
	d := &dialer{ctx: life, inProcess: s.InProcess}
	c := &connection{ctx: life, gone: make(chan struct{})}
	options = append(options, d.option(), nats.NoReconnect(),
		nats.ClosedHandler(func(nc *nats.Conn) { end(nc.LastError()); close(c.gone) }),
		nats.ErrorHandler(c.deny))
	servers := strings.Join(append([]string{s.URL}, discovered...), ",")
	if c.nc, err = nats.Connect(servers, options...); err != nil {
		end(err)
		return nil, dialError(err, d.failed)
	}
	c.wire = d.wire
	c.wire.lost.Store(&end)
	if c.js, err = jetstream.New(c.nc, jetstream.WithDefaultTimeout(endless)); err != nil {
		c.drop()
		return nil, err
	}
	return c, nil
}

func (d *dialer) option() nats.Option {
	if d.inProcess != nil {
		return nats.InProcessServer(d)
	}
	return nats.SetCustomDialer(d)
}

// dialError prefers what the socket said to nats.go's summary.
func dialError(err, socket error) error {
	if errors.Is(err, nats.ErrNoServers) && socket != nil {
		err = socket
	}
	err = fmt.Errorf("connect: %w", err)
	if forPeople(err) {
		return fault{err}
	}
	return err
}

// forPeople says whether only people can mend what a connection failed for.
func forPeople(err error) bool {
	for _, kind := range []error{
		nats.ErrAuthorization, nats.ErrAuthExpired, nats.ErrAuthRevoked, nats.ErrAccountAuthExpired,
		nats.ErrSecureConnRequired, nats.ErrSecureConnWanted, nats.ErrTLS,
	} {
		if errors.Is(err, kind) {
			return true
		}
	}
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	return errors.As(err, &unknown) || errors.As(err, &host) || alerted(err)
}

// alerted says whether the server has ended the TLS with an alert: it wants a certificate of us, say. Package crypto/tls has no
// type for that.
func alerted(err error) bool {
	var alert *net.OpError
	return errors.As(err, &alert) && alert.Op == "remote error"
}

// options of a connection: who we are and how a dead peer is noticed. Credentials are read anew at each call.
func (s Server) options(name string) ([]nats.Option, error) {
	credentials, err := s.credentials()
	if err != nil {
		return nil, fault{err}
	}
	options := append(credentials, nats.Name(name), nats.Timeout(dialTimeout),
		nats.PingInterval(pingInterval), nats.MaxPingsOutstanding(pingsUnanswered),
		nats.FlusherTimeout(writeTimeout), nats.ReconnectOnFlusherError())
	if s.TLS != nil {
		secured, err := s.TLS()
		if err != nil {
			return nil, fault{err}
		}
		options = append(options, nats.Secure(secured))
	}
	if s.InProcess != nil || s.Own {
		options = append(options, nats.CustomInboxPrefix(ownInbox))
	}
	return options, nil
}

func (s Server) credentials() ([]nats.Option, error) {
	switch {
	case s.CredentialsFile != "":
		return chained(s.CredentialsFile)
	case s.NKeyFile != "":
		return nkey(s.NKeyFile)
	case s.TokenFile != "":
		token, err := secret(s.TokenFile)
		return []nats.Option{nats.Token(token)}, err
	case s.PasswordFile != "":
		password, err := secret(s.PasswordFile)
		return []nats.Option{nats.UserInfo(s.User, password)}, err
	case s.User != "":
		return []nats.Option{nats.UserInfo(s.User, s.Password)}, nil
	}
	return nil, nil
}

// chained reads a .creds file: a user's JWT and the seed that proves it.
func chained(file string) ([]nats.Option, error) {
	text, err := secret(file)
	if err != nil {
		return nil, err
	}
	if _, err := nkeys.ParseDecoratedJWT([]byte(text)); err != nil {
		return nil, fmt.Errorf("credentials file %s holds no user JWT", file)
	}
	if _, err := nkeys.ParseDecoratedUserNKey([]byte(text)); err != nil {
		return nil, fmt.Errorf("credentials file %s holds no user seed", file)
	}
	return []nats.Option{nats.UserCredentialBytes([]byte(text))}, nil
}

func nkey(file string) ([]nats.Option, error) {
	seed, err := secret(file)
	if err != nil {
		return nil, err
	}
	pair, err := nkeys.ParseDecoratedUserNKey([]byte(seed))
	if err != nil {
		return nil, fmt.Errorf("nkey file %s holds no user seed", file)
	}
	public, err := pair.PublicKey()
	if err != nil {
		return nil, fmt.Errorf("nkey file %s holds no user seed", file)
	}
	return []nats.Option{nats.Nkey(public, pair.Sign)}, nil
}

func secret(file string) (string, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("read credentials: %w", err)
	}
	text := strings.TrimSpace(string(content))
	if text == "" {
		return "", fmt.Errorf("read credentials: %s is empty", file)
	}
	return text, nil
}

// check finds what can never work. Its errors do not repeat the URL, which may hold a password.
func (s Server) check() error {
	kinds := 0
	for _, given := range []string{s.CredentialsFile, s.NKeyFile, s.TokenFile, s.User + s.PasswordFile + s.Password} {
		if given != "" {
			kinds++
		}
	}
	if s.InProcess == nil {
		inURL, err := userInURL(s.URL)
		if err != nil {
			return err
		}
		if inURL {
			kinds++
		}
	}
	if kinds > 1 {
		return errors.New("more than one kind of credentials: give one of user and password, token, nkey or credentials file")
	}
	_, err := s.credentials()
	return err
}

func userInURL(list string) (found bool, err error) {
	for i, text := range strings.Split(list, ",") {
		text = strings.TrimSpace(text)
		if !strings.Contains(text, "://") {
			text = "nats://" + text
		}
		u, err := url.Parse(text)
		if err != nil || u.Hostname() == "" {
			return false, fmt.Errorf("URL %d of the NATS server is not one: write it as nats://host:4222", i+1)
		}
		switch u.Scheme {
		case "nats", "tls", "ws", "wss":
		default:
			return false, fmt.Errorf("URL %d of the NATS server starts with %s://: nats, tls, ws and wss are known", i+1, u.Scheme)
		}
		found = found || u.User != nil
	}
	return found, nil
}
