package config

import (
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	yaml "github.com/goccy/go-yaml"
)

func none(string) (string, bool) { return "", false }

func TestDefaultsAreValid(t *testing.T) {
	for name, c := range map[string]Config{"without a file": Default(), "of a file": fileDefaults()} {
		if err := c.Check(); err != nil {
			t.Errorf("defaults %s: %v", name, err)
		}
	}
}

func TestDefaultDoesNotVerify(t *testing.T) {
	for _, e := range Default().Endpoints {
		if e.Verify != VerifyNone {
			t.Errorf("%v: verify is %s", e, e.Verify)
		}
	}
}

func TestDefaultEndpoints(t *testing.T) {
	want := map[string]string{
		"dyte": "/webhooks/dyte", "realtimekit": "/webhooks/realtimekit", "videosdk": "/webhooks/videosdk", "auto": "/webhooks",
	}
	got := map[string]string{}
	for _, e := range DefaultEndpoints(VerifySignature) {
		got[e.Name] = e.Path
		if e.Verify != VerifySignature || e.Name != e.Provider || (e.Keys.URL == "") != (e.Provider == ProviderAuto) {
			t.Errorf("got %#v", e)
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestFilesThatSayNothing(t *testing.T) {
	written, err := yaml.Marshal(fileDefaults())
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		"", "\n", "# nothing\n", "---\n", "---\n...\n", "null", "{}", "http:", "http: {}\n", "endpoints:\n",
		"\ufeffhttp:\r\n  tls: null\r\n",
		"nats: { embedded: { tls: null, user: \"\" } }", "data_dir: >-\n  ./data\n", "subjects:\n", "tracing: {}", string(written),
	} {
		c, faults := parse("f.yml", []byte(text), none)
		if len(faults) > 0 {
			t.Errorf("%q: %v", text, faults)
		} else if want := fileDefaults(); !reflect.DeepEqual(c, want) {
			t.Errorf("%q: got %+v, want %+v", text, c, want)
		}
	}
}

func TestCheckAfterFlags(t *testing.T) {
	const openBus = "nats.embedded.listen: is beyond loopback, and needs user, password_file and tls"
	for name, test := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"nothing":           {func(*Config) {}, ""},
		"another server":    {func(c *Config) { c.NATS.URL = "nats://127.0.0.1:4222" }, ""},
		"verify":            {func(c *Config) { c.Endpoints, c.HTTP.Listen = DefaultEndpoints(VerifySignature), ":8080" }, ""},
		"any port":          {func(c *Config) { c.HTTP.Listen, c.Admin.Listen = "127.0.0.1:0", "127.0.0.1:0" }, ""},
		"open, unverified":  {func(c *Config) { c.HTTP.Listen = ":8080" }, "endpoints[0].verify: is none while http.listen is beyond loopback"},
		"no server":         {func(c *Config) { c.NATS.URL = "localhost:4222" }, "nats.url: must be URLs such as nats://host:4222"},
		"creds, no server":  {func(c *Config) { c.NATS.CredentialsFile = os.Args[0] }, "nats.credentials_file: needs nats.url"},
		"open admin":        {func(c *Config) { c.Admin.Listen = "192.0.2.1:8081" }, "admin.listen: is beyond loopback"},
		"no data":           {func(c *Config) { c.DataDir = "" }, "data_dir: must name a folder"},
		"sync for others":   {func(c *Config) { c.NATS.URL, c.NATS.Embedded.Sync = "nats://a", 1 }, "nats.embedded: means nothing beside"},
		"open bus":          {func(c *Config) { c.NATS.Embedded.Listen = ":4222" }, openBus},
		"open bus, no user": {func(c *Config) { c.NATS.Embedded = Embedded{Listen: ":4222", TLS: &KeyPair{}} }, openBus},
		"relay's own user":  {func(c *Config) { c.NATS.Embedded.User = "relay" }, "nats.embedded.user: is a name of the server's own"},
		"negative interval": {func(c *Config) { c.NATS.Embedded.Sync = -1 }, "nats.embedded.sync: must be always"},
		"open bus, no TLS": {func(c *Config) {
			c.NATS.Embedded = Embedded{Listen: ":4222", User: "readers", PasswordFile: os.Args[0]}
		}, openBus},
	} {
		c := Default()
		test.change(&c)
		err := c.Check()
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.HasPrefix(err.Error(), test.want)) {
			t.Errorf("%s: got %v, want %s", name, err, test.want)
		}
	}
}

func TestWarningsNameAllEndpointsAtOnce(t *testing.T) {
	got := Default().Warnings()
	if len(got) != 1 || !strings.HasPrefix(got[0], "at dyte, realtimekit, videosdk, auto: signatures are NOT verified") {
		t.Errorf("got %q", got)
	}
}

func TestWarningsOfMixedTrust(t *testing.T) {
	open, auto, signed := defaultEndpoint("dyte", VerifyNone), defaultEndpoint(ProviderAuto, VerifyNone), defaultEndpoint("dyte", VerifySignature)
	open.Name, signed.Name = "open", "signed"
	signed.Accept.Organizations = []string{"o"}
	got := Config{Endpoints: []Endpoint{signed, open, auto}}.Warnings()
	if len(got) != 3 || !strings.HasPrefix(got[1], "at open: what is not verified here") || !strings.HasPrefix(got[2], "at auto: ") {
		t.Errorf("got %q", got)
	}
	open.Source = "https://elsewhere.example"
	if got := (Config{Endpoints: []Endpoint{signed, open}}).Warnings(); len(got) != 1 {
		t.Errorf("with another source: %q", got)
	}
}

func TestWarnings(t *testing.T) {
	const secluded = "/webhooks/k3Wq9zR7tLx2VbN8mC4p"
	for name, test := range map[string]struct {
		provider string
		change   func(*Endpoint)
		want     string
	}{
		"anybody's":             {"dyte", func(*Endpoint) {}, "set accept.organizations, or a path"},
		"anybody's videos":      {"videosdk", func(*Endpoint) {}, "is taken: set a path with"},
		"anybody's whatever":    {"auto", func(*Endpoint) {}, "is taken: set a path with"},
		"unverified":            {"dyte", func(e *Endpoint) { e.Verify = VerifyNone; e.Path = secluded }, "signatures are NOT verified"},
		"registration ids only": {"dyte", func(e *Endpoint) { e.WebhookIDs = []string{"w"} }, "set accept.organizations"},
		"nineteen characters":   {"dyte", func(e *Endpoint) { e.Path = secluded[:len(secluded)-1] + "/x" }, "set accept.organizations"},
		"own organization":      {"dyte", func(e *Endpoint) { e.Accept.Organizations = []string{"o"} }, ""},
		"unguessable":           {"videosdk", func(e *Endpoint) { e.Path = secluded + "/x" }, ""},
	} {
		e := defaultEndpoint(test.provider, VerifySignature)
		e.Name = "one"
		test.change(&e)
		got := Config{Endpoints: []Endpoint{e}}.Warnings()
		switch {
		case test.want == "" && len(got) > 0:
			t.Errorf("%s: got %q", name, got)
		case test.want != "" && (len(got) != 1 || !strings.HasPrefix(got[0], "at one: ") || !strings.Contains(got[0], test.want)):
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		case strings.Contains(fmt.Sprint(got), e.Path):
			t.Errorf("%s: %q has the path", name, got)
		}
	}
}
