package relay

import (
	"net/http"
	"net/http/pprof"

	"github.com/labstack/echo/v4"
)

// profiles serves what `go tool pprof` reads, under /debug/pprof/: where the process spends its time and its memory. A heap or a
// stack may hold parts of a payload, so it is as well guarded as the metrics.
func profiles(e *echo.Echo, guard echo.MiddlewareFunc) {
	for path, handler := range map[string]http.HandlerFunc{
		"": pprof.Index, "/*": pprof.Index, "/profile": pprof.Profile, "/trace": pprof.Trace, "/symbol": pprof.Symbol,
	} {
		e.GET("/debug/pprof"+path, echo.WrapHandler(handler), guard)
	}
}
