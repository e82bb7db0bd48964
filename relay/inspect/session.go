package inspect

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	cookieName = "meetbus_inspector"
	// lifetime is how long who has logged in may look; sessionsMax, how many such there are: the oldest makes way.
	lifetime    = 12 * time.Hour
	sessionsMax = 64
	// guesses are how many tokens an address may try at once, and guessEvery when it may try one more. guessersMax bounds the
	// addresses that are remembered.
	guesses     = 5
	guessEvery  = 10 * time.Second
	guessersMax = 1024
)

// sessions are those who have logged in.
type sessions struct {
	mu    sync.Mutex
	known map[string]session
	// guessers are the addresses that have tried a token lately.
	guessers map[netip.Prefix]*rate.Limiter
}

// session is somebody who has shown a token. It ends with its time, or when another token is wanted.
type session struct {
	token [sha256.Size]byte
	until time.Time
}

// admits says whether somebody may look.
func (i *Inspector) admits(q *http.Request) bool {
	if i.o.Token == nil {
		return true
	}
	want := sha256.Sum256([]byte(i.o.Token()))
	if scheme, token, _ := strings.Cut(q.Header.Get("Authorization"), " "); strings.EqualFold(scheme, "Bearer") {
		return equal(sha256.Sum256([]byte(token)), want)
	}
	cookie, err := q.Cookie(cookieName)
	return err == nil && i.sessions.has(cookie.Value, want, time.Now())
}

func equal(a, b [sha256.Size]byte) bool { return subtle.ConstantTimeCompare(a[:], b[:]) == 1 }

// login takes the token of a form, and gives a cookie for it.
func (i *Inspector) login(w http.ResponseWriter, q *http.Request) {
	if i.o.Token == nil {
		http.Redirect(w, q, "/", http.StatusSeeOther)
		return
	}
	if !i.sessions.mayGuess(q.RemoteAddr) {
		w.Header().Set("Retry-After", strconv.Itoa(int(guessEvery.Seconds())))
		i.render(w, http.StatusTooManyRequests, "login", view{Title: "Log in", Page: "Too many tokens were tried. Wait a minute, and try again."})
		return
	}
	want := sha256.Sum256([]byte(i.o.Token()))
	if !equal(sha256.Sum256([]byte(q.PostFormValue("token"))), want) {
		i.o.Log.Warn("somebody has tried a wrong token at the inspector")
		i.render(w, http.StatusUnauthorized, "login", view{Title: "Log in", Page: "This is not the token."})
		return
	}
	setCookie(w, q, i.sessions.begin(want, time.Now()), int(lifetime.Seconds()))
	http.Redirect(w, q, "/", http.StatusSeeOther)
}

func (i *Inspector) logout(w http.ResponseWriter, q *http.Request) {
	if cookie, err := q.Cookie(cookieName); err == nil {
		i.sessions.forget(cookie.Value)
	}
	setCookie(w, q, "", -1)
	http.Redirect(w, q, "/", http.StatusSeeOther)
}

func setCookie(w http.ResponseWriter, q *http.Request, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{
		Name: cookieName, Value: value, Path: "/", MaxAge: maxAge,
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: q.TLS != nil,
	})
}

// begin returns the name of a new session, which only its cookie knows.
func (s *sessions) begin(token [sha256.Size]byte, now time.Time) (name string) {
	name = rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	var oldest string
	for key, other := range s.known {
		if now.After(other.until) || !equal(other.token, token) {
			delete(s.known, key)
		} else if oldest == "" || other.until.Before(s.known[oldest].until) {
			oldest = key
		}
	}
	if len(s.known) >= sessionsMax {
		delete(s.known, oldest)
	}
	s.known[nameOf(name)] = session{token, now.Add(lifetime)}
	return name
}

func (s *sessions) has(name string, token [sha256.Size]byte, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	known, is := s.known[nameOf(name)]
	return is && now.Before(known.until) && equal(known.token, token)
}

func (s *sessions) forget(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.known, nameOf(name))
}

// nameOf is a session's name as it is kept: to look one up takes as long whatever part of it is right.
func nameOf(secret string) string {
	digest := sha256.Sum256([]byte(secret))
	return string(digest[:])
}

// mayGuess says whether an address may try a token now.
func (s *sessions) mayGuess(remote string) bool {
	from := networkOf(remote)
	s.mu.Lock()
	defer s.mu.Unlock()
	limit, known := s.guessers[from]
	if !known {
		if s.guessers == nil || len(s.guessers) >= guessersMax {
			s.guessers = map[netip.Prefix]*rate.Limiter{}
		}
		limit = rate.NewLimiter(rate.Every(guessEvery), guesses)
		s.guessers[from] = limit
	}
	return limit.Allow()
}

// networkOf is who an address belongs to: of IPv6, everybody has 64 bits of their own.
func networkOf(remote string) netip.Prefix {
	host, _, _ := net.SplitHostPort(remote)
	address, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Prefix{}
	}
	bits := 64
	if address = address.Unmap(); address.Is4() {
		bits = 32
	}
	prefix, _ := address.Prefix(bits)
	return prefix
}
