package config

import (
	"slices"
	"strings"
	"time"

	"github.com/meetbus/meetbus/relay/route"
)

// Check returns what is wrong with c, joined, or nil. Its faults have no place: it is for a Config that a flag has changed.
func (c Config) Check() error { return joined(c.faults()) }

// checker collects what is wrong. Its messages hold no values, since they may have come out of ${VAR}.
type checker struct{ faults []Fault }

func (k *checker) report(path, message string) {
	k.faults = append(k.faults, Fault{Path: path, Message: message})
}

// expect reports a fault unless ok.
func (k *checker) expect(ok bool, path, message string) {
	if !ok {
		k.report(path, message)
	}
}

// oneOf reports a word that is none of words.
func (k *checker) oneOf(word, path string, words ...string) {
	message := "must be " + strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
	if near := route.Nearest(word, words); near != "" {
		message += "; did you mean " + near + "?"
	}
	k.expect(slices.Contains(words, word), path, message)
}

func (c Config) faults() []Fault {
	k := &checker{}
	k.expect(c.DataDir != "", "data_dir", "must name a folder")
	k.http(c.HTTP)
	k.admin(c.Admin)
	k.nats(c.NATS)
	k.stream(c.Stream, c.NATS.URL == "")
	k.expect(c.Outbox.MaxBytes >= mib, "outbox.max_bytes", "must be at least 1MiB; enabled: false does without an outbox")
	k.cloudEvents(c.CloudEvents)
	k.endpoints(c.Endpoints, !beyondLoopback(c.HTTP.Listen))
	k.subjects(c)
	k.oneOf(c.Log.Level, "log.level", "debug", "info", "warn", "error")
	k.oneOf(c.Log.Format, "log.format", "auto", "console", "json")
	k.expect(c.Tracing.OTLPEndpoint == "" || collectorURL(c.Tracing.OTLPEndpoint), "tracing.otlp_endpoint",
		"must be an http or https URL without user, query and fragment, such as http://127.0.0.1:4318")
	k.separate(c)
	return k.faults
}

func (k *checker) http(h HTTP) {
	k.listen(h.Listen, "http.listen")
	k.expect(h.MaxBody >= kib && h.MaxBody <= 8*mib, "http.max_body", "must be between 1KiB and 8MiB")
	k.hosts(h.Hosts, "http.hosts")
	k.expect(h.Deadline >= 100*time.Millisecond && h.Deadline <= 30*time.Second, "http.deadline", "must be between 100ms and 30s")
	k.expect(h.Drain >= 0, "http.drain", "must not be negative")
	k.keyPair(h.TLS, "http.tls")
	for i, proxy := range h.TrustedProxies {
		_, err := network(proxy)
		k.expect(err == nil, item("http.trusted_proxies", i), "must be an address or a network, such as 10.0.0.0/8")
	}
}

func (k *checker) admin(a Admin) {
	k.listen(a.Listen, "admin.listen")
	k.expect(a.TokenFile != "" || a.Insecure || loopbackAddress(a.Listen), "admin.listen",
		"is beyond loopback, and needs admin.token_file, or admin.insecure: true where something else guards it")
	k.secretFile(a.TokenFile, "admin.token_file")
	k.hosts(a.Hosts, "admin.hosts")
	k.keyPair(a.TLS, "admin.tls")
}

func (k *checker) nats(n NATS) {
	for _, server := range n.URL.servers() {
		k.expect(serverURL(server), "nats.url", "must be URLs such as nats://host:4222 (or tls, ws, wss), separated by commas")
	}
	k.credentials(n)
	k.natsTLS(n.TLS)
	if n.URL != "" {
		k.expect(n.Embedded == defaultEmbedded, "nats.embedded", "means nothing beside nats.url; leave out one of them")
		return
	}
	k.embedded(n.Embedded)
	k.expect(n.TLS == nil, "nats.tls", "needs nats.url")
}

// credentials wants at most one kind, and its files.
func (k *checker) credentials(n NATS) {
	kinds := []struct{ path, value string }{
		{"nats.credentials_file", n.CredentialsFile},
		{"nats.nkey_file", n.NKeyFile},
		{"nats.token_file", n.TokenFile},
		{"nats.user", n.User},
	}
	first := ""
	for _, kind := range kinds {
		if kind.value == "" {
			continue
		}
		k.expect(n.URL != "", kind.path, "needs nats.url")
		k.expect(first == "", kind.path, "stands beside "+first+"; give one kind of credentials")
		first = kind.path
	}
	k.expect(n.User == "" || n.PasswordFile != "", "nats.user", "needs nats.password_file")
	k.expect(n.User != "" || n.PasswordFile == "", "nats.password_file", "needs nats.user")
	k.secretFile(n.CredentialsFile, "nats.credentials_file")
	k.secretFile(n.NKeyFile, "nats.nkey_file")
	k.secretFile(n.TokenFile, "nats.token_file")
	k.secretFile(n.PasswordFile, "nats.password_file")
}

func (k *checker) stream(s Stream, embedded bool) {
	k.expect(validStreamName(s.Name), "stream.name", `must be a name of at most 200 characters, without blanks and . * > / \`)
	k.expect(slices.Contains([]int{1, 3, 5}, s.Replicas), "stream.replicas", "must be 1, 3 or 5")
	k.expect(s.Replicas <= 1 || !embedded, "stream.replicas", "must be 1 without nats.url: the embedded server is alone")
	k.expect(s.MaxAge == 0 || s.MaxAge >= shortest, "stream.max_age", "must be 0 for no limit, or at least 100ms")
	k.expect(s.MaxBytes >= 0, "stream.max_bytes", "must not be negative")
	k.expect(s.DuplicateWindow >= shortest, "stream.duplicate_window", "must be at least 100ms")
	k.expect(s.MaxAge == 0 || s.DuplicateWindow <= s.MaxAge, "stream.duplicate_window", "must not be longer than stream.max_age")
	k.expect(s.DeadLetterMaxBytes > 0, "stream.dead_letter_max_bytes", "must be above 0")
}

// shortest is the least that a server takes for the age and the duplicate window of a stream.
const shortest = 100 * time.Millisecond

// validStreamName leaves room for the suffixes of the streams that are named after the main one; a server takes 255.
func validStreamName(name string) bool {
	forbidden := func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`.*>/\`, r) }
	return name != "" && len(name) <= 200 && !strings.ContainsFunc(name, forbidden)
}

// separate wants listeners that can all be opened.
func (k *checker) separate(c Config) {
	k.expect(!sameAddress(c.Admin.Listen, c.HTTP.Listen), "admin.listen", "is the address of http.listen, too")
	if c.NATS.URL == "" {
		k.expect(!sameAddress(c.NATS.Embedded.Listen, c.HTTP.Listen), "nats.embedded.listen", "is the address of http.listen, too")
		k.expect(!sameAddress(c.NATS.Embedded.Listen, c.Admin.Listen), "nats.embedded.listen", "is the address of admin.listen, too")
	}
}

// providersPatience is how long Dyte waits (docs.dyte.io, webhooks); the others do not say.
const providersPatience = 3 * time.Second

// Warnings returns what is allowed and may yet be a mistake, each once with all endpoints that it is about. It names
// endpoints, never their paths.
func (c Config) Warnings() []string {
	var warnings []string
	about := map[string][]string{}
	for _, e := range c.Endpoints {
		w := e.warning()
		if w == "" {
			continue
		}
		if about[w] == nil {
			warnings = append(warnings, w)
		}
		about[w] = append(about[w], e.Name)
	}
	for i, w := range warnings {
		warnings[i] = "at " + strings.Join(about[w], ", ") + ": " + w
	}
	warnings = slices.Concat(warnings, c.mixed(), c.unsignable())
	if c.HTTP.Deadline > providersPatience {
		warnings = append(warnings, "http.deadline: Dyte waits 3s for an answer, and sends the webhook again after that")
	}
	return append(warnings, c.SubjectWarnings()...)
}
