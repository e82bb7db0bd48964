package relay

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
	"go.uber.org/zap"
)

var (
	errNoPath = errors.New("no endpoint at this path")
	errMethod = errors.New("webhooks are sent with POST")
)

// nowhere is the endpoint of requests that reach none.
var nowhere = &Endpoint{}

// Front returns the HTTP front end for providers: one route an endpoint, with and without a trailing slash.
func (r *Relay) Front() http.Handler {
	front := newEcho(r.log, http.MethodPost)
	front.IPExtractor = behind(r.proxies)
	front.HTTPErrorHandler = func(err error, c echo.Context) {
		_ = r.answer(c, nowhere, time.Now(), &receipt{}, routing(err))
	}
	for i := range r.endpoints {
		e := &r.endpoints[i]
		path := strings.TrimSuffix(e.Path, "/")
		front.POST(path, r.handle(e))
		front.POST(path+"/", r.handle(e))
	}
	return front
}

func (r *Relay) handle(e *Endpoint) echo.HandlerFunc {
	return func(c echo.Context) error {
		began := time.Now()
		q, span := r.trace(e, c.Request())
		taken, err := r.take(e, c.Response().Writer, q)
		traced(span, taken, err)
		return r.answer(c, e, began, taken, err)
	}
}

// answer tells the sender what became of the webhook, and the operator the same.
func (r *Relay) answer(c echo.Context, e *Endpoint, began time.Time, taken *receipt, err error) error {
	sent := respond(c, taken, err)
	r.observe(e, time.Since(began), taken, err, c.RealIP)
	return sent
}

// routing is the error of ours for an error of Echo's.
func routing(err error) error {
	switch {
	case errors.Is(err, echo.ErrNotFound):
		return errNoPath
	case errors.Is(err, echo.ErrMethodNotAllowed):
		return errMethod
	}
	return err
}

// behind says who a client is behind proxies that are trusted: the last address in X-Forwarded-For that is none of theirs. Where the
// peer is not one of them, it is the peer, whatever the header says.
func behind(proxies []netip.Prefix) echo.IPExtractor {
	if len(proxies) == 0 {
		return echo.ExtractIPDirect()
	}
	trust := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, p := range proxies {
		trust = append(trust, echo.TrustIPRange(&net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}))
	}
	return echo.ExtractIPFromXFFHeader(trust...)
}

// newEcho returns an Echo that believes no X-Forwarded-For, and turns a panic into an error: its stack goes to the log, its
// value, which may hold a payload, does not.
//
// OPTIONS is refused for all paths, with the one method that is allowed: Echo would answer 204, and a 2xx means custody.
func newEcho(log *zap.Logger, allowed string) *echo.Echo {
	e := echo.New()
	e.IPExtractor = echo.ExtractIPDirect()
	e.Pre(func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if c.Request().Method != http.MethodOptions {
				return next(c)
			}
			c.Response().Header().Set(echo.HeaderAllow, allowed)
			return echo.ErrMethodNotAllowed
		}
	})
	e.Use(middleware.RecoverWithConfig(middleware.RecoverConfig{
		LogErrorFunc: func(_ echo.Context, _ error, stack []byte) error {
			log.Error("a request has panicked", zap.ByteString("stack", stack))
			return errors.New("panic")
		},
	}))
	return e
}
