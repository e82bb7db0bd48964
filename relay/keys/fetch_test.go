package keys

import (
	"bytes"
	"compress/gzip"
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/meetbus/meetbus/relay/keys/keystest"
)

func TestKeyURLs(t *testing.T) {
	tests := map[string]bool{
		"https://keys.example/.well-known/webhooks.json": true,
		"https://user:pass@keys.example:8443/k?token=t":  true,
		"HTTPS://keys.example/k":                         true,
		"http://127.0.0.1:8080/k":                        true,
		"http://127.8.9.10/k":                            true,
		"http://[::1]:8080/k":                            true,
		"http://[::ffff:127.0.0.1]/k":                    true,
		"http://localhost/k":                             true,
		"http://LocalHost:1/k":                           true,
		"http://keys.example/k":                          false,
		"http://localhost.keys.example/k":                false,
		"http://127.0.0.1.keys.example/k":                false,
		"http://127.0.0.1@keys.example/k":                false,
		"http://10.0.0.1/k":                              false,
		"http://0.0.0.0/k":                               false,
		"http://[::]/k":                                  false,
		"http://169.254.169.254/k":                       false,
		"ftp://127.0.0.1/k":                              false,
		"file:///etc/keys.pem":                           false,
		"https:///k":                                     false,
		"https:keys.example":                             false,
		"//127.0.0.1/k":                                  false,
		"127.0.0.1:8080/k":                               false,
		"https://keys.example/%zz":                       false,
		"":                                               false,
	}
	for raw, want := range tests {
		u, err := parseURL(raw)
		if got := err == nil; got != want || got != (u != nil) {
			t.Errorf("%q: %v, want allowed %v", raw, err, want)
		}
	}
}

func TestURLsAreShownWithoutSecrets(t *testing.T) {
	for raw, want := range map[string]string{
		"https://user:pass@keys.example/k?token=t#part": "https://keys.example/k",
		"https://user@keys.example/k?":                  "https://keys.example/k",
		"http://127.0.0.1:8080/k":                       "http://127.0.0.1:8080/k",
	} {
		u, err := parseURL(raw)
		if err != nil {
			t.Fatal(err)
		}
		if got := withoutSecrets(u); got != want {
			t.Errorf("%q is shown as %q, want %q", raw, got, want)
		}
	}
}

// provider is a web server with a page for each way to answer.
func provider(t *testing.T) (*keystest.Server, *httptest.Server) {
	t.Helper()
	keys := keystest.New(t)
	document := keys.Document()
	full := append(document, bytes.Repeat([]byte(" "), maxDocument-len(document))...)
	answer := func(status int, body []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			w.Write(body)
		}
	}
	zipped := func(body []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			z.Write(body)
			z.Close()
		}
	}
	mux := http.NewServeMux()
	for path, handler := range map[string]http.Handler{
		"/good":         answer(200, document),
		"/full":         answer(200, full),
		"/oversized":    answer(200, append(full, ' ')),
		"/zipped":       zipped(document),
		"/bomb":         zipped(append(bytes.Clone(full), make([]byte, 1<<20)...)),
		"/created":      answer(201, document),
		"/not-found":    answer(404, document),
		"/nowhere":      answer(302, document),
		"/empty":        answer(200, nil),
		"/page":         answer(200, []byte("<html>s3cr3t</html>")),
		"/headers":      http.HandlerFunc(largeHeader),
		"/redirect1":    http.RedirectHandler("/good", http.StatusMovedPermanently),
		"/redirect2":    http.RedirectHandler("/redirect1", http.StatusFound),
		"/redirect3":    http.RedirectHandler("/redirect2", http.StatusTemporaryRedirect),
		"/redirect4":    http.RedirectHandler("/redirect3", http.StatusPermanentRedirect),
		"/loop":         http.RedirectHandler("/loop", http.StatusFound),
		"/elsewhere":    http.RedirectHandler("http://keys.example/good", http.StatusFound),
		"/ftp":          http.RedirectHandler("ftp://127.0.0.1/good", http.StatusFound),
		"/unparseable":  http.RedirectHandler("http://[", http.StatusFound),
		"/to":           http.HandlerFunc(redirectToQuery),
		"/cookie":       http.HandlerFunc(cookieThenGood),
		"/well-behaved": onlyFromMeetbus(answer(200, document)),
	} {
		mux.Handle(path, handler)
	}
	web := httptest.NewServer(mux)
	t.Cleanup(web.Close)
	return keys, web
}

func largeHeader(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("X-Padding", strings.Repeat("p", 2*maxDocument))
}

func redirectToQuery(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, r.URL.Query().Get("to"), http.StatusFound)
}

func cookieThenGood(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, &http.Cookie{Name: "session", Value: "1"})
	http.Redirect(w, r, "/well-behaved", http.StatusFound)
}

// onlyFromMeetbus refuses a request that says more, or less, than it should.
func onlyFromMeetbus(next http.Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.UserAgent() != "meetbus" || len(r.Cookies()) > 0 {
			http.Error(w, "who are you?", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	}
}

func TestFetch(t *testing.T) {
	keys, web := provider(t)
	tests := map[string]string{ // the error, or nothing
		"/good":         "",
		"/full":         "",
		"/zipped":       "",
		"/well-behaved": "",
		"/cookie":       "",
		"/redirect3":    "",
		"/redirect4":    "more than 3 redirects",
		"/loop":         "more than 3 redirects",
		"/elsewhere":    "not https",
		"/ftp":          "not https",
		"/oversized":    "more than 65536 bytes",
		"/bomb":         "more than 65536 bytes",
		"/headers":      "exceeded",
		"/created":      "status 201",
		"/not-found":    "status 404",
		"/nowhere":      "status 302",
		"/missing":      "status 404",
		"/empty":        "it is empty",
		"/page":         "no PEM block",
	}
	for path, want := range tests {
		t.Run(path[1:], func(t *testing.T) {
			r := newRing(t, Source{URL: web.URL + path}, Options{})
			got, err := r.fetch(t.Context())
			if want == "" {
				if err != nil || len(got) != 1 || fingerprint(got[0]) != fingerprintOf(t, keys.PublicPEM()) {
					t.Errorf("keys %v, error %v", fingerprints(got), err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), want) || got != nil {
				t.Errorf("error %v beside %d keys, want %q", err, len(got), want)
			}
		})
	}
}

func TestFetchByHTTPS(t *testing.T) {
	keys, plain := provider(t)
	secure := httptest.NewTLSServer(plain.Config.Handler)
	t.Cleanup(secure.Close)
	tests := []struct {
		what, url, want string
		trusting        bool
	}{
		{"https", secure.URL + "/good", "", true},
		{"https to https", secure.URL + "/to?to=" + url.QueryEscape(secure.URL+"/good"), "", true},
		{"http on loopback to https", plain.URL + "/to?to=" + url.QueryEscape(secure.URL+"/good"), "", true},
		{"https to http on loopback", secure.URL + "/to?to=" + url.QueryEscape(plain.URL+"/good"), "not https", true},
		{"unknown authority", secure.URL + "/good", "certificate", false},
	}
	for _, test := range tests {
		r := newRing(t, Source{URL: test.url}, Options{})
		if test.trusting {
			trusted := secure.Client().Transport.(*http.Transport).TLSClientConfig
			r.client.Transport.(*http.Transport).TLSClientConfig = trusted.Clone()
		}
		got, err := r.fetch(t.Context())
		switch {
		case test.want == "":
			if err != nil || fingerprint(got[0]) != fingerprintOf(t, keys.PublicPEM()) {
				t.Errorf("%s: keys %v, error %v", test.what, fingerprints(got), err)
			}
		case err == nil || !strings.Contains(err.Error(), test.want):
			t.Errorf("%s: error %v, want %q", test.what, err, test.want)
		}
	}
}

func TestSecretsOfTheURLStayOutOfLogsAndErrors(t *testing.T) {
	_, web := provider(t)
	gone := httptest.NewServer(nil)
	gone.Close()
	secrets := []string{"us3r", "p4ss", "t0ken", "s3cr3t"}
	for _, base := range []string{
		gone.URL + "/good", web.URL + "/missing", web.URL + "/elsewhere", web.URL + "/loop", web.URL + "/page",
		web.URL + "/unparseable", web.URL + "/headers", web.URL + "/bomb",
	} {
		log := &diary{}
		reported := make(chan error, 1)
		raw := strings.Replace(base, "://", "://us3r:p4ss@", 1) + "?key=t0ken#s3cr3t"
		r := newRing(t, Source{URL: raw}, Options{Log: log.logger(), Refreshed: func(_ string, err error) { reported <- err }})
		ctx, cancel := context.WithCancel(t.Context())
		returned := make(chan struct{})
		go func() {
			defer close(returned)
			r.Run(ctx)
		}()
		err := <-reported
		cancel()
		<-returned
		if err == nil || !strings.Contains(log.String(), "keys not fetched") || !strings.Contains(log.String(), base) {
			t.Errorf("%s: error %v, log:\n%s", base, err, log)
			continue
		}
		for _, secret := range secrets {
			if strings.Contains(log.String()+err.Error(), secret) {
				t.Errorf("%s: %s is in the log or the error %v:\n%s", base, secret, err, log)
			}
		}
	}
	for _, raw := range []string{"http://us3r:p4ss@keys.example/?key=t0ken", "https://us3r:p4ss@keys.example/%zz?key=t0ken#s3cr3t"} {
		_, err := New(Source{URL: raw}, Options{})
		if err == nil {
			t.Errorf("%s was not refused", raw)
			continue
		}
		for _, secret := range secrets {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%s is in the error %v", secret, err)
			}
		}
	}
}
