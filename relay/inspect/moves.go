package inspect

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/schemas"
)

const (
	// probesMax is how many values of a body are tried, and probedMax how many bytes are read for it: a quarter of a second at most.
	probesMax = 500
	probedMax = 32 << 20
)

// moves say which value of a body has made which part of the event. It is found out, not guessed: each value is changed a little,
// the body is normalized again, and what is different then comes from that value.
type moves struct {
	// to has, by the path of a value, the parts of the event that come from it; from is the other way round.
	to, from map[string][]string
	// partial says that there were too many values to try all.
	partial bool
}

// chooses is said of a value that decides what kind of event it is: with another one, nothing is where it was.
const chooses = "chooses the type"

// whole are attributes that each byte of the body changes.
var whole = []string{"id", "digest"}

// movesOf finds out what the values of a body, laid out, have become in an event of the provider.
func movesOf(e *schemas.Event, body []byte, values []line) (moves, error) {
	m := moves{to: map[string][]string{}, from: map[string][]string{}}
	provider, _ := normalize.Lookup(e.Provider)
	webhook := normalize.Webhook{Provider: provider, Header: http.Header{}, NoOriginal: true, Received: e.RecordedTime, Body: body}
	before, kind, err := parts(webhook)
	if err != nil {
		return moves{}, err
	}
	room := min(probesMax, probedMax/max(len(body), 1))
	for _, v := range values {
		other, is := changed(body, v)
		if !is {
			continue
		}
		if room--; room < 0 {
			m.partial = true
			break
		}
		webhook.Body = slices.Concat(body[:v.begin], other, body[v.end:])
		after, turned, err := parts(webhook)
		if err != nil || turned != kind {
			m.to[v.Path] = []string{chooses}
			m.add("type", v.Path)
			m.add("providertype", v.Path)
			continue
		}
		for _, part := range differing(before, after) {
			m.to[v.Path] = append(m.to[v.Path], part)
			m.add(part, v.Path)
		}
	}
	return m, nil
}

// add says that a part of the event comes from a value, too. A name that is there twice is one value.
func (m *moves) add(part, value string) {
	if !slices.Contains(m.from[part], value) {
		m.from[part] = append(m.from[part], value)
	}
}

// changed returns the JSON of a value that is a little different, of the same kind; false for what says nothing. A time is still
// one, and a number in a string, too.
func changed(body []byte, v line) (other []byte, is bool) {
	if v.end == 0 {
		return nil, false
	}
	switch raw := body[v.begin:v.end]; raw[0] {
	case '"':
		said, _ := jsontext.AppendUnquote(nil, raw)
		if len(said) == 0 {
			return nil, false
		}
		other, _ := jsontext.AppendQuote(nil, bytes.ToValidUTF8(turned(said), nil))
		return other, true
	case 't':
		return []byte("false"), true
	case 'f':
		return []byte("true"), true
	case 'n':
		return nil, false
	default:
		return turned(raw), true
	}
}

// turned returns a text with another last digit, or, if it has none, one letter more.
func turned(text []byte) []byte {
	at := bytes.LastIndexAny(text, "0123456789")
	if at < 0 {
		return append(slices.Clone(text), 'x')
	}
	text = slices.Clone(text)
	text[at] = '0' + (text[at]-'0'+1)%10
	return text
}

// parts are the attributes and the values of the data of the event that a webhook becomes, by their paths, and its type.
func parts(w normalize.Webhook) (all map[string]string, kind string, err error) {
	e, err := normalize.Normalize(&w)
	if err != nil {
		return nil, "", err
	}
	all = map[string]string{}
	for _, a := range schemas.Attributes() {
		if value := a.Of(schemas.Envelope{}, &e.Event); value != "" && !slices.Contains(whole, a.Name) {
			all[a.Name] = value
		}
	}
	data, err := json.Marshal(e.Data)
	if err != nil {
		return nil, "", err
	}
	lines, _, err := linesOf(data, everything)
	for _, l := range lines {
		if l.Path != "" {
			all["data."+l.Path] = l.Value
		}
	}
	return all, e.Type, err
}

// everything of a JSON text is laid out.
func everything(string, string) (string, bool) { return "", false }

// differing are the parts that one event has and another has not, or otherwise, in the order of their paths.
func differing(a, b map[string]string) (paths []string) {
	for path, value := range a {
		if b[path] != value {
			paths = append(paths, path)
		}
	}
	for path := range b {
		if _, both := a[path]; !both {
			paths = append(paths, path)
		}
	}
	slices.SortFunc(paths, func(x, y string) int { return strings.Compare(x, y) })
	return paths
}
