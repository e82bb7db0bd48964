package embedded

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// TestDamagedStore: a relay that was killed, or a disk that errs, leaves the files of the store in some state. What was acknowledged
// and is not damaged is there; the stream goes on; nothing is passed over in silence.
func TestDamagedStore(t *testing.T) {
	const stored = 50
	for _, c := range []struct {
		name   string
		damage func(t *testing.T, stream string)
		// kept is how many messages must be there at least; warned says that the log must tell.
		kept   int
		warned bool
	}{
		{"nothing", func(*testing.T, string) {}, stored, false},
		{"half a message at the end of the last block", func(t *testing.T, stream string) {
			appendTo(t, lastBlock(t, stream), []byte{0x40, 0, 0, 0, 1, 2, 3, 4, 5})
		}, stored, true},
		{"zeros at the end of the last block, as a file system leaves them", func(t *testing.T, stream string) {
			appendTo(t, lastBlock(t, stream), make([]byte, 4096))
		}, stored, true},
		{"the last message cut", func(t *testing.T, stream string) { cut(t, lastBlock(t, stream), 5) }, stored - 1, true},
		{"no index", func(t *testing.T, stream string) { remove(t, filepath.Join(stream, "msgs", "index.db")) }, stored, false},
		{"an index of zeros", func(t *testing.T, stream string) {
			write(t, filepath.Join(stream, "msgs", "index.db"), make([]byte, 100))
		}, stored, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			first := mustStart(t, options(dir))
			b := connect(t, first)
			for n := range stored {
				publish(t, b, "MEETBUS", "meeting.started", fmt.Sprint(n))
			}
			b.Close()
			first.Stop()
			c.damage(t, filepath.Join(dir, "jetstream", relayAccount, "streams", "MEETBUS"))

			core, log := observer.New(zap.DebugLevel)
			o := options(dir)
			o.Log = zap.New(core)
			b = connect(t, mustStart(t, o))
			state, err := b.State(t.Context(), "MEETBUS")
			if err != nil || int(state.Messages) < c.kept || state.Messages > stored {
				t.Errorf("%d of %d messages are there, want %d: %v", state.Messages, stored, c.kept, err)
			}
			if ack := publish(t, b, "MEETBUS", "meeting.ended", "next"); ack.Sequence <= uint64(c.kept) || ack.Duplicate {
				t.Errorf("the next message is %+v", ack)
			}
			if said := log.Filter(func(e observer.LoggedEntry) bool { return e.Level >= zap.WarnLevel }).Len() > 0; said != c.warned {
				t.Errorf("the log tells: %v, want %v", said, c.warned)
			}
		})
	}
}

func lastBlock(t *testing.T, stream string) string {
	t.Helper()
	blocks, err := filepath.Glob(filepath.Join(stream, "msgs", "*.blk"))
	if err != nil || len(blocks) == 0 {
		t.Fatalf("no blocks in %s: %v", stream, err)
	}
	return blocks[len(blocks)-1]
}

func appendTo(t *testing.T, file string, content []byte) {
	t.Helper()
	f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = f.Write(content)
	}
	if err != nil {
		t.Fatal(err)
	}
	must(t, f.Close())
}

func cut(t *testing.T, file string, n int64) {
	t.Helper()
	info, err := os.Stat(file)
	must(t, err)
	must(t, os.Truncate(file, info.Size()-n))
}

func remove(t *testing.T, file string) { t.Helper(); must(t, os.Remove(file)) }

func write(t *testing.T, file string, content []byte) {
	t.Helper()
	must(t, os.WriteFile(file, content, 0o600))
}

// TestStoreThatCannotBe: where the store cannot be opened, the server does not start, and says which folder and why.
func TestStoreThatCannotBe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	write(t, file, []byte("x"))
	for name, dir := range map[string]string{"a file": file, "below a file": filepath.Join(file, "store")} {
		if s, err := Start(options(dir)); err == nil || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: %v", name, err)
			if s != nil {
				s.Stop()
			}
		}
		if s, err := StartPrivate(dir, 1<<20, zap.NewNop()); err == nil || !strings.Contains(err.Error(), file) {
			t.Errorf("%s, private: %v", name, err)
			if s != nil {
				s.Stop()
			}
		}
	}
}
