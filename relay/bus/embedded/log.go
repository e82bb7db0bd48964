package embedded

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"unicode"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// logger hands the server's log to ours. The server's own would end the process at Fatalf; here, Start returns the error.
type logger struct {
	log *zap.SugaredLogger
	mu  sync.Mutex
	err error
}

func (l *logger) Noticef(format string, v ...any) { l.log.Debugf(format, v...) }
func (l *logger) Debugf(format string, v ...any)  { l.log.Debugf(format, v...) }
func (l *logger) Tracef(format string, v ...any)  { l.log.Debugf(format, v...) }
func (l *logger) Warnf(format string, v ...any)   { l.say(zap.WarnLevel, format, v) }
func (l *logger) Errorf(format string, v ...any)  { l.say(zap.ErrorLevel, format, v) }

// say logs what the server says at its own level, but not what a client has made it say: anybody could fill the disk with that.
func (l *logger) say(level zapcore.Level, format string, v []any) {
	text := fmt.Sprintf(format, v...)
	if strings.Contains(text, "cid:") || strings.Contains(text, "Invalid JetStream request") {
		level = zap.DebugLevel
	}
	l.log.Log(level, strings.Map(visible, text))
}

// visible replaces what could steer the terminal that a log is read on.
func visible(r rune) rune {
	if unicode.IsControl(r) {
		return unicode.ReplacementChar
	}
	return r
}

// Fatalf keeps the error that the server gives, so that callers can ask for its cause.
func (l *logger) Fatalf(format string, v ...any) {
	err := fmt.Errorf(format, v...)
	for _, value := range v {
		if cause, ok := value.(error); ok {
			err = cause
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.err = errors.Join(l.err, err)
}

func (l *logger) fatal() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}
