package config

import (
	"slices"
	"strings"
	"time"

	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/relay/route"
)

// The words that settings have.
const (
	ProviderAuto = "auto"

	VerifySignature = "signature"
	VerifyNone      = "none"

	ModeStructured = "structured"
	ModeBinary     = "binary"
)

// Config is a configuration: checked, as Load returns it, or to be checked again with Check after a flag changed it.
type Config struct {
	// DataDir holds the embedded server's store, the outbox and the copies of keys.
	DataDir     string      `yaml:"data_dir"`
	HTTP        HTTP        `yaml:"http"`
	Admin       Admin       `yaml:"admin"`
	NATS        NATS        `yaml:"nats"`
	Stream      Stream      `yaml:"stream"`
	Outbox      Outbox      `yaml:"outbox"`
	CloudEvents CloudEvents `yaml:"cloudevents"`
	Endpoints   []Endpoint  `yaml:"endpoints"`
	Subjects    Subjects    `yaml:"subjects"`
	Log         Log         `yaml:"log"`
	Tracing     Tracing     `yaml:"tracing"`
}

// HTTP is the listener for providers.
type HTTP struct {
	Listen string `yaml:"listen"`
	// MaxBody is the largest body of a webhook.
	MaxBody Size `yaml:"max_body"`
	// Hosts are public names under which unverified endpoints may be called.
	Hosts []string `yaml:"hosts"`
	// Deadline is the time for a whole answer.
	Deadline time.Duration `yaml:"deadline"`
	// Drain is how long readyz says 503 before the listener closes.
	Drain time.Duration `yaml:"drain"`
	TLS   *KeyPair      `yaml:"tls"`
	// TrustedProxies are addresses, and networks such as 10.0.0.0/8, whose X-Forwarded-For is believed, and the sampling
	// of their traceparent.
	TrustedProxies []string `yaml:"trusted_proxies"`
}

// Admin is the listener for operators.
type Admin struct {
	Listen string `yaml:"listen"`
	// TokenFile holds the bearer token, needed when not on loopback.
	TokenFile string `yaml:"token_file"`
	// Insecure replaces the token where something else guards the listener.
	Insecure bool     `yaml:"insecure"`
	Hosts    []string `yaml:"hosts"`
	TLS      *KeyPair `yaml:"tls"`
}

// KeyPair names the files of a certificate chain and its private key, both PEM.
type KeyPair struct {
	CertFile string `yaml:"cert_file"`
	KeyFile  string `yaml:"key_file"`
}

// NATS says where the bus is. Without a URL it is the embedded server.
type NATS struct {
	// URL of one server, or several by commas.
	URL             ServerURL `yaml:"url"`
	CredentialsFile string    `yaml:"credentials_file"`
	NKeyFile        string    `yaml:"nkey_file"`
	TokenFile       string    `yaml:"token_file"`
	User            string    `yaml:"user"`
	PasswordFile    string    `yaml:"password_file"`
	TLS             *NATSTLS  `yaml:"tls"`
	// Embedded means nothing where there is a URL.
	Embedded Embedded `yaml:"embedded"`
}

// NATSTLS is TLS towards a NATS server.
type NATSTLS struct {
	CAFile   string `yaml:"ca_file"`
	CertFile string `yaml:"cert_file"`
	KeyFile  string `yaml:"key_file"`
}

// Embedded is the server inside meetbus.
type Embedded struct {
	Listen string `yaml:"listen"`
	// Sync is how often the store is synced to disk; 0, written always, is before each acknowledgement.
	Sync Sync `yaml:"sync"`
	// User and the password in PasswordFile are what whoever connects must give; without them anybody may read.
	User         string `yaml:"user"`
	PasswordFile string `yaml:"password_file"`
	// TLS, if set, is what whoever connects must speak.
	TLS *KeyPair `yaml:"tls"`
}

// Stream is the main stream; the dead letters' is named after it.
type Stream struct {
	Name            string        `yaml:"name"`
	Manage          bool          `yaml:"manage"`
	Replicas        int           `yaml:"replicas"`
	MaxAge          time.Duration `yaml:"max_age"`
	MaxBytes        Size          `yaml:"max_bytes"`
	DuplicateWindow time.Duration `yaml:"duplicate_window"`
	// DeadLetterMaxBytes bounds the stream of dead letters.
	DeadLetterMaxBytes Size `yaml:"dead_letter_max_bytes"`
}

// Outbox keeps events on disk while the bus is away. Without nats.url there is none.
type Outbox struct {
	Enabled bool `yaml:"enabled"`
	// MaxBytes bounds what waits.
	MaxBytes Size `yaml:"max_bytes"`
}

// CloudEvents says how events are written.
type CloudEvents struct {
	// Mode is structured or binary.
	Mode string `yaml:"mode"`
	// TypePrefix stands before the type in the CloudEvent, and nowhere else.
	TypePrefix string `yaml:"type_prefix"`
	// SchemaBase is the URL below which the schemas are published; empty: dataschema is a URN.
	SchemaBase string `yaml:"schema_base"`
	// Signature gives events the provider's signature as an attribute.
	Signature bool `yaml:"signature"`
}

// Subjects says where events belong.
type Subjects struct {
	// Prefix stands before every subject.
	Prefix string `yaml:"prefix"`
	// Default is the template of what no rule matches.
	Default string `yaml:"default"`
	Rules   []Rule `yaml:"rules"`
}

// Rule says where the events that it matches belong; the first that matches counts. See route.Rule.
type Rule struct {
	Match   map[string][]string `yaml:"match"`
	When    string              `yaml:"when"`
	Subject string              `yaml:"subject"`
	Drop    bool                `yaml:"drop"`
}

// Endpoint is one place that providers send to. It prints as its name, since its path may be a secret.
type Endpoint struct {
	Name string `yaml:"name"`
	Path string `yaml:"path"`
	// Provider is a name from normalize.Providers, or auto.
	Provider string `yaml:"provider"`
	// Verify is signature or none; Insecure allows none on a listener beyond loopback.
	Verify   string  `yaml:"verify"`
	Insecure bool    `yaml:"insecure"`
	Keys     Keys    `yaml:"keys"`
	Headers  Headers `yaml:"headers"`
	Accept   Accept  `yaml:"accept"`
	// WebhookIDs are the registrations that may call; no signature covers them.
	WebhookIDs []string `yaml:"webhook_ids"`
	// Source is the CloudEvents source.
	Source string `yaml:"source"`
	// Dedupe is auto or none; Original is full or none.
	Dedupe   string `yaml:"dedupe"`
	Original string `yaml:"original"`
}

// Keys says where an endpoint's keys come from. The file was read when the configuration was checked.
type Keys struct {
	URL     string        `yaml:"url"`
	File    string        `yaml:"file"`
	Refresh time.Duration `yaml:"refresh"`
}

// Headers are the names of a provider's headers where they are not the usual ones; empty is the usual one.
type Headers struct {
	Signature    string `yaml:"signature"`
	Delivery     string `yaml:"delivery"`
	Registration string `yaml:"registration"`
}

// Accept narrows an endpoint to our own accounts.
type Accept struct {
	Organizations []string `yaml:"organizations"`
	// Unnamed lets bodies pass that name no organization.
	Unnamed bool `yaml:"unnamed"`
}

// Log says what is logged, and how.
type Log struct {
	// Level is debug, info, warn or error; Format is auto, console or json.
	Level  string `yaml:"level"`
	Format string `yaml:"format"`
}

// Tracing says where spans go.
type Tracing struct {
	// OTLPEndpoint is the URL of a collector that takes OTLP over HTTP; empty: there are no spans.
	OTLPEndpoint string `yaml:"otlp_endpoint"`
}

// Default is the configuration without a file: for trying things out on one machine, so no endpoint verifies.
func Default() Config {
	c := fileDefaults()
	c.Endpoints = DefaultEndpoints(VerifyNone)
	return c
}

// fileDefaults is what a file is decoded over.
func fileDefaults() Config {
	return Config{
		DataDir: "./data",
		HTTP:    HTTP{Listen: "127.0.0.1:8080", MaxBody: 256 * kib, Deadline: 2500 * time.Millisecond},
		Admin:   Admin{Listen: "127.0.0.1:8081"},
		NATS:    NATS{Embedded: defaultEmbedded},
		Stream: Stream{
			Name: "MEETBUS", Manage: true, Replicas: 1, MaxAge: 168 * time.Hour, DuplicateWindow: 2 * time.Hour,
			DeadLetterMaxBytes: gib,
		},
		Outbox:      Outbox{Enabled: true, MaxBytes: gib},
		CloudEvents: CloudEvents{Mode: ModeStructured},
		Endpoints:   DefaultEndpoints(VerifySignature),
		Subjects:    Subjects{Default: route.DefaultTemplate},
		Log:         Log{Level: "info", Format: "auto"},
	}
}

var defaultEmbedded = Embedded{Listen: "127.0.0.1:4222", Sync: SyncAlways}

// DefaultEndpoints has one endpoint a provider, and one that finds out; verify is signature or none.
func DefaultEndpoints(verify string) []Endpoint {
	var endpoints []Endpoint
	for _, p := range normalize.Providers() {
		endpoints = append(endpoints, defaultEndpoint(p.Name, verify).completed())
	}
	return append(endpoints, defaultEndpoint(ProviderAuto, verify))
}

// defaultEndpoint is what an endpoint of a provider is decoded over.
func defaultEndpoint(provider, verify string) Endpoint {
	e := Endpoint{Name: provider, Provider: provider, Verify: verify, Dedupe: "auto", Original: "full"}
	if provider == ProviderAuto {
		e.Path = "/webhooks"
		return e
	}
	e.Path = "/webhooks/" + provider
	e.Keys.Refresh = time.Hour
	if p, ok := normalize.Lookup(provider); ok {
		e.Source = p.Source
	}
	return e
}

// completed fills in what depends on other settings of the endpoint.
func (e Endpoint) completed() Endpoint {
	if p, ok := normalize.Lookup(e.Provider); ok && e.Keys.URL == "" && e.Keys.File == "" {
		e.Keys.URL = p.KeyURL
	}
	if trimmed := strings.TrimSuffix(e.Path, "/"); trimmed != "" {
		e.Path = trimmed // a trailing slash is the same path
	}
	return e
}

// String returns the name.
func (e Endpoint) String() string { return e.Name }

// accepting reports whether only webhooks of known organizations pass.
func (e Endpoint) accepting() bool { return len(e.Accept.Organizations) > 0 }

// secluded reports whether the path cannot be guessed.
func (e Endpoint) secluded() bool {
	return slices.ContainsFunc(strings.Split(e.Path, "/"), func(segment string) bool { return len(segment) >= 20 })
}
