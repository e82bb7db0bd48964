package embedded

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	"golang.org/x/crypto/bcrypt"
)

func TestOnlyTheNamedAreGuests(t *testing.T) {
	for name, k := range map[string]kind{"over TLS": named, "plain": {user: named.user, password: named.password}} {
		t.Run(name, func(t *testing.T) {
			s := k.start(t)
			k.guest(t, s)
			for name, credentials := range wrong(t, k) {
				t.Run(name, func(t *testing.T) {
					nc, err := nats.Connect(s.URL(), append(k.as(t, "", ""), credentials)...)
					if err == nil {
						nc.Close()
					}
					if !errors.Is(err, nats.ErrAuthorization) && !errors.Is(err, nats.ErrNkeysNotSupported) {
						t.Errorf("%v, want a refusal", err)
					}
				})
			}
		})
	}
}

// wrong are all that a stranger could say.
func wrong(t *testing.T, k kind) map[string]nats.Option {
	pair, err := nkeys.CreateUser()
	must(t, err)
	key, err := pair.PublicKey()
	must(t, err)
	return map[string]nats.Option{
		"nothing":               nats.Name("nobody"),
		"wrong password":        nats.UserInfo(k.user, k.password+"-not"),
		"half of the password":  nats.UserInfo(k.user, k.password[:10]),
		"no password":           nats.UserInfo(k.user, ""),
		"no user":               nats.UserInfo("", k.password),
		"another user":          nats.UserInfo("writers", k.password),
		"other letters":         nats.UserInfo(strings.ToUpper(k.user), k.password),
		"relay with it":         nats.UserInfo(relayUser, k.password),
		"porter with it":        nats.UserInfo(porterUser, k.password),
		"the system's":          nats.UserInfo("$SYS", k.password),
		"as a token":            nats.Token(k.password),
		"user and password one": nats.Token(k.user + ":" + k.password),
		"a key":                 nats.Nkey(key, pair.Sign),
	}
}

// Who speaks no TLS where he must is not heard, whatever he says.
func TestPlainIsRefused(t *testing.T) {
	s := named.start(t)
	for name, say := range map[string]string{
		"credentials": fmt.Sprintf("CONNECT {\"verbose\":true,\"user\":%q,\"pass\":%q}\r\nPING\r\n", named.user, named.password),
		"no TLS":      fmt.Sprintf("CONNECT {\"tls_required\":false,\"user\":%q,\"pass\":%q}\r\nPING\r\n", named.user, named.password),
		"at once":     "PING\r\nSUB > 1\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			c, err := net.Dial("tcp", strings.TrimPrefix(s.URL(), "tls://"))
			must(t, err)
			defer c.Close()
			must(t, c.SetDeadline(time.Now().Add(patience)))
			r := bufio.NewReader(c)
			greeting, err := r.ReadString('\n')
			must(t, err)
			if !strings.Contains(greeting, `"tls_required":true`) {
				t.Errorf("greeting is %s", greeting)
			}
			_, err = io.WriteString(c, say)
			must(t, err)
			answer, err := io.ReadAll(r)
			if text := string(answer); strings.Contains(text, "PONG") || strings.Contains(text, "+OK") {
				t.Errorf("answer is %q, %v", text, err)
			}
		})
	}
}

func TestTLSOfGuests(t *testing.T) {
	s := named.start(t)
	for name, c := range map[string]struct {
		tls  *tls.Config
		want string
	}{
		"unknown authority": {&tls.Config{}, "unknown authority"},
		"TLS 1.1":           {&tls.Config{RootCAs: named.trust(t).RootCAs, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, "protocol version"},
		"another name":      {&tls.Config{RootCAs: named.trust(t).RootCAs, ServerName: "other.example"}, "other.example"},
	} {
		t.Run(name, func(t *testing.T) {
			nc, err := nats.Connect(s.URL(), nats.UserInfo(named.user, named.password), nats.Secure(c.tls))
			if err == nil {
				nc.Close()
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

// On loopback TLS may stand alone: then anybody is a guest still.
func TestAnybodyOverTLS(t *testing.T) {
	k := kind{secured: true}
	s := k.start(t)
	publish(t, connect(t, s), "MEETBUS", "meeting.started", "1")
	if _, err := stream(t, k.guest(t, s)).GetMsg(t.Context(), 1); err != nil {
		t.Error(err)
	}
}

func TestUsersThatCannotBe(t *testing.T) {
	for name, c := range map[string]kind{
		"the relay's":       {user: relayUser, password: named.password},
		"the porter's":      {user: porterUser, password: named.password},
		"no password":       {user: "readers"},
		"no user":           {password: named.password},
		"too long for hash": {user: "readers", password: strings.Repeat(named.password, 4)},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Start(c.options(t))
			if err == nil {
				s.Stop()
				t.Fatal("no error")
			}
			if strings.Contains(err.Error(), named.password) {
				t.Errorf("the password is in %v", err)
			}
		})
	}
}

// What the server keeps of a password is a hash.
func TestPasswordsAreHashed(t *testing.T) {
	o, err := serverOptions(named.options(t), "relay's-own", "porter's-own")
	must(t, err)
	passwords := map[string]string{relayUser: "relay's-own", porterUser: "porter's-own", named.user: named.password}
	if len(o.Users) != len(passwords) || len(o.Nkeys) > 0 || o.NoAuthUser != "" {
		t.Errorf("%d users, %d keys, and %q for anybody", len(o.Users), len(o.Nkeys), o.NoAuthUser)
	}
	for _, user := range o.Users {
		if err := bcrypt.CompareHashAndPassword([]byte(user.Password), []byte(passwords[user.Username])); err != nil {
			t.Errorf("%s: %v", user.Username, err)
		}
	}
}

// Neither guests nor intruders make the server log a password, or anything at all that is not for debugging.
func TestLogHoldsNoPassword(t *testing.T) {
	core, logs := observer.New(zap.DebugLevel)
	o := named.options(t)
	o.Log = zap.New(core)
	s := mustStart(t, o)
	connect(t, s)
	named.guest(t, s)
	for _, credentials := range wrong(t, named) {
		if nc, err := nats.Connect(s.URL(), append(named.as(t, "", ""), credentials)...); err == nil {
			nc.Close()
		}
	}
	if nc, err := nats.Connect("nats://" + named.user + ":" + named.password + "@" + strings.TrimPrefix(s.URL(), "tls://")); err == nil {
		nc.Close()
		t.Error("a client trusts a certificate that it does not know")
	}
	s.Stop()
	if logs.Len() == 0 {
		t.Error("the server logs nothing: this test sees nothing")
	}
	for _, entry := range logs.All() {
		text := fmt.Sprint(entry.Message, entry.ContextMap())
		if strings.Contains(text, named.password[:10]) || strings.Contains(text, "$2a$") || entry.Level > zap.DebugLevel {
			t.Errorf("%s: %s", entry.Level, text)
		}
	}
}
