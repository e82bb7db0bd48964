package relay

import (
	"net/netip"
	"testing"

	"github.com/meetbus/meetbus/normalize"
)

// TestClientOfWhatIsRefused: the log says who has sent what was not taken, and believes X-Forwarded-For of trusted proxies only.
func TestClientOfWhatIsRefused(t *testing.T) {
	loopbacks := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.1.0.0/16")}
	for name, c := range map[string]struct {
		proxies   []netip.Prefix
		forwarded []string
		want      string
	}{
		"nobody is trusted":           {nil, []string{"203.0.113.9"}, "127.0.0.1"},
		"another is trusted":          {loopbacks[1:], []string{"203.0.113.9"}, "127.0.0.1"},
		"the peer is trusted":         {loopbacks, []string{"203.0.113.9"}, "203.0.113.9"},
		"a chain of trusted ones":     {loopbacks, []string{"203.0.113.9, 10.1.2.3"}, "203.0.113.9"},
		"what the client says itself": {loopbacks, []string{"198.51.100.1", "203.0.113.9, 10.1.2.3"}, "203.0.113.9"},
		"what is no address":          {loopbacks, []string{"203.0.113.9, <script>"}, "127.0.0.1"},
		"nothing":                     {loopbacks, nil, "127.0.0.1"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, func(*rig) []Endpoint { return []Endpoint{open(normalize.Dyte)} }, func(o *Options) { o.TrustedProxies = c.proxies })
			h := headers()
			for _, f := range c.forwarded {
				h.Add("X-Forwarded-For", f)
			}
			h.Set("Origin", "https://attacker.example")
			if a := r.send(hook{path: "/open/dyte", body: `{}`, header: h}); a.status != 401 {
				t.Fatalf("status %d", a.status)
			}
			lines := r.log.FilterMessage("webhook").All()
			if len(lines) != 1 || lines[0].ContextMap()["client"] != c.want {
				t.Errorf("logged %v, want client %s", lines, c.want)
			}
		})
	}
}
