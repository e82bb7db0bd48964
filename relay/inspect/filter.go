package inspect

import (
	"net/url"
	"strings"
)

// Filter says which webhooks are asked for. An empty field asks for all.
type Filter struct {
	// Meeting and Type are parts of what they shall be, in any case.
	Meeting, Type string
	Provider      string
	Outcome       Outcome
}

func filterOf(query url.Values) Filter {
	get := func(name string) string { return cut(strings.TrimSpace(query.Get(name))) }
	return Filter{Meeting: get("meeting"), Type: get("type"), Provider: get("provider"), Outcome: Outcome(get("outcome"))}
}

// Query is the filter as the page's address has it.
func (f Filter) Query() string {
	query := url.Values{}
	for name, value := range map[string]string{
		"meeting": f.Meeting, "type": f.Type, "provider": f.Provider, "outcome": string(f.Outcome),
	} {
		if value != "" {
			query.Set(name, value)
		}
	}
	return query.Encode()
}

// More says that more than the meeting is asked for.
func (f Filter) More() bool {
	f.Meeting = ""
	return f != Filter{}
}

func (f Filter) wants(e *Entry) bool {
	return (f.Outcome == "" || f.Outcome == e.Outcome) && (f.Provider == "" || f.Provider == e.Provider) &&
		contains(e.Meeting, f.Meeting) && (contains(e.Type, f.Type) || contains(e.Event, f.Type))
}

func contains(text, part string) bool {
	return part == "" || strings.Contains(strings.ToLower(text), strings.ToLower(part))
}
