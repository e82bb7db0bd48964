package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/meetbus/meetbus/normalize"
)

// maxAnswer, in bytes, bounds what is read of an answer.
const maxAnswer = 64 << 10

// answer is what a relay said to a webhook.
type answer struct {
	status int
	// receipt is set where the relay took the webhook.
	receipt *receipt
	// problem says why it did not.
	problem string
}

// receipt is the relay's answer to a webhook that it took.
type receipt struct {
	ID           string `json:"id"`
	Subject      string `json:"subject"`
	Stream       string `json:"stream"`
	Sequence     uint64 `json:"sequence"`
	Duplicate    bool   `json:"duplicate"`
	Queued       bool   `json:"queued"`
	Dropped      bool   `json:"dropped"`
	DeadLettered bool   `json:"deadLettered"`
	Reason       string `json:"reason"`
}

func readAnswer(r *http.Response) (answer, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxAnswer))
	if err != nil {
		return answer{}, fmt.Errorf("read the answer: %w", err)
	}
	a := answer{status: r.StatusCode}
	if r.StatusCode != http.StatusOK {
		a.problem = problemOf(r, body)
		return a, nil
	}
	got := new(receipt)
	if err := json.Unmarshal(body, got); err != nil || got.Subject == "" && !got.Dropped {
		a.problem = "this is not the answer of a meetbus relay"
		return a, nil
	}
	a.receipt = got
	return a, nil
}

// problemOf returns the title and the detail of an RFC 9457 problem, else the first of the body, else the status.
func problemOf(r *http.Response, body []byte) string {
	var p struct{ Title, Detail string }
	if err := json.Unmarshal(body, &p); err == nil && p.Title != "" {
		if p.Detail != "" {
			p.Title += ": " + p.Detail
		}
		return printable(p.Title)
	}
	line, _, _ := bytes.Cut(bytes.TrimSpace(body), []byte{'\n'})
	return cmp.Or(shortened(printable(string(line))), printable(r.Status))
}

func (a answer) taken() bool { return a.receipt != nil }

// line says in one line what became of a sample.
func (a answer) line(s normalize.Sample) string {
	sent := fmt.Sprintf("%d  %s %s", a.status, s.Provider.Name, s.Event)
	if s.Status != "" {
		sent += ":" + s.Status
	}
	if !a.taken() {
		return sent + "  " + a.problem
	}
	r := a.receipt
	if r.Subject != "" {
		sent += "  -> " + printable(r.Subject)
	}
	if r.Stream != "" {
		sent += fmt.Sprintf("  %s:%d", printable(r.Stream), r.Sequence)
	}
	return sent + "  " + r.outcome()
}

// outcome is the word that the relay's own log and metrics have for what became of a webhook.
func (r *receipt) outcome() string {
	switch {
	case r.Dropped:
		return "dropped"
	case r.DeadLettered:
		return "dead_lettered: " + printable(r.Reason)
	case r.Queued:
		return "queued"
	case r.Duplicate:
		return "duplicate"
	case strings.Contains(r.Subject, "meetbus.unmapped."):
		return "unmapped"
	}
	return "published"
}

// advice says what to do about an answer that is not 200; empty where there is nothing to say.
func (a answer) advice(signed bool) string {
	switch {
	case a.status == http.StatusUnauthorized && !signed:
		return ": if the endpoint verifies, sign with --key (" + program() + " keygen makes keys)"
	case a.status == http.StatusUnauthorized:
		return ": the endpoint must have the public key that belongs to --key, as keys.file in the relay's configuration"
	case a.status == http.StatusForbidden:
		return ": the endpoint's accept.organizations or webhook_ids do not name the sample's"
	case a.status == http.StatusNotFound || a.status == http.StatusOK:
		return ": is --url the relay's, and does its configuration have this endpoint?"
	case a.status == http.StatusServiceUnavailable:
		return ": the relay's log says why; meetbus healthcheck does if it is the bus"
	}
	return ""
}
