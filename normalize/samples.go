package normalize

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"sync"

	"golang.org/x/tools/txtar"
)

// Sample is one real-looking webhook, to try things out with.
type Sample struct {
	Provider Provider
	// Event is the provider's own name of it; Type and Status are ours.
	Event, Type, Status string
	// Body is written as the provider writes it: JSON without blanks. Ids and times in it have the provider's shapes.
	Body []byte
}

//go:embed testdata/*/sample-*.txtar
var sampleFiles embed.FS

var samples = sync.OnceValue(func() []Sample {
	var all []Sample
	for _, p := range Providers() {
		all = append(all, p.samples()...)
	}
	return all
})

// Samples returns one webhook for each event of each provider that has a type in the catalogue, and for each status where
// the body says it: by provider, and then in the order of the catalogue.
func Samples() []Sample {
	all := slices.Clone(samples())
	for i := range all {
		all[i].Body = slices.Clone(all[i].Body)
	}
	return all
}

func (p Provider) samples() []Sample {
	names, err := fs.Glob(sampleFiles, "testdata/"+p.Name+"/sample-*.txtar")
	if err != nil {
		panic(fmt.Sprintf("samples of %s: %v", p.Name, err)) // the pattern is ours
	}
	var all []Sample
	for _, name := range names {
		s, err := p.sample(name)
		if err != nil {
			panic(fmt.Sprintf("sample %s: %v", name, err)) // the files are ours, and part of the binary
		}
		all = append(all, s)
	}
	slices.SortStableFunc(all, func(a, b Sample) int { return slices.Compare(p.place(a), p.place(b)) })
	return all
}

func (p Provider) sample(name string) (Sample, error) {
	file, err := sampleFiles.ReadFile(name)
	if err != nil {
		return Sample{}, err
	}
	body := bytes.TrimSuffix(section(txtar.Parse(file), "body"), []byte{'\n'})
	e, err := Normalize(&Webhook{Provider: p, Body: body})
	if err != nil {
		return Sample{}, err
	}
	return Sample{Provider: p, Event: e.ProviderType, Type: e.Type, Status: e.Status, Body: body}, nil
}

func section(a *txtar.Archive, name string) []byte {
	for _, f := range a.Files {
		if f.Name == name {
			return f.Data
		}
	}
	return nil
}

// lifecycle is the order in which a thing goes through the status words that a body says.
var lifecycle = []string{
	"INVOKED", "RECORDING", "PAUSED", "UPLOADING", "UPLOADED", "STOPPED", "ERRORED", "LIVE", "OFFLINE", "IDLE",
}

// place is where a sample stands among the provider's: by its row in the table, then by its status.
func (p Provider) place(s Sample) []int {
	row, _ := p.events.find(s.Event)
	return []int{row, slices.Index(lifecycle, s.Status)}
}
