package inspect

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// rowsMax is how many webhooks the page begins with, and how many come to it at once.
const rowsMax = 200

// page is the table of webhooks, and what is around it.
type page struct {
	Rows []row
	// Last is the number of the newest webhook that was looked at.
	Last     uint64
	Filter   Filter
	Outcomes []choice
	// Providers and Types can be chosen.
	Providers, Types []string
	Plots            plots
	None             none
}

// none is what there is to say where no row fits.
type none struct {
	// Taken, DeadLettered and Refused are how many are remembered of each; Since when the oldest that was taken came.
	Taken, DeadLettered, Refused uint32
	Since                        string
	// Letters says that there is a page of dead letters.
	Letters bool
}

// choice is an outcome that the table can be narrowed to, and how many of it are remembered.
type choice struct {
	Outcome Outcome
	Label   string
	Count   uint32
	Chosen  bool
}

// row is an entry as the table has it.
type row struct {
	Entry
	Label         string
	Clock, Exact  string
	Milliseconds  string
	ProviderEvent string
	// Where it is: its subject, or why it is nowhere.
	Where string
}

// table answers with the page.
func (i *Inspector) table(w http.ResponseWriter, q *http.Request) {
	f := filterOf(q.URL.Query())
	i.render(w, http.StatusOK, "webhooks", i.view(q, "Webhooks", i.page(f)))
}

func (i *Inspector) page(f Filter) page {
	minutes := i.o.Recent.minutes(time.Now())
	held, since := i.o.Recent.holds()
	p := page{
		Filter: f, Last: i.o.Recent.Last(), Providers: i.o.Providers, Types: i.o.Types,
		Plots: plotsOf(minutes[:]), Outcomes: choices(f, held),
		None: none{DeadLettered: held[DeadLettered.place()], Refused: held[Rejected.place()] + held[Unavailable.place()], Letters: i.o.Letters != nil},
	}
	p.None.Taken = p.Outcomes[0].Count - p.None.Refused
	if !since.IsZero() {
		p.None.Since = since.UTC().Format("2006-01-02 15:04:05")
	}
	p.Rows = rowsOf(i.o.Recent.After(0, f.wants, rowsMax))
	return p
}

func choices(f Filter, held tally) []choice {
	list := []choice{{Label: "all", Chosen: f.Outcome == ""}}
	for at, o := range outcomes {
		list[0].Count += held[at]
		list = append(list, choice{Outcome: o, Label: labelOf(o), Chosen: f.Outcome == o, Count: held[at]})
	}
	return list
}

func labelOf(o Outcome) string { return strings.ReplaceAll(string(o), "_", " ") }

func rowsOf(entries []Entry) []row {
	rows := make([]row, 0, len(entries))
	for i := range entries {
		rows = append(rows, rowOf(&entries[i]))
	}
	return rows
}

func rowOf(e *Entry) row {
	r := row{Entry: *e, Label: labelOf(e.Outcome), Milliseconds: took(e.Took)}
	for _, text := range r.strangers() {
		*text = shown(*text)
	}
	at := e.Time.UTC()
	r.Clock, r.Exact = at.Format("15:04:05.000"), at.Format("2006-01-02T15:04:05.000Z")
	r.ProviderEvent = r.Event
	r.Where = r.Subject
	if r.Why != "" && r.Outcome.isRefused() || r.Where == "" {
		r.Where = r.Why
	}
	switch r.Outcome {
	case Dropped:
		r.Where = r.Rule
	case DeadLettered:
		r.Where = r.Why + ": " + r.Subject
	}
	return r
}

// took is a latency for people to read.
func took(d time.Duration) string {
	ms := float64(d.Microseconds()) / 1000
	switch {
	case ms < 10:
		return fmt.Sprintf("%.2f ms", ms)
	case ms < 1000:
		return fmt.Sprintf("%.0f ms", ms)
	}
	return fmt.Sprintf("%.2f s", ms/1000)
}
