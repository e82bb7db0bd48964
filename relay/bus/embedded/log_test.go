package embedded

import (
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

// TestLogLevels: what the server says of itself keeps its level; what a client has made it say is for debugging only; and none of it
// steers a terminal.
func TestLogLevels(t *testing.T) {
	core, seen := observer.New(zap.DebugLevel)
	l := &logger{log: zap.New(core).Sugar()}
	l.Errorf("%s - cid:%d - %s", "127.0.0.1:4444", 7, "Publish Violation")
	l.Warnf("Invalid JetStream request '%s'", "$JS.API.\x1b[31m")
	l.Warnf("the disk is \x1b[31m%s\u009b", "slow")
	l.Errorf("the disk is gone")
	for i, want := range []struct {
		level zapcore.Level
		text  string
	}{
		{zap.DebugLevel, "127.0.0.1:4444 - cid:7 - Publish Violation"},
		{zap.DebugLevel, "Invalid JetStream request '$JS.API.\uFFFD[31m'"},
		{zap.WarnLevel, "the disk is \uFFFD[31mslow\uFFFD"},
		{zap.ErrorLevel, "the disk is gone"},
	} {
		if got := seen.All()[i]; got.Level != want.level || got.Message != want.text {
			t.Errorf("%s %q, want %s %q", got.Level, got.Message, want.level, want.text)
		}
	}
}
