package inspect

import (
	"bytes"
	"context"
	"embed"
	"html/template"
	"io/fs"
	"net/http"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/meetbus/meetbus/relay/bus"
)

// Events is the stream that is looked into: relay/bus.
type Events interface {
	// Get returns one message, or bus.ErrNoMessage.
	Get(ctx context.Context, stream string, sequence uint64) (bus.Stored, error)
	// Place says where a message is that was stored since; 0: nowhere yet.
	Place(ctx context.Context, stream, subject, id string, since time.Time) (sequence uint64, err error)
}

// Options of an Inspector.
type Options struct {
	Recent *Recent
	Events Events
	// Letters, if there are any to be had, are the dead letters.
	Letters Letters
	// Ready says whether an event could be stored now, or why not.
	Ready func() error
	// Token is what who looks must show, as a bearer token or by logging in; nil: nothing is wanted. What it returns may change.
	Token func() string
	// Providers and Types are what there is to be chosen from.
	Providers, Types []string
	Log              *zap.Logger
}

// Inspector answers everything below / and /inspector/ of the operators' front end. It wants the Host to be checked already.
type Inspector struct {
	o        Options
	sessions sessions
	pages    http.Handler
	// ending is closed when pages that are open must end; watching counts them.
	ending   chan struct{}
	end      sync.Once
	watching chan struct{}
	// searching has room for one who searches the dead letters: that takes a processor for itself.
	searching chan struct{}
}

//go:embed page
var files embed.FS

var templates = template.Must(template.New("").Funcs(template.FuncMap{"shown": shown}).ParseFS(files, "page/*.html"))

// New returns an inspector. Close must be called for its open pages to end.
func New(o Options) *Inspector {
	i := &Inspector{o: o, ending: make(chan struct{}), watching: make(chan struct{}, watchersMax), searching: make(chan struct{}, 1)}
	i.sessions.known = map[string]session{}
	open, guarded := http.NewServeMux(), http.NewServeMux()
	open.HandleFunc("GET /inspector/page.css", asset("page.css", "text/css; charset=utf-8"))
	open.HandleFunc("GET /inspector/page.js", asset("page.js", "text/javascript; charset=utf-8"))
	open.HandleFunc("POST /inspector/login", i.login)
	open.Handle("/", i.guard(guarded))

	guarded.HandleFunc("GET /{$}", i.table)
	guarded.HandleFunc("GET /inspector/live", i.live)
	guarded.HandleFunc("GET /inspector/webhooks/{number}", i.webhook)
	guarded.HandleFunc("GET /inspector/deadletters", i.listLetters)
	guarded.HandleFunc("GET /inspector/deadletters/{sequence}", i.letter)
	guarded.HandleFunc("POST /inspector/deadletters/{sequence}/retry", i.retry)
	guarded.HandleFunc("POST /inspector/deadletters/{sequence}/discard", i.discard)
	guarded.HandleFunc("POST /inspector/logout", i.logout)
	guarded.HandleFunc("GET /", func(w http.ResponseWriter, q *http.Request) {
		i.fail(w, q, http.StatusNotFound, "There is no such page.")
	})
	// What a page of another origin sends is refused, whatever it holds. Who sends no Origin is no browser.
	i.pages = http.NewCrossOriginProtection().Handler(open)
	return i
}

// Close ends the pages that are open, so that their server can stop.
func (i *Inspector) Close() { i.end.Do(func() { close(i.ending) }) }

// policy lets a page load nothing but its own style, script and events, and nobody frame it.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types meetbus"

// formMax is the largest form, in bytes.
const formMax = 8 << 10

func (i *Inspector) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	// Not no-referrer: with it a form's Origin is null, and nothing tells our own forms from others'.
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cache-Control", "no-store")
	q.Body = http.MaxBytesReader(w, q.Body, formMax)
	i.pages.ServeHTTP(w, q)
}

// guard asks who does not show the token to log in.
func (i *Inspector) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if !i.admits(q) {
			w.Header().Set("WWW-Authenticate", `Bearer realm="meetbus"`)
			i.render(w, http.StatusUnauthorized, "login", view{Title: "Log in"})
			return
		}
		next.ServeHTTP(w, q)
	})
}

func asset(name, mediaType string) http.HandlerFunc {
	content, err := fs.ReadFile(files, "page/"+name)
	if err != nil {
		panic(err) // the files are ours, and part of the binary
	}
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", mediaType)
		_, _ = w.Write(content)
	}
}

// view is what every page has.
type view struct {
	Title string
	// Why the relay takes no events; empty: it does.
	Unready string
	// Letters says that there are dead letters to be had, Session that one can log out.
	Letters, Session bool
	Page             any
}

func (i *Inspector) view(q *http.Request, title string, page any) view {
	v := view{Title: title, Letters: i.o.Letters != nil, Page: page}
	if _, err := q.Cookie(cookieName); err == nil && i.o.Token != nil {
		v.Session = true
	}
	if err := i.o.Ready(); err != nil {
		v.Unready = shown(err.Error())
	}
	return v
}

// render answers with a page: whole, or not at all.
func (i *Inspector) render(w http.ResponseWriter, status int, name string, v view) {
	var page bytes.Buffer
	if err := templates.ExecuteTemplate(&page, name+".html", v); err != nil {
		i.o.Log.Error("a page of the inspector cannot be made", zap.String("page", name), zap.Error(err))
		http.Error(w, "the page cannot be made: the log says why", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(page.Bytes())
}

// fail answers with a sentence.
func (i *Inspector) fail(w http.ResponseWriter, q *http.Request, status int, sentence string) {
	i.render(w, status, "sentence", i.view(q, http.StatusText(status), shown(sentence)))
}

// sentenceOf is an error for people to read.
func sentenceOf(doing string, err error) string {
	return doing + ": " + strings.TrimSuffix(err.Error(), ".") + "."
}
