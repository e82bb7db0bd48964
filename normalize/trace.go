package normalize

import (
	"net/http"
	"regexp"
	"strings"
)

// traceParent is the header of W3C Trace Context, https://www.w3.org/TR/trace-context/: version, trace, parent, flags. A later
// version may have more after them.
var traceParent = regexp.MustCompile(`^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$`)

// traceStateMax is how much of tracestate all must pass on, in bytes; what is longer is left out.
const traceStateMax = 512

// TraceOf returns the trace that a request says it is part of. No signature covers it. Nothing of it counts unless all of
// traceparent is right.
func TraceOf(h http.Header) (parent, state string) {
	parent = sole(h, []string{"Traceparent"})
	if parent == "" {
		return "", ""
	}
	parts := traceParent.FindStringSubmatch(parent)
	if parts == nil || !isPlain(parent) {
		return "", ""
	}
	version, trace, span, more := parts[1], parts[2], parts[3], parts[4]
	if version == "ff" || version == "00" && more != "" || strings.Trim(trace, "0") == "" || strings.Trim(span, "0") == "" {
		return "", ""
	}
	state = strings.Join(h.Values("Tracestate"), ",")
	if len(state) > traceStateMax || strings.ContainsFunc(state, func(r rune) bool { return r < ' ' || r > '~' }) {
		state = ""
	}
	return parent, state
}
