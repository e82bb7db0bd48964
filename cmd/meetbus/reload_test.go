package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/meetbus/meetbus/config"
	"github.com/meetbus/meetbus/relay"
)

// A change that a signal tells of, too, is taken and said once, and so is one that is refused. Who asks by hand gets an answer.
func TestReloadOnce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("first")
	core, log := observer.New(zap.InfoLevel)
	c := config.Default()
	c.Admin.TokenFile = file
	r := reloader{metrics: relay.NewMetrics(prometheus.NewRegistry()), log: zap.New(core)}
	r.begin(c)
	var err error
	if r.token, err = openToken(file); err != nil {
		t.Fatal(err)
	}
	const watched, byHand = false, true
	const taken, same = "files were read again, and are in force", "files were read again, and nothing has changed"
	const refused = "files were read again, and refused: what was in force before stays"
	for i, step := range []struct {
		text   string
		byHand bool
		want   []string
	}{
		{"first", byHand, []string{same}},
		{"second", watched, []string{taken}},
		{"second", byHand, []string{same}},
		{"third", byHand, []string{taken}},
		{"third", watched, nil},
		{"", byHand, []string{refused}},
		{"", watched, nil},
		{"", byHand, []string{refused}},
		{"third", watched, []string{same}},
	} {
		write(step.text)
		r.reload(t.Context(), step.byHand)
		var said []string
		for _, line := range log.TakeAll() {
			said = append(said, line.Message)
		}
		if len(said) != len(step.want) || len(said) > 0 && said[0] != step.want[0] {
			t.Errorf("step %d said %q, want %q", i, said, step.want)
		}
	}
	if got := r.token.get()(); got != "third" {
		t.Errorf("the token is %q", got)
	}
}
