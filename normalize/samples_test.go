package normalize

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"

	"github.com/meetbus/meetbus/schemas"
)

// Every event of every table has a sample, and nothing else has one.
func TestSamples(t *testing.T) {
	sampled := map[string]bool{}
	for _, s := range Samples() {
		sampled[s.Provider.Name+" "+s.Event] = true
		if !schemas.Known(s.Type) {
			t.Errorf("%s %s: type %s is not in the catalogue", s.Provider.Name, s.Event, s.Type)
		}
		if schemas.HasStatus(s.Type) != (s.Status != "") {
			t.Errorf("%s %s: type %s has status %q", s.Provider.Name, s.Event, s.Type, s.Status)
		}
		if compact := new(bytes.Buffer); json.Compact(compact, s.Body) != nil || !bytes.Equal(compact.Bytes(), s.Body) {
			t.Errorf("%s %s: body is not as a provider writes it", s.Provider.Name, s.Event)
		}
	}
	for _, p := range Providers() {
		for _, row := range p.events {
			if !sampled[p.Name+" "+row.event] {
				t.Errorf("no sample of %s %s", p.Name, row.event)
			}
		}
	}
}

func TestEveryTypeHasASample(t *testing.T) {
	all := Samples()
	for _, c := range schemas.Catalogue() {
		if !slices.ContainsFunc(all, func(s Sample) bool { return s.Type == c.Name }) {
			t.Errorf("no sample of %s", c.Name)
		}
	}
}

// The bodies of Dyte and RealtimeKit say the status: one sample for each word of the documentation.
func TestEveryStatusHasASample(t *testing.T) {
	for _, p := range []Provider{Dyte, RealtimeKit} {
		words := map[string][]string{}
		for _, s := range Samples() {
			if s.Provider.Name == p.Name && s.Status != "" {
				words[s.Type] = append(words[s.Type], s.Status)
			}
		}
		for kind, want := range map[string][]string{
			schemas.TypeRecordingUpdate:  {"INVOKED", "RECORDING", "PAUSED", "UPLOADING", "UPLOADED", "ERRORED"},
			schemas.TypeLivestreamUpdate: {"LIVE", "OFFLINE", "IDLE"},
		} {
			if !slices.Equal(words[kind], want) {
				t.Errorf("%s %s: samples of %q, want %q", p.Name, kind, words[kind], want)
			}
		}
	}
}

// The samples stand in the order of the catalogue, provider by provider.
func TestOrderOfSamples(t *testing.T) {
	catalogue := schemas.Catalogue()
	place := func(s Sample) []int {
		return []int{
			slices.IndexFunc(Providers(), func(p Provider) bool { return p.Name == s.Provider.Name }),
			slices.IndexFunc(catalogue, func(c schemas.Type) bool { return c.Name == s.Type }),
		}
	}
	if !slices.IsSortedFunc(Samples(), func(a, b Sample) int { return slices.Compare(place(a), place(b)) }) {
		t.Error("the samples are not in order")
	}
}

// A caller may change a sample: trigger gives it fresh ids.
func TestSamplesAreTheCallers(t *testing.T) {
	Samples()[0].Body[0] = 'x'
	if Samples()[0].Body[0] != '{' {
		t.Error("a sample has changed for everybody")
	}
}
