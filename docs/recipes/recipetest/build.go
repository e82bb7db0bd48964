package recipetest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// The programs of this repository that recipes are tested with, as Build wants them.
const (
	Meetbus    = "./cmd/meetbus"
	NATSServer = "github.com/nats-io/nats-server/v2"
)

// root is this repository, seen from the folder of a recipe. It has the programs' dependencies in its go.mod.
const root = "../../.."

// built are the programs that this process has built.
var built struct {
	sync.Mutex
	dir   string
	names map[string]string
}

// Main runs the tests of a package that calls Build, and removes what was built. It returns the exit code.
func Main(m *testing.M) int {
	dir, err := os.MkdirTemp("", "recipes")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	built.dir, built.names = dir, map[string]string{}
	return m.Run()
}

// Build builds a program of this repository, if it has not yet, and returns where it is.
func Build(t testing.TB, of string) string { return build(t, root, of) }

// BuildRecipe builds the recipe whose test this is.
func BuildRecipe(t testing.TB) string { return build(t, ".", ".") }

func build(t testing.TB, in, of string) string {
	t.Helper()
	built.Lock()
	defer built.Unlock()
	if name, is := built.names[of]; is {
		return name
	}
	name := filepath.Join(built.dir, fmt.Sprint("program", len(built.names)))
	command := exec.Command("go", "build", "-o", name, of)
	command.Dir = in
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", of, err, bytes.TrimSpace(out))
	}
	built.names[of] = name
	return name
}
