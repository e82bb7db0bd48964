package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"text/tabwriter"
)

// registrationRow is how -o json writes one.
type registrationRow struct {
	// Done is absent in a list.
	Done     string   `json:"done,omitempty"`
	Changed  []string `json:"changed,omitempty"`
	Provider string   `json:"provider"`
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	URL      string   `json:"url"`
	Events   []string `json:"events"`
	Enabled  bool     `json:"enabled"`
}

func (o *registerOptions) row(r registered) registrationRow {
	return registrationRow{Provider: o.provider.Name, ID: r.ID, Name: r.Name, URL: r.URL, Events: r.Events, Enabled: !r.disabled()}
}

// changed names what an update has changed.
func (o outcome) changed() []string {
	if o.Done != "updated" {
		return nil
	}
	var names []string
	add := func(name string, changed bool) {
		if changed {
			names = append(names, name)
		}
	}
	add("url", o.Was.URL != o.Now.URL)
	add("name", o.Was.Name != o.Now.Name)
	add("events", !sameEvents(o.Was.Events, o.Now.Events))
	add("enabled", o.Was.disabled() != o.Now.disabled())
	return names
}

func (o *registerOptions) showOutcome(done outcome) error {
	for _, twin := range done.Twins {
		fmt.Fprintf(o.cmd.ErrOrStderr(), "meetbus: warning: %s is registered for the same URL, so events come twice: meetbus register %s remove %[1]s\n",
			printable(twin.ID), o.provider.Name)
	}
	out := o.cmd.OutOrStdout()
	if o.output == "json" {
		shown := o.row(done.Now)
		shown.Done, shown.Changed = done.Done, done.changed()
		return writeIndented(out, shown)
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%s  %s %s\n", done.Done, o.provider.Name, printable(done.Now.ID))
	o.describe(&text, done)
	if done.Done != "removed" {
		o.advise(&text, done.Now)
	}
	_, err := io.WriteString(out, text.String())
	return err
}

func (o *registerOptions) describe(w io.Writer, done outcome) {
	now, changed := done.Now, done.changed()
	line := func(name, was, is string) {
		if slices.Contains(changed, name) {
			is += "  (was " + was + ")"
		}
		fmt.Fprintf(w, "  %-8s%s\n", name, is)
	}
	line("url", printable(done.Was.URL), printable(now.URL))
	line("name", printable(done.Was.Name), printable(now.Name))
	line("events", inWords(done.Was.Events), inWords(now.Events))
	if slices.Contains(changed, "enabled") || now.disabled() {
		line("enabled", fmt.Sprint(!done.Was.disabled()), fmt.Sprint(!now.disabled()))
	}
}

func inWords(events []string) string {
	if len(events) == 0 {
		return "none"
	}
	return printable(strings.Join(events, ", "))
}

// advise says what belongs in the relay's configuration.
func (o *registerOptions) advise(w io.Writer, now registered) {
	path := pathOf(now.URL)
	fmt.Fprintf(w, "\nin the relay's configuration, at the endpoint that this URL leads to (path: %s):\n  webhook_ids: [%s]\n",
		printable(path), quoted(printable(now.ID)))
	fmt.Fprintf(w, "That compares a header that is not signed: it finds mistakes, and keeps nobody out.\n")
	if !guarded(path) {
		fmt.Fprintf(w, "What %s signed for any other customer is taken, too, until the endpoint has accept: { organizations: [...] },\n"+
			"or a path with a segment of 20 random characters or more.\n", o.provider.Name)
	}
}

// guarded says whether nobody can guess a path: the rule is the configuration's.
func guarded(path string) bool {
	return slices.ContainsFunc(strings.Split(path, "/"), func(segment string) bool { return len(segment) >= 20 })
}

func pathOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Path == "" {
		return "/"
	}
	return u.Path
}

// quoted returns s as a string of YAML, and of JSON.
func quoted(s string) string {
	text, _ := json.Marshal(s) // a string can always be written
	return string(text)
}

func (o *registerOptions) showAll(all []registered) error {
	out := o.cmd.OutOrStdout()
	if o.output == "json" {
		rows := []registrationRow{}
		for _, r := range all {
			rows = append(rows, o.row(r))
		}
		return writeIndented(out, rows)
	}
	if len(all) == 0 {
		if o.api.emptyIsMissing {
			fmt.Fprintf(o.cmd.ErrOrStderr(), "%s answers 404 where nothing is registered, and an app that is not there may look the same\n", o.provider.Name)
		}
		_, err := fmt.Fprintf(out, "nothing is registered with %s\n", o.provider.Name)
		return err
	}
	every, err := subscription(o.provider, nil)
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "ID\tURL\tNAME\tEVENTS")
	for _, r := range all {
		events := inWords(r.Events)
		if sameEvents(r.Events, every) {
			events = fmt.Sprintf("all %d", len(every))
		}
		if r.disabled() {
			events += " (disabled)"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", printable(r.ID), printable(r.URL), printable(r.Name), events)
	}
	return t.Flush()
}

// showRequest shows what would be sent, without the credentials. A credential that is missing stays as {NAME}.
func (o *registerOptions) showRequest(q request) error {
	body, err := q.json()
	if err != nil {
		return err
	}
	scheme, _, _ := strings.Cut(o.registrar.authorization, " ")
	out := o.cmd.OutOrStdout()
	if o.output == "json" {
		return writeIndented(out, map[string]any{"method": q.method, "url": q.url(o.registrar.collection), "body": json.RawMessage(orNull(body))})
	}
	_, err = fmt.Fprintf(out, "%s %s\nAuthorization: %s <secret>\n", q.method, q.url(o.registrar.collection), scheme)
	if err == nil && body != nil {
		_, err = fmt.Fprintf(out, "Content-Type: application/json\n\n%s\n", body)
	}
	fmt.Fprintln(o.cmd.ErrOrStderr(), "nothing was sent")
	return err
}

func orNull(body []byte) []byte {
	if body == nil {
		return []byte("null")
	}
	return body
}

func writeIndented(w io.Writer, value any) error {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(value); err != nil {
		return err
	}
	_, err := w.Write(harmless(text.Bytes()))
	return err
}
