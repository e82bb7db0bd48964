package main

import (
	"bytes"
	"cmp"
	_ "embed"
	"fmt"
	"go/format"
	"io"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/meetbus/meetbus/config"
	"github.com/meetbus/meetbus/relay/bus"
	"github.com/meetbus/meetbus/schemas"
)

// subscriber is a program that works on what a consumer gives, before it is written in some language.
type subscriber struct {
	access
	Stream, Name string
	// AckWait is how long it has for what it fetches at once, which is at most Fetch.
	AckWait string
	Fetch   int
	Cases   []dataCase
}

// access is how a program of somebody else's gets to the server. Secrets are in files, or in NATS_PASSWORD and NATS_TOKEN.
type access struct {
	URLs              []string
	Credentials, NKey string
	// Token says that there is one.
	Token         bool
	User          string
	CA, Cert, Key string
}

// dataCase is a struct of package schemas, and the field of it that says the most.
type dataCase struct{ Type, Field string }

// accessTo is the way that a command takes to a server, without the secrets that a URL or the configuration has.
func accessTo(server bus.Server, n config.NATS) access {
	a := access{
		Credentials: server.CredentialsFile, NKey: server.NKeyFile, Token: server.TokenFile != "", User: server.User,
	}
	for text := range strings.SplitSeq(server.URL, ",") {
		bare, user := splitURL(strings.TrimSpace(text))
		if a.URLs = append(a.URLs, bare); user == nil {
			continue
		}
		if _, has := user.Password(); has {
			a.User = user.Username()
		} else {
			a.Token = true
		}
	}
	switch {
	case server.TLS == nil:
	case n.TLS != nil:
		a.CA, a.Cert, a.Key = n.TLS.CAFile, n.TLS.CertFile, n.TLS.KeyFile
	case n.Embedded.TLS != nil:
		a.CA = n.Embedded.TLS.CertFile
	}
	return a
}

// splitURL takes the user out of the URL of a server, which may have no scheme.
func splitURL(text string) (bare string, user *url.Userinfo) {
	if !strings.Contains(text, "://") {
		text = "nats://" + text
	}
	u, err := url.Parse(text)
	if err != nil { // a server was reached by it
		return text[strings.LastIndex(text, "@")+1:], nil
	}
	user, u.User = u.User, nil
	return u.String(), user
}

// casesFor are the structs of the events that can have one of the subjects, and not more than an example needs.
func casesFor(filters []string, rows []typeRow) []dataCase {
	const most = 3
	var cases []dataCase
	for _, row := range rows {
		wanted := slices.ContainsFunc(row.Subjects, func(subject string) bool {
			_, _, overlap := bus.Overlap(filters, []string{subject})
			return overlap
		})
		if !wanted || !schemas.Known(row.Type) || len(cases) == most {
			continue
		}
		if c := caseOf(schemas.Of(row.Type)); !slices.Contains(cases, c) {
			cases = append(cases, c)
		}
	}
	return cases
}

func caseOf(d schemas.Data) dataCase {
	c := dataCase{Field: "Meeting"}
	t := reflect.TypeOf(d).Elem()
	for field := range t.Fields() {
		if field.Type.Kind() == reflect.Pointer && !field.Anonymous {
			c.Field = field.Name
		}
	}
	c.Type = t.Name()
	return c
}

var (
	//go:embed subscriber/main.go.tmpl
	inGo string
	//go:embed subscriber/subscribe.mjs.tmpl
	inJavaScript string

	ofGo = template.Must(template.New("").Funcs(template.FuncMap{"quote": strconv.Quote, "join": strings.Join}).Parse(inGo))
	ofJS = template.Must(template.New("").Funcs(template.FuncMap{"quote": jsonQuoted}).Parse(inJavaScript))
)

func jsonQuoted(s string) (string, error) {
	text, err := jsontext.AppendQuote(nil, s)
	return string(text), err
}

var languages = []string{"go", "js", "cli"}

// write writes the program in one of the languages.
func (s subscriber) write(w io.Writer, language string) error {
	var text bytes.Buffer
	var err error
	switch language {
	case "js":
		err = ofJS.Execute(&text, s)
	case "cli":
		fmt.Fprintln(&text, s.command())
	default:
		if err = ofGo.Execute(&text, s); err == nil {
			var formatted []byte
			formatted, err = format.Source(text.Bytes())
			text = *bytes.NewBuffer(formatted)
		}
	}
	if err != nil {
		return fmt.Errorf("write the subscriber: %w", err)
	}
	_, err = text.WriteTo(w)
	return err
}

// command is a call of the nats command line, which acknowledges what it shows.
func (s subscriber) command() string {
	words := []string{"nats"}
	if at := strings.Join(s.URLs, ","); at != "nats://127.0.0.1:4222" { // the tool's own default
		words = append(words, "--server", at)
	}
	for _, flag := range [][2]string{
		{"--creds", s.Credentials}, {"--nkey", s.NKey}, {"--user", s.User}, {"--tlsca", s.CA}, {"--tlscert", s.Cert}, {"--tlskey", s.Key},
	} {
		if flag[1] != "" {
			words = append(words, flag[0], flag[1])
		}
	}
	words = append(words, "consumer", "next", s.Stream, s.Name, "--count", "10")
	for i, word := range words {
		words[i] = shellWord(word)
	}
	return strings.Join(words, " ")
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./:,@%+=-]+$`)

// shellWord keeps a word from what a shell would make of it.
func shellWord(s string) string {
	if plainWord.MatchString(cmp.Or(s, " ")) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
