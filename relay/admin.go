package relay

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"io/fs"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.uber.org/zap"

	"github.com/meetbus/meetbus/relay/asyncapi"
	"github.com/meetbus/meetbus/relay/loopback"
	"github.com/meetbus/meetbus/schemas"
)

var (
	errHost  = errors.New("host is neither a loopback name nor in admin.hosts")
	errToken = errors.New("bearer token is missing or wrong")
)

// AdminOptions of the HTTP front end for operators.
type AdminOptions struct {
	// Ready returns nil if an event could be stored now, or why not.
	Ready func() error
	// Backlog, if there is an outbox, says what waits in it.
	Backlog BacklogOf
	// Keys returns how it stands with each provider's keys.
	Keys func() map[string]KeyState
	// Token returns what is wanted as a bearer token for all but /healthz, /readyz and /schemas; nil: none is.
	Token func() string
	// CheckHost refuses requests whose Host is neither loopback nor in Hosts: a web page may have sent them (DNS rebinding).
	CheckHost bool
	Hosts     []string
	// AsyncAPI returns the document that says what the relay sends now.
	AsyncAPI func() []byte
	// Inspector, if set, answers / and all below /inspector/. It asks for the token itself: a browser sends no bearer token.
	Inspector http.Handler
	// Profiles serves /debug/pprof/, too.
	Profiles bool
	Metrics  prometheus.Gatherer
	Log      *zap.Logger
}

type admin struct{ AdminOptions }

// Admin returns the HTTP front end for operators.
func Admin(o AdminOptions) http.Handler {
	a := admin{o}
	e := newEcho(o.Log, http.MethodGet)
	e.HTTPErrorHandler = func(err error, c echo.Context) { _ = respondProblem(c, explainAdmin(err)) }
	e.Use(a.guardHost)
	e.GET("/healthz", func(c echo.Context) error { return c.JSON(http.StatusOK, map[string]string{"status": "alive"}) })
	e.GET("/readyz", a.readyz)
	e.GET("/metrics", echo.WrapHandler(promhttp.HandlerFor(o.Metrics, promhttp.HandlerOpts{})), a.guardToken)
	if o.Inspector != nil {
		page := echo.WrapHandler(o.Inspector)
		e.Match([]string{http.MethodGet, http.MethodHead}, "/", page)
		e.Match([]string{http.MethodGet, http.MethodHead, http.MethodPost}, "/inspector/*", page)
	}
	if o.Profiles {
		profiles(e, a.guardToken)
	}
	e.GET("/asyncapi.json", a.asyncAPI, a.guardToken)
	e.GET("/schemas", listSchemas)
	e.GET("/schemas/", listSchemas)
	e.GET("/schemas/:version/:file", schema)
	return e
}

func (a admin) guardHost(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		host := c.Request().Host
		known := func(h string) bool { return strings.EqualFold(h, hostname(host)) }
		if a.CheckHost && !loopback.Is(hostname(host)) && !slices.ContainsFunc(a.Hosts, known) {
			return errHost
		}
		return next(c)
	}
}

func (a admin) guardToken(next echo.HandlerFunc) echo.HandlerFunc {
	if a.Token == nil {
		return next
	}
	return func(c echo.Context) error {
		want := sha256.Sum256([]byte(a.Token()))
		scheme, token, _ := strings.Cut(c.Request().Header.Get("Authorization"), " ")
		if !strings.EqualFold(scheme, "Bearer") {
			token = ""
		}
		got := sha256.Sum256([]byte(token))
		if subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
			c.Response().Header().Set("WWW-Authenticate", `Bearer realm="meetbus"`)
			return errToken
		}
		return next(c)
	}
}

// readyz says whether an event could be stored now, on the bus or in the outbox. What waits there, and a provider's key, are shown and
// change nothing: more can be taken, and the others can send.
func (a admin) readyz(c echo.Context) error {
	type key struct {
		Known      bool    `json:"known"`
		AgeSeconds float64 `json:"ageSeconds,omitempty"`
		Failing    bool    `json:"failing,omitempty"`
	}
	answer := struct {
		Ready  bool           `json:"ready"`
		Why    string         `json:"why,omitempty"`
		Outbox *backlogState  `json:"outbox,omitempty"`
		Keys   map[string]key `json:"keys,omitempty"`
	}{Ready: true, Outbox: a.backlog(c.Request().Context()), Keys: map[string]key{}}
	for provider, s := range a.Keys() {
		answer.Keys[provider] = key{Known: s.Known, AgeSeconds: s.Age.Seconds(), Failing: s.Failing}
	}
	status := http.StatusOK
	if err := a.Ready(); err != nil {
		answer.Ready, answer.Why, status = false, err.Error(), http.StatusServiceUnavailable
	}
	return c.JSON(status, answer)
}

// backlogState is the outbox in /readyz.
type backlogState struct {
	Messages         uint64  `json:"messages"`
	OldestAgeSeconds float64 `json:"oldestAgeSeconds,omitempty"`
	Parked           uint64  `json:"parked,omitempty"`
	Why              string  `json:"why,omitempty"`
}

func (a admin) backlog(ctx context.Context) *backlogState {
	if a.Backlog == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, scrapeTimeout)
	defer cancel()
	b, err := a.Backlog(ctx)
	if err != nil {
		return &backlogState{Why: err.Error()}
	}
	return &backlogState{Messages: b.Waiting, OldestAgeSeconds: b.age().Seconds(), Parked: b.Parked, Why: b.Why}
}

func (a admin) asyncAPI(c echo.Context) error {
	return c.Blob(http.StatusOK, asyncapi.MediaType, a.AsyncAPI())
}

// listSchemas names what there is below /schemas/: the schemas, and the types of TypeScript that they make.
func listSchemas(c echo.Context) error {
	names, err := fs.Glob(schemas.Files(), "*/*.json")
	if err != nil {
		return err
	}
	types, err := fs.Glob(schemas.Files(), "*/*.d.ts")
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, map[string][]string{"schemas": names, "typescript": types})
}

func schema(c echo.Context) error {
	name := c.Param("version") + "/" + c.Param("file")
	body, err := fs.ReadFile(schemas.Files(), name)
	if err != nil {
		return echo.ErrNotFound
	}
	if strings.HasSuffix(name, ".json") {
		return c.Blob(http.StatusOK, "application/schema+json", body)
	}
	return c.Blob(http.StatusOK, echo.MIMETextPlainCharsetUTF8, body) // TypeScript has no media type: .ts is known as video
}

func explainAdmin(err error) problem {
	p := problem{Type: "about:blank", Status: http.StatusInternalServerError, hangUp: true}
	var known *echo.HTTPError
	switch {
	case errors.Is(err, errHost):
		p.Status, p.Detail = http.StatusForbidden, errHost.Error()
	case errors.Is(err, errToken):
		p.Status, p.Detail = http.StatusUnauthorized, errToken.Error()
	case errors.As(err, &known):
		p.Status = known.Code
	}
	p.Title = http.StatusText(p.Status)
	return p
}
