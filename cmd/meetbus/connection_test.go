package main

import (
	"crypto/tls"
	"os"
	"testing"

	"github.com/meetbus/meetbus/relay/bus"
)

// Where the bus is, by where it is said. A file that is named leaves the environment out.
var places = []struct {
	name       string
	connection connection
	env        map[string]string
	want       bus.Server
}{
	{"nowhere", connection{}, nil, bus.Server{URL: "nats://127.0.0.1:4222"}},
	{"environment", connection{}, map[string]string{"NATS_URL": "nats://env:1", "NATS_CREDS": "env.creds"},
		bus.Server{URL: "nats://env:1", CredentialsFile: "env.creds"}},
	{"flags before environment", connection{url: "nats://flag:1", credentials: "flag.creds"},
		map[string]string{"NATS_URL": "nats://env:1", "NATS_CREDS": "env.creds"},
		bus.Server{URL: "nats://flag:1", CredentialsFile: "flag.creds"}},
	{"a file without a bus", connection{file: "plain.yaml"}, nil, bus.Server{URL: "nats://127.0.0.1:5222"}},
	{"a file before environment", connection{file: "bus.yaml"},
		map[string]string{"NATS_URL": "nats://env:1", "NATS_CREDS": "env.creds"},
		bus.Server{URL: "nats://file.example:4222", User: "relay", PasswordFile: "password"}},
	{"a file in the environment", connection{}, map[string]string{"MEETBUS_CONFIG": "bus.yaml"},
		bus.Server{URL: "nats://file.example:4222", User: "relay", PasswordFile: "password"}},
	{"flags before a file", connection{file: "bus.yaml", url: "nats://flag:1", credentials: "flag.creds"}, nil,
		bus.Server{URL: "nats://flag:1", CredentialsFile: "flag.creds"}},
	{"a URL with the file's user", connection{file: "bus.yaml", url: "nats://flag:1"}, nil,
		bus.Server{URL: "nats://flag:1", User: "relay", PasswordFile: "password"}},
	{"an embedded bus with a user", connection{file: "named.yaml"}, nil,
		bus.Server{URL: "nats://127.0.0.1:5222", User: "readers", PasswordFile: "password"}},
	{"and TLS", connection{file: "open.yaml"}, map[string]string{"NATS_URL": "nats://env:1"},
		bus.Server{URL: "tls://127.0.0.1:5222", User: "readers", PasswordFile: "password", TLS: shows("relay.example")}},
	{"credentials for that", connection{file: "open.yaml", credentials: "flag.creds"}, nil,
		bus.Server{URL: "tls://127.0.0.1:5222", CredentialsFile: "flag.creds", TLS: shows("relay.example")}},
	{"a URL instead of it", connection{file: "open.yaml", url: "nats://flag:1"}, nil, bus.Server{URL: "nats://flag:1"}},
}

func TestResolve(t *testing.T) {
	for _, p := range places {
		t.Run(p.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			for name, text := range map[string]string{
				"bus.yaml":   "nats: { url: \"nats://file.example:4222\", user: relay, password_file: password }\n",
				"plain.yaml": "nats: { embedded: { listen: \"127.0.0.1:5222\" } }\n",
				"named.yaml": "nats: { embedded: { listen: \"127.0.0.1:5222\", user: readers, password_file: password } }\n",
				"open.yaml": "nats: { embedded: { listen: \"0.0.0.0:5222\", user: readers, password_file: password, " +
					"tls: { cert_file: listener.pem, key_file: listener-key.pem } } }\n",
				"password": "secret\n", "flag.creds": "", "env.creds": "",
			} {
				if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := writeCertificates(); err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"MEETBUS_CONFIG", "NATS_URL", "NATS_CREDS"} {
				t.Setenv(name, p.env[name])
			}
			got, _, err := p.connection.resolve()
			if err != nil {
				t.Fatal(err)
			}
			if got.URL != p.want.URL || got.CredentialsFile != p.want.CredentialsFile || got.User != p.want.User ||
				got.PasswordFile != p.want.PasswordFile || nameOf(got.TLS) != nameOf(p.want.TLS) {
				t.Errorf("got %+v, want %+v", got, p.want)
			}
		})
	}
}

func shows(name string) func() (*tls.Config, error) {
	return func() (*tls.Config, error) { return &tls.Config{ServerName: name}, nil }
}

// nameOf returns the name that a client wants to find in the server's certificate.
func nameOf(of func() (*tls.Config, error)) string {
	if of == nil {
		return "none"
	}
	c, err := of()
	if err != nil {
		return err.Error()
	}
	return c.ServerName
}

func TestFromHere(t *testing.T) {
	for listen, want := range map[string]string{
		"127.0.0.1:8081": "127.0.0.1:8081",
		"0.0.0.0:8081":   "127.0.0.1:8081",
		"[::]:8081":      "127.0.0.1:8081",
		":8081":          "127.0.0.1:8081",
		"[::1]:8081":     "[::1]:8081",
		"10.1.2.3:8081":  "10.1.2.3:8081",
	} {
		if got := fromHere(listen); got != want {
			t.Errorf("%s is dialled as %s, want %s", listen, got, want)
		}
	}
}
