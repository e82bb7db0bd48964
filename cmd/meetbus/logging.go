package main

import (
	"fmt"
	"io"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/meetbus/meetbus/config"
)

const (
	// logDelay is how long a line may wait for others, and logBuffer how many bytes wait: a write for each costs a busy relay as much as
	// reading the webhook.
	logDelay  = 100 * time.Millisecond
	logBuffer = 64 << 10
)

// newLog returns a logger that writes to w: for a person if w is a terminal or the format says so, else JSON, a line an entry. The
// caller must call flush at the end.
func newLog(c config.Log, w io.Writer) (log *zap.Logger, flush func(), err error) {
	level, err := zapcore.ParseLevel(c.Level)
	if err != nil {
		return nil, nil, fmt.Errorf("log.level: %w", err)
	}
	encoding := zap.NewProductionEncoderConfig()
	encoding.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	encoder := zapcore.NewJSONEncoder(encoding)
	if c.Format == "console" || c.Format == "auto" && isTerminal(w) {
		encoding.EncodeTime = zapcore.TimeEncoderOfLayout("15:04:05.000")
		encoding.EncodeLevel = zapcore.CapitalLevelEncoder
		encoder = zapcore.NewConsoleEncoder(encoding)
	}
	lines := &zapcore.BufferedWriteSyncer{WS: zapcore.AddSync(w), Size: logBuffer, FlushInterval: logDelay}
	return zap.New(zapcore.NewCore(encoder, lines, level)), func() { _ = lines.Stop() }, nil
}
