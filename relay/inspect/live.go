package inspect

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	// watchersMax is how many pages may be open at once.
	watchersMax = 16
	// lookEvery is how often a page is told what has come; plotEvery, after how many looks the drawings are made anew.
	lookEvery = 250 * time.Millisecond
	plotEvery = 4
	// writeMax is how long a browser may take to read what it is told.
	writeMax = 10 * time.Second
)

// live tells a page of the webhooks that come, as Server-Sent Events: rows of the table, and once a second the drawings. It ends when
// the browser leaves, the inspector is closed, or who looks may not any more. The id of an event is the number of the last webhook
// in it, so that a browser that has lost the connection goes on there.
func (i *Inspector) live(w http.ResponseWriter, q *http.Request) {
	select {
	case i.watching <- struct{}{}:
		defer func() { <-i.watching }()
	default:
		w.Header().Set("Retry-After", "10")
		http.Error(w, "too many pages are open", http.StatusServiceUnavailable)
		return
	}
	s := stream{inspector: i, w: w, out: http.NewResponseController(w), filter: filterOf(q.URL.Query())}
	s.after, _ = strconv.ParseUint(q.URL.Query().Get("after"), 10, 64)
	if id, err := strconv.ParseUint(q.Header.Get("Last-Event-ID"), 10, 64); err == nil {
		s.after = id
	}
	// The server's own deadlines are those of one short answer.
	if err := s.out.SetReadDeadline(time.Time{}); err != nil {
		http.Error(w, "this connection cannot stay open", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for look := 0; ; look++ {
		if look%plotEvery == 0 && (!i.admits(q) || s.plots() != nil) || s.rows() != nil {
			return
		}
		select {
		case <-q.Context().Done():
			return
		case <-i.ending:
			return
		case <-tick.C:
		}
	}
}

// stream is one page that is open.
type stream struct {
	inspector *Inspector
	w         http.ResponseWriter
	out       *http.ResponseController
	filter    Filter
	// after is the number of the last webhook that the page was told of.
	after uint64
}

// rows tells what has come since. Of very many at once, the newest.
func (s *stream) rows() error {
	recent := s.inspector.o.Recent
	last := recent.Last()
	if last == s.after {
		return nil
	}
	if last < s.after {
		s.after = 0 // the relay has started anew
	}
	found := recent.After(s.after, s.filter.wants, rowsMax)
	if len(found) > 0 {
		last = max(last, found[0].Number)
	}
	s.after = last
	if len(found) == 0 {
		return nil
	}
	return s.send("rows", "rows", rowsOf(found))
}

func (s *stream) plots() error {
	minutes := s.inspector.o.Recent.minutes(time.Now())
	held, _ := s.inspector.o.Recent.holds()
	return s.send("plots", "live", page{Plots: plotsOf(minutes[:]), Outcomes: choices(s.filter, held)})
}

// send writes one event: a piece of the page.
func (s *stream) send(event, template string, piece any) error {
	var html bytes.Buffer
	if err := templates.ExecuteTemplate(&html, template, piece); err != nil {
		return err
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "event: %s\nid: %d\n", event, s.after)
	for line := range strings.Lines(strings.ReplaceAll(html.String(), "\r", " ")) {
		if line = strings.TrimSpace(line); line != "" {
			fmt.Fprintf(&b, "data: %s\n", line)
		}
	}
	b.WriteByte('\n')
	if err := s.out.SetWriteDeadline(time.Now().Add(writeMax)); err != nil {
		return err
	}
	if _, err := s.w.Write(b.Bytes()); err != nil {
		return err
	}
	return s.out.Flush()
}
