package keys

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meetbus/meetbus/relay/keys/keystest"
)

// stored runs a ring until its copy is on disk, and returns the copy's name.
func stored(t *testing.T, s Source, o Options) string {
	t.Helper()
	_, stop := running(t, s, o)
	stop()
	names, err := filepath.Glob(filepath.Join(o.Dir, "*"))
	if err != nil || len(names) != 1 {
		t.Fatalf("files in the folder of copies: %v, %v; want one", names, err)
	}
	return names[0]
}

func TestRestartWithoutNetwork(t *testing.T) {
	server, clock := keystest.New(t), newClock()
	source := Source{URL: server.URL}
	options := Options{Dir: filepath.Join(t.TempDir(), "data", "keys"), Now: clock.now}
	old := server.Sign(body)
	stored(t, source, options)
	server.Rotate()
	clock.move(time.Hour)
	name := stored(t, source, options)
	wantFetches(t, server, 2)
	server.Fail(true)

	for path, want := range map[string]os.FileMode{options.Dir: 0o700 | os.ModeDir, name: 0o600} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != want {
			t.Errorf("%s has mode %v, want %v", filepath.Base(path), info.Mode(), want)
		}
	}

	clock.move(time.Hour - time.Second)
	r := newRing(t, source, options) // not run: no network is needed
	wantErr(t, "served key", verify(r, server.Sign(body), clock.now()), nil)
	wantErr(t, "replaced key within the hour", verify(r, old, clock.now()), nil)
	if age, ok := r.Age(); !ok || age != time.Hour-time.Second {
		t.Errorf("Age() = %v, %v", age, ok)
	}
	clock.move(time.Second)
	run(t, r)
	wantErr(t, "replaced key after the hour", verify(r, old, clock.now()), ErrUnavailable)

	clock.move(48 * time.Hour)
	later := newRing(t, source, options)
	wantErr(t, "stale key", verify(later, server.Sign(body), clock.now()), nil)
	if len(later.known.keys) != 1 {
		t.Errorf("%d keys from the copy after two days, want 1", len(later.known.keys))
	}
}

func TestCopyNeverCondemns(t *testing.T) {
	server, forger, clock := keystest.New(t), keystest.New(t), newClock()
	source, options := Source{URL: server.URL}, Options{Dir: t.TempDir(), Now: clock.now}
	stored(t, source, options)
	r := newRing(t, source, options)
	run(t, r)
	// By the clock the copy's fetch began after the arrival, but that reading was another process's.
	wantErr(t, "forged", verify(r, forger.Sign(body), clock.now().Add(-time.Hour)), ErrSignature)
	wantFetches(t, server, 2)
}

func TestRunFetchesAtOnceOnlyIfTheCopyIsOld(t *testing.T) {
	for name, test := range map[string]struct{ age, next time.Duration }{
		"young": {20 * time.Minute, 40 * time.Minute},
		"due":   {time.Hour, 0},
		"old":   {30 * time.Hour, 0},
	} {
		t.Run(name, func(t *testing.T) {
			server := keystest.New(t)
			synctest.Test(t, func(t *testing.T) {
				options := Options{Dir: t.TempDir()}
				stop := run(t, wired(t, server, options))
				synctest.Wait()
				stop()
				wantFetches(t, server, 1)

				time.Sleep(test.age)
				run(t, wired(t, server, options))
				synctest.Wait()
				if test.next > 0 {
					time.Sleep(test.next - time.Nanosecond)
					synctest.Wait()
					wantFetches(t, server, 1)
					time.Sleep(time.Nanosecond)
					synctest.Wait()
				}
				wantFetches(t, server, 2)
			})
		})
	}
}

func TestUnusableCopyIsIgnored(t *testing.T) {
	server, clock := keystest.New(t), newClock()
	source, options := Source{URL: server.URL}, Options{Dir: t.TempDir(), Now: clock.now}
	name := stored(t, source, options)
	good, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	changed := func(change func(*diskCopy)) string {
		var c diskCopy
		if err := json.Unmarshal(good, &c); err != nil {
			t.Fatal(err)
		}
		change(&c)
		return quoted(c)
	}
	tests := map[string]struct{ content, warning string }{
		"good":          {string(good), ""},
		"unchanged":     {changed(func(*diskCopy) {}), ""},
		"empty":         {"", "corrupt"},
		"truncated":     {string(good[:len(good)/2]), "corrupt"},
		"not JSON":      {strings.Repeat("\x00", len(good)), "corrupt"},
		"bad time":      {`{"fetched":"s3cr3t"}`, "corrupt"},
		"other URL":     {changed(func(c *diskCopy) { c.URL += "?s3cr3t" }), "another URL"},
		"no time":       {changed(func(c *diskCopy) { c.Fetched = time.Time{} }), "not complete"},
		"no keys":       {changed(func(c *diskCopy) { c.Keys = nil }), "not complete"},
		"future":        {changed(func(c *diskCopy) { c.Fetched = c.Fetched.Add(time.Second) }), "from the future"},
		"no PEM":        {changed(func(c *diskCopy) { c.Keys[0] = "s3cr3t" }), "no PEM block"},
		"private key":   {changed(func(c *diskCopy) { c.Keys[0] = string(server.PrivatePEM()) }), "private key"},
		"bad old key":   {changed(func(c *diskCopy) { c.Replaced = []diskReplaced{{"s3cr3t", clock.now().Add(time.Hour)}} }), "no PEM block"},
		"much too long": {string(good) + strings.Repeat(" ", maxCopy), "not a file of at most"},
	}
	for what, test := range tests {
		if err := os.WriteFile(name, []byte(test.content), 0o600); err != nil {
			t.Fatal(err)
		}
		log := &diary{}
		options.Log = log.logger()
		r := newRing(t, source, options)
		if _, ok := r.Age(); ok != (test.warning == "") {
			t.Errorf("%s: copy used: %v", what, ok)
		}
		if test.warning == "" && log.String() != "" || !strings.Contains(log.String(), test.warning) {
			t.Errorf("%s: log lacks %q:\n%s", what, test.warning, log)
		}
		if strings.Contains(log.String(), "s3cr3t") {
			t.Errorf("%s: the copy is quoted in the log:\n%s", what, log)
		}
	}
}

func TestReplacedKeyOnDiskLivesAnHourAtMost(t *testing.T) {
	now := newClock().now()
	copied := diskCopy{
		URL: "https://keys.example/k", Fetched: now, Keys: []string{pkcs1(&twoKeys()[0].PublicKey)},
		Replaced: []diskReplaced{{pkcs1(&twoKeys()[1].PublicKey), now.Add(1000 * time.Hour)}},
	}
	k, err := parseCopy([]byte(quoted(copied)), copied.URL, now)
	if err != nil {
		t.Fatal(err)
	}
	if len(k.keys) != 2 || k.keys[1].until != now.Add(time.Hour) {
		t.Errorf("keys %v, want the second to end in an hour", k.keys)
	}
}

func TestEachURLHasACopyOfItsOwn(t *testing.T) {
	a, b, clock := keystest.New(t), keystest.New(t), newClock()
	options := Options{Dir: t.TempDir(), Now: clock.now}
	for _, server := range []*keystest.Server{a, b} {
		_, stop := running(t, Source{URL: server.URL}, options)
		stop()
	}
	for _, server := range []*keystest.Server{a, b} {
		r := newRing(t, Source{URL: server.URL}, options)
		wantErr(t, "own key", verify(r, server.Sign(body), clock.now()), nil)
	}
}

func TestFolderThatCannotBeWrittenIsAWarning(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	server, clock, log := keystest.New(t), newClock(), &diary{}
	r, stop := running(t, Source{URL: server.URL}, Options{Dir: filepath.Join(file, "keys"), Now: clock.now, Log: log.logger()})
	stop()
	wantErr(t, "genuine", verify(r, server.Sign(body), clock.now()), nil)
	if !strings.Contains(log.String(), `"msg":"keys not copied to disk"`) {
		t.Errorf("no warning:\n%s", log)
	}
}

// Whoever borrows the copies of a relay writes nothing among them: the relay may be another user, and could not read it.
func TestBorrowedCopies(t *testing.T) {
	server, clock := keystest.New(t), newClock()
	source := Source{URL: server.URL}
	options := Options{Dir: filepath.Join(t.TempDir(), "keys"), Now: clock.now}
	name := stored(t, source, options)
	before, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	options.Borrowed = true
	r := newRing(t, source, options)
	wantErr(t, "copied key", verify(r, server.Sign(body), clock.now()), nil)
	server.Rotate()
	clock.move(time.Hour)
	r, stop := running(t, source, options)
	wantErr(t, "fetched key", verify(r, server.Sign(body), clock.now()), nil)
	stop()
	if after, err := os.ReadFile(name); err != nil || string(after) != string(before) {
		t.Errorf("the copy has changed: %s, %v", after, err)
	}
	if got := stored(t, source, options); got != name {
		t.Errorf("there is another file: %s", got)
	}
}
