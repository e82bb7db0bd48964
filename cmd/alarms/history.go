package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

const (
	// past is how long there was traffic before, of which MeetbusSilent asks for a week and two windows.
	past = 8 * 24 * time.Hour
	// pastStep is the time between two of its samples.
	pastStep = time.Minute
)

// writeHistory puts the past of the relay that will be silent into the store of a Prometheus that has not been started yet, shortened
// as the rules are: two webhooks a minute.
func writeHistory(ctx context.Context, o options, stages []*stage, store string) error {
	i := slices.IndexFunc(stages, func(s *stage) bool { return s.alert == "MeetbusSilent" })
	if i < 0 {
		return nil
	}
	var text bytes.Buffer
	by := time.Duration(o.speed)
	now := time.Now()
	for at := now.Add(-past / by); at.Before(now.Add(-time.Minute)); at = at.Add(max(pastStep/by, time.Second)) {
		taken := 2 * int64(at.Sub(now.Add(-past/by))/(pastStep/by))
		fmt.Fprintf(&text, "meetbus_webhook_duration_seconds_count{job=%q,instance=%q,endpoint=\"dyte\",outcome=\"published\"} %d %d\n",
			stages[i].name(), stages[i].admin, taken, at.Unix())
	}
	text.WriteString("# EOF\n")
	file := filepath.Join(filepath.Dir(store), "history.txt")
	if err := os.WriteFile(file, text.Bytes(), 0o600); err != nil {
		return err
	}
	out, err := exec.CommandContext(ctx, o.promtool, "tsdb", "create-blocks-from", "openmetrics", file, store).CombinedOutput()
	if err != nil {
		return fmt.Errorf("promtool: %w: %s", err, out)
	}
	return nil
}
