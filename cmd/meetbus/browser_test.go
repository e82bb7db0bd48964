//go:build browser

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/relay/bus"
	"github.com/meetbus/meetbus/relay/bus/bustest"
	"github.com/meetbus/meetbus/relay/inspect/inspecttest"
	"github.com/meetbus/meetbus/relay/keys/keystest"
	"github.com/meetbus/meetbus/schemas"
)

// The inspector in a real browser, before a whole relay that runs in this process: .ci/inspector runs it. Screenshots go to the folder
// that SCREENSHOTS names, if it does.

// tab is one page in a browser that nothing else uses. What must never happen fails the test: an error on the console, a dialog, and a
// request to anywhere but the relay.
type tab struct {
	t   *testing.T
	ctx context.Context
	// url of the operators' listener, hooks of the providers'.
	url, hooks string
	nats       *bustest.Node
	signer     *keystest.Server
	mu         sync.Mutex
	faults     []string
	requests   int
}

const inspectorConfig = `
data_dir: %[1]s/data
http: { listen: %[2]s }
admin: { listen: %[3]s%[6]s }
nats: { url: %[4]s }
log: { level: error }
endpoints:
  - { name: dyte, path: /webhooks/dyte, provider: dyte, verify: none }
  - { name: realtimekit, path: /webhooks/realtimekit, provider: realtimekit, verify: none }
  - { name: videosdk, path: /webhooks/videosdk, provider: videosdk, verify: none }
  - { name: signed, path: /webhooks/signed, provider: dyte, keys: { url: "%[5]s" } }
subjects:
  rules:
    - match: { type: recording.statusUpdate, status: UPLOADED }
      subject: "recording.ready.{meetingid}"
    - match: { type: "hls.*" }
      drop: true
`

// newTab starts a relay, with what is to be said of its operators' listener, and a browser.
func newTab(t *testing.T, operators string) *tab {
	t.Helper()
	b := &tab{t: t, nats: bustest.Server(t), signer: keystest.New(t)}
	front, admin := freeForTest(t), freeForTest(t)
	b.url, b.hooks = "http://"+admin, "http://"+front
	dir := t.TempDir()
	file := filepath.Join(dir, "meetbus.yaml")
	text := fmt.Sprintf(inspectorConfig, dir, front, admin, b.nats.URL(), b.signer.URL, operators)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan int, 1)
	var stderr bytes.Buffer
	go func() { ended <- run(ctx, []string{"serve", "-c", file}, nil, io.Discard, &stderr) }()
	t.Cleanup(func() {
		began := time.Now()
		stop()
		if status := <-ended; status != statusDone || time.Since(began) > 5*time.Second {
			t.Errorf("serve ended with %d after %s: %s", status, time.Since(began), &stderr)
		}
	})
	b.await("the relay", func() bool {
		answer, err := http.Get(b.url + "/readyz")
		if err != nil {
			return false
		}
		answer.Body.Close()
		return answer.StatusCode == http.StatusOK
	})
	b.open()
	return b
}

// open starts the browser. Nothing of it is to look for other hosts on its own.
func (b *tab) open() {
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.UserDataDir(b.t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true))
	ctx, stop := chromedp.NewExecAllocator(context.Background(), options...)
	b.t.Cleanup(stop)
	ctx, stop = chromedp.NewContext(ctx)
	b.t.Cleanup(stop)
	if err := chromedp.Listen(ctx, b.hear); err != nil { // the browser lives as long as the context of its first action
		b.t.Fatal(err)
	}
	b.ctx, stop = context.WithTimeout(ctx, 2*time.Minute)
	b.t.Cleanup(stop)
	b.t.Cleanup(b.check)
	b.do(enabled(log.Enable), enabled(network.Enable), enabled(runtime.Enable), b.size(1360, 860))
}

// hear takes what the browser says beside the answers.
func (b *tab) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	fault := func(format string, args ...any) { b.faults = append(b.faults, fmt.Sprintf(format, args...)) }
	switch e := event.(type) {
	case *page.EventJavascriptDialogOpening:
		fault("a dialog says %q", e.Message)
		go func() {
			_, _ = chromedp.Call(b.ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: true})
		}()
	case *runtime.EventExceptionThrown:
		fault("exception: %s", e.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		fault("console.%s", e.Type)
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			fault("log: %s %s", e.Entry.Text, e.Entry.URL)
		}
	case *network.EventRequestWillBeSent:
		b.requests++
		if u, err := url.Parse(e.Request.URL); err != nil || "http://"+u.Host != b.url {
			fault("request to %s", e.Request.URL)
		}
	}
}

func (b *tab) check() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.requests == 0 {
		b.t.Error("the browser has asked for nothing")
	}
	for _, fault := range b.faults {
		b.t.Error(fault)
	}
}

// forgive takes back faults that a test has asked for.
func (b *tab) forgive(part string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var kept []string
	for _, fault := range b.faults {
		if !strings.Contains(fault, part) {
			kept = append(kept, fault)
		}
	}
	b.faults = kept
}

// step is an action that returns nothing.
type step = chromedp.Action[chromedp.Void]

func enabled[P any](domain cdp.Command[P, cdp.Empty]) step {
	return func(ctx context.Context, t *chromedp.Target) (none chromedp.Void, err error) {
		var defaults P
		_, err = cdp.Call(ctx, t, domain, defaults)
		return none, err
	}
}

func (b *tab) size(width, height int64) step {
	if width < 500 {
		return chromedp.EmulateViewport(width, height, chromedp.EmulateMobile, chromedp.EmulateTouch, chromedp.EmulatePortrait)
	}
	return chromedp.EmulateViewport(width, height)
}

// scheme has the page prefer light or dark.
func scheme(word string) step {
	return func(ctx context.Context, t *chromedp.Target) (none chromedp.Void, err error) {
		_, err = cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: word}},
		})
		return none, err
	}
}

func (b *tab) do(steps ...step) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

// says evaluates an expression to a text.
func (b *tab) says(expression string) string {
	b.t.Helper()
	text, err := b.evaluate(expression)
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return text
}

func (b *tab) evaluate(expression string) (string, error) {
	return chromedp.Run(b.ctx, chromedp.Evaluate[string]("String("+expression+")"))
}

// wants waits until an expression has a value.
func (b *tab) wants(expression, want string) {
	b.t.Helper()
	var got string
	var err error
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(30 * time.Millisecond) {
		if got, err = b.evaluate(expression); err == nil && got == want { // the page may be on its way to the next
			return
		}
	}
	b.t.Fatalf("%s is %q (%v), want %q", expression, got, err, want)
}

func (b *tab) await(what string, is func() bool) {
	b.t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(30 * time.Millisecond) {
		if is() {
			return
		}
	}
	b.t.Fatalf("%s: not in time", what)
}

// shoot takes a screenshot of what can be seen.
func (b *tab) shoot(name string) {
	b.t.Helper()
	dir := os.Getenv("SCREENSHOTS")
	if dir == "" {
		return
	}
	b.do(chromedp.Sleep(400 * time.Millisecond))
	png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// send sends a webhook, signed where the endpoint wants it, and returns the status.
func (b *tab) send(endpoint, body string, header map[string]string) int {
	b.t.Helper()
	q, err := http.NewRequest(http.MethodPost, b.hooks+"/webhooks/"+endpoint, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	if _, given := header["dyte-signature"]; endpoint == "signed" && !given {
		q.Header.Set("dyte-signature", b.signer.Sign([]byte(body)))
	}
	for name, value := range header {
		q.Header.Set(name, value)
	}
	answer, err := http.DefaultClient.Do(q)
	if err != nil {
		b.t.Fatal(err)
	}
	answer.Body.Close()
	return answer.StatusCode
}

// sendSamples sends what a day may bring, and last somebody who joins, twice.
func (b *tab) sendSamples(name string) {
	b.t.Helper()
	for i, s := range normalize.Samples() {
		b.send(s.Provider.Name, string(s.Body), map[string]string{"dyte-uuid": fmt.Sprintf("7c1d0e52-6b5e-4f0e-9b1a-%012d", i)})
	}
	b.send("dyte", `{"event":"meeting.breakoutOpened","meeting":{"id":"5b0c4a9e-1d8c-4a39-bb64-0d7d6c9f9d11"}}`, nil)
	b.send("signed", `{"no":"event"}`, nil)
	b.send("signed", "{}", map[string]string{"dyte-signature": "no"})
	b.send("nowhere", "{}", nil)
	again := joined("7c3e0d5f-2f7b-4b55-8f7e-4b1d1d3c9a10", name)
	b.send("dyte", again, nil)
	b.send("dyte", again, nil)
}

// day lets webhooks come for a while, for a screenshot of what that looks like.
func (b *tab) day() {
	if os.Getenv("SCREENSHOTS") == "" {
		return
	}
	all := normalize.Samples()
	for end, n := time.Now().Add(20*time.Second), 0; time.Now().Before(end); n++ {
		s := all[n*7%len(all)]
		b.send(s.Provider.Name, string(s.Body), map[string]string{"dyte-uuid": fmt.Sprintf("1f0e8b52-6b5e-4f0e-9b1a-%012d", n)})
		time.Sleep(time.Duration(20+n*37%90) * time.Millisecond)
	}
	b.sendSamples("Ada Lovelace")
	time.Sleep(2 * time.Second) // new rows are tinted for a while
}

func joined(meeting, name string) string {
	return fmt.Sprintf(`{"event":"meeting.participantJoined","meeting":{"id":%q,"sessionId":"0f3b7a5e-8a43-4f8f-a8a5-c1d2d7c0b3e4",`+
		`"title":"Difference engine, weekly","status":"LIVE","createdAt":"2026-05-04T09:00:00.000Z","startedAt":"2026-05-04T09:00:12.000Z",`+
		`"organizedBy":{"id":"b51a9ff8-0b2c-4c8d-9ff1-1f0f2f5f9b77","name":"Analytical Ltd"}},`+
		`"participant":{"peerId":"9a2f4a0e-5b61-4c53-a3c0-6a54e7b7a1f5","userDisplayName":%q,"customParticipantId":"ada-1815",`+
		`"joinedAt":"2026-05-04T09:30:00.000Z"}}`, meeting, name)
}

func freeForTest(t *testing.T) string {
	t.Helper()
	address, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	return address
}

const rows = `document.querySelectorAll("#webhooks tbody tr").length`

func TestInspectorInBrowser(t *testing.T) {
	b := newTab(t, "")
	b.do(chromedp.Navigate(b.url))
	b.wants(`document.querySelector("#pause .word")?.textContent`, "live")
	b.wants(rows, "0")

	// A webhook appears while the page is open.
	b.send("dyte", joined("m-1", "Ada"), nil)
	b.wants(rows, "1")
	b.wants(`document.querySelector("#webhooks td.meeting")?.textContent`, "m-1")
	b.sendSamples("Grace Hopper")
	b.wants(rows, fmt.Sprint(len(normalize.Samples())+7))
	b.day()
	b.shoot("desktop-light")

	// One click, and what moved where is there.
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#webhooks tbody tr").click()`))
	b.wants(`document.querySelector("#detail").open`, "true")
	b.wants(`document.querySelector("#detail .badge")?.textContent`, "duplicate")
	b.wants(`[...document.querySelectorAll("#detail .to li[data-path='participant.userDisplayName'] [data-at]")].map(e => e.textContent)`,
		"data.participant.name")
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#detail .to li[data-path='meeting.id']").dispatchEvent(new MouseEvent("mouseover", {bubbles: true}))`))
	b.wants(`[...document.querySelectorAll("#detail .from li.hit")].map(e => e.dataset.path)`, "subject,data.meeting.id,meetingid,partitionkey")
	b.shoot("detail-light")

	// By keyboard: closed with Escape, back in the row; down, open, and on to the next.
	b.do(chromedp.KeyEvent(kb.Escape))
	b.wants(`document.querySelector("#detail").open`, "false")
	b.wants(`document.activeElement === document.querySelector("#webhooks a.open")`, "true")
	b.do(chromedp.KeyEvent(kb.ArrowDown))
	b.wants(`document.activeElement === document.querySelectorAll("#webhooks a.open")[1]`, "true")
	b.do(chromedp.KeyEvent(kb.Enter))
	b.wants(`document.querySelector("#detail").open`, "true")
	b.wants(`document.querySelector("#detail .badge")?.textContent`, "published")
	b.do(chromedp.KeyEvent(kb.ArrowRight))
	b.wants(`document.querySelector("#detail h1")?.textContent.trim().startsWith("A refused request")`, "true")
	b.do(chromedp.KeyEvent(kb.Escape))
	b.wants(`document.querySelector("#detail").open`, "false")
	b.wants(`document.activeElement === document.querySelectorAll("#webhooks a.open")[2]`, "true")

	// Filters: by keyboard, by click, and kept in the address.
	b.do(chromedp.KeyEvent("/"))
	b.wants(`document.activeElement.name`, "meeting")
	// chromedp sends the character itself even where the page has taken the key.
	b.do(chromedp.Evaluate[chromedp.Void](`document.activeElement.value = ""`), chromedp.KeyEvent("m-1"))
	b.wants(rows, "1")
	b.wants(`location.search`, "?meeting=m-1")
	b.send("dyte", joined("m-2", "Grace"), nil)
	b.send("dyte", joined("m-1", "Grace"), nil)
	b.wants(rows, "2")
	b.do(chromedp.Reload())
	b.wants(rows, "2")
	b.do(chromedp.Navigate(b.url), chromedp.WaitVisible(chromedp.CSS(".chips")))
	b.do(chromedp.Click(chromedp.CSS(".chip.o-rejected")))
	b.wants(rows, b.says(`document.querySelector("b[data-count=rejected]").textContent`))
	b.wants(`[...new Set([...document.querySelectorAll("#webhooks td.where")].map(e => e.textContent))]`,
		"no endpoint at this path,signature is not one base64 text of a signature's length")
	b.shoot("filtered-light")
	b.do(chromedp.Navigate(b.url+"/?meeting=5b0c4a9e-0000"), chromedp.WaitVisible(chromedp.CSS("#none ul")))
	b.wants(`document.querySelector("#none").textContent.includes("trigger")`, "false")
	b.shoot("nothing-light")

	// Tab reaches a row, and what is focused can be seen.
	b.do(chromedp.Navigate(b.url), chromedp.WaitVisible(chromedp.CSS("#webhooks")))
	for range 40 {
		b.do(chromedp.KeyEvent(kb.Tab))
		if b.says(`document.activeElement.matches("a.open")`) == "true" {
			break
		}
	}
	b.wants(`document.activeElement.matches("a.open:focus-visible")`, "true")

	// Paused, nothing comes; live again, what was missed does.
	count := b.says(rows)
	b.do(chromedp.Click(chromedp.CSS("#pause")))
	b.wants(`document.querySelector("#pause .word")?.textContent`, "paused")
	b.send("dyte", joined("m-3", "Ada"), nil)
	time.Sleep(700 * time.Millisecond)
	b.wants(rows, count)
	b.do(chromedp.Click(chromedp.CSS("#pause")))
	b.wants(`document.querySelector("#webhooks td.meeting")?.textContent`, "m-3")
}

// wide are the elements that reach beyond the right edge, but for what scrolls by itself.
const wide = `[...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > 391 && !e.closest(".chips")).map(e => e.tagName + "." + e.className)`

func TestInspectorDarkAndSmall(t *testing.T) {
	b := newTab(t, "")
	b.sendSamples("Grace Hopper")
	b.do(scheme("dark"), chromedp.Navigate(b.url), chromedp.WaitVisible(chromedp.CSS("#webhooks tbody tr")))
	b.wants(`getComputedStyle(document.documentElement).backgroundColor`, "rgb(15, 18, 23)")
	b.shoot("desktop-dark")
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#webhooks tbody tr").click()`), chromedp.WaitVisible(chromedp.CSS("#detail .sides")))
	b.shoot("detail-dark")
	for _, word := range []string{"light", "dark"} {
		b.do(scheme(word), b.size(390, 844), chromedp.Navigate(b.url), chromedp.WaitVisible(chromedp.CSS("#webhooks tbody tr")))
		// Nothing is wider than the phone, and what is to be touched is not too small.
		b.wants(`document.documentElement.scrollWidth`, "390")
		b.wants(wide, "")
		b.wants(`document.querySelector("#webhooks tbody tr").getBoundingClientRect().height >= 44`, "true")
		b.shoot("phone-" + word)
		b.do(chromedp.Navigate(b.url+"/?meeting=5b0c4a9e-0000"), chromedp.WaitVisible(chromedp.CSS("#none ul")))
		b.wants(wide, "")
		b.shoot("phone-nothing-" + word)
	}
	b.do(chromedp.Navigate(b.url), chromedp.WaitVisible(chromedp.CSS("#webhooks tbody tr")))
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#webhooks tbody tr").click()`), chromedp.WaitVisible(chromedp.CSS("#detail .sides")))
	b.wants(`document.querySelector("#detail").scrollWidth <= 390`, "true")
	b.shoot("phone-detail")
}

// Whatever strangers write is text: nothing runs, nothing is loaded, nothing is laid out by it.
func TestInspectorHostileInBrowser(t *testing.T) {
	b := newTab(t, "")
	b.do(chromedp.Navigate(b.url))
	b.wants(`document.querySelector("#pause .word")?.textContent`, "live")
	for _, w := range inspecttest.Webhooks() {
		if status := b.send(w.Provider, string(w.Body), w.Header); status != http.StatusOK {
			t.Errorf("%s: %d", w.Body, status)
		}
	}
	for _, text := range inspecttest.Texts() {
		b.send("signed", text, map[string]string{"Dyte-Extra": "<img src=x onerror=alert(1)>", "User-Agent": "<script>alert(1)</script>"})
	}
	sent := len(inspecttest.Webhooks()) + len(inspecttest.Texts())
	b.wants(rows, fmt.Sprint(sent))
	clean := `document.querySelectorAll("main script, main style, img, iframe, base, main meta, [onerror], [onload], a[href^=javascript]").length`
	b.wants(clean, "0")
	b.shoot("hostile")
	for number := 1; number <= sent; number += 3 {
		b.do(chromedp.Navigate(fmt.Sprintf("%s/inspector/webhooks/%d", b.url, number)))
		b.wants(clean, "0")
		b.wants(`document.querySelector("article") !== null`, "true")
	}
	b.do(chromedp.Navigate(b.url + "/inspector/deadletters"))
	b.wants(`document.querySelectorAll("#letters tbody tr").length`, fmt.Sprint(len(inspecttest.Texts())))
	b.wants(clean, "0")
	for n := range inspecttest.Texts() {
		b.do(chromedp.Navigate(fmt.Sprintf("%s/inspector/deadletters/%d", b.url, n+1)))
		b.wants(`document.querySelector("article") !== null`, "true")
		b.wants(clean, "0")
	}
}

func TestInspectorDeadLettersInBrowser(t *testing.T) {
	b := newTab(t, "")
	b.letter("one", joined("m-1", "Ada"))
	b.send("signed", `{"no":"event"}`, nil)
	list := `document.querySelectorAll("#letters tbody tr").length`
	b.do(chromedp.Navigate(b.url), chromedp.Click(chromedp.CSS(`nav a[href="/inspector/deadletters"]`)))
	b.wants(list, "2")
	b.shoot("letters")

	// What still is no event stays, and says why.
	b.do(chromedp.Click(chromedp.CSS("#letters tbody tr:first-child a")), chromedp.WaitVisible(chromedp.CSS("#today")))
	b.wants(`document.querySelector("#today").textContent.startsWith("Today it would still be a dead letter")`, "true")
	b.shoot("letter-still")
	b.do(chromedp.Click(chromedp.CSS("#retry:not(.main)")))
	b.wants(`document.querySelector(".failed")?.textContent.includes("names no event")`, "true")
	b.forgive("409")
	b.shoot("letter")
	// What is one is published, and gone from here.
	b.do(chromedp.Navigate(b.url+"/inspector/deadletters/1"), chromedp.Click(chromedp.CSS("button.main")))
	b.wants(list, "1")
	b.wants(`document.querySelector(".note")?.textContent`, "Dead letter 1 was published again, and is no longer here.")
	// Discarding takes two steps, by keyboard too.
	b.do(chromedp.Click(chromedp.CSS("#letters tbody tr:first-child a")), chromedp.Focus(chromedp.CSS("summary")), chromedp.KeyEvent(kb.Enter),
		chromedp.WaitVisible(chromedp.CSS("button.danger")), chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.Enter))
	b.wants(`document.querySelector("#none")?.textContent`, "There are none.")
}

// letter stores a dead letter as an older relay may have: of a body that this one understands.
func (b *tab) letter(delivery, body string) {
	b.t.Helper()
	e := normalize.DeadLetter(&normalize.Webhook{
		Provider: normalize.Dyte, Endpoint: "dyte", Verified: true, Body: []byte(body), Received: time.Now(),
		Header: http.Header{"Dyte-Uuid": {delivery}},
	}, "", normalize.ReasonNoEvent, "an older version did not know it")
	header, data, err := schemas.Envelope{}.Seal(&e.Event)
	if err != nil {
		b.t.Fatal(err)
	}
	to, err := bus.Connect(bus.Options{Server: bus.Server{URL: b.nats.URL()}, Streams: []bus.Stream{
		{Name: "MEETBUS", Subjects: []string{"meeting.ended"}}, {Name: "MEETBUS_DEADLETTER", Subjects: []string{"meetbus.deadletter.dyte"}},
	}})
	if err != nil {
		b.t.Fatal(err)
	}
	defer to.Close()
	if err := to.WaitReady(b.ctx); err != nil {
		b.t.Fatal(err)
	}
	m := bus.Message{Stream: "MEETBUS_DEADLETTER", Subject: "meetbus.deadletter.dyte", ID: e.Source + "#" + e.ID, Header: header, Data: data}
	if _, err := to.Publish(b.ctx, m); err != nil {
		b.t.Fatal(err)
	}
}

// With a token, who looks logs in; another token ends it.
func TestInspectorLoginInBrowser(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("open-sesame"), 0o600); err != nil {
		t.Fatal(err)
	}
	b := newTab(t, ", token_file: "+file)
	logIn := func(token string) {
		b.do(chromedp.WaitVisible(chromedp.CSS("input[name=token]")), chromedp.SendKeys(chromedp.CSS("input[name=token]"), token+kb.Enter))
	}
	defer b.forgive("401") // a browser says so on its console
	b.do(chromedp.Navigate(b.url))
	b.shoot("login")
	logIn("sesame")
	b.wants(`document.querySelector(".failed")?.textContent`, "This is not the token.")
	logIn("open-sesame")
	b.wants(`document.querySelector("#pause .word")?.textContent`, "live")
	b.wants(`document.cookie`, "") // the script cannot read it
	if err := os.WriteFile(file, []byte("open-simsim"), 0o600); err != nil {
		t.Fatal(err)
	}
	b.await("another token", func() bool {
		b.do(chromedp.Navigate(b.url))
		asked, err := b.evaluate(`document.querySelector("input[name=token]") !== null`)
		return err == nil && asked == "true"
	})
	logIn("open-simsim")
	b.wants(`document.querySelector("#pause .word")?.textContent`, "live")
	b.do(chromedp.Click(chromedp.CSS("nav button")))
	b.wants(`document.querySelector("input[name=token]") !== null`, "true")
}
