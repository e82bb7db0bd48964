package config

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	yaml "github.com/goccy/go-yaml"
	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "write what the cases of testdata want")

// A case is a txtar file: config.yml, the files that it names as ${DIR}/…, the environment as lines of KEY=value in env, and
// want. ${DIR} also has what writeCredentials makes.

func TestLoadGood(t *testing.T) {
	eachCase(t, "testdata/good/*.txtar", func(t *testing.T, c Config, err error) string {
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Check(); err != nil {
			t.Errorf("Load took what Check refuses: %v", err)
		}
		text, err := yaml.MarshalWithOptions(c, yaml.IndentSequence(true))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	})
}

func TestLoadBad(t *testing.T) {
	eachCase(t, "testdata/bad/*.txtar", func(t *testing.T, c Config, err error) string {
		if err == nil {
			t.Fatal("took a bad configuration")
		}
		if c.DataDir != "" || c.Endpoints != nil {
			t.Error("an error comes with a configuration")
		}
		wellPlaced(t, err)
		return err.Error() + "\n"
	})
}

// eachCase loads the file of every case, and compares what result makes of that with the case's want.
func eachCase(t *testing.T, glob string, result func(*testing.T, Config, error) string) {
	names, err := filepath.Glob(glob)
	if err != nil || len(names) == 0 {
		t.Fatalf("no cases in %s: %v", glob, err)
	}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			dir, env := unpack(t, archive)
			c, err := Load(filepath.Join(dir, "config.yml"), env)
			got := strings.NewReplacer(dir+"/config.yml", "config.yml", dir, "DIR").Replace(result(t, c, err))
			want := fileOf(archive, "want")
			if *update {
				want.Data = []byte(got)
				if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if got != string(want.Data) {
				t.Errorf("got:\n%s\nwant:\n%s", got, want.Data)
			}
		})
	}
}

func fileOf(archive *txtar.Archive, name string) *txtar.File {
	for i := range archive.Files {
		if archive.Files[i].Name == name {
			return &archive.Files[i]
		}
	}
	archive.Files = append(archive.Files, txtar.File{Name: name})
	return &archive.Files[len(archive.Files)-1]
}

// unpack writes the files of a case into a folder, and returns the folder and the case's environment.
func unpack(t *testing.T, archive *txtar.Archive) (string, func(string) (string, bool)) {
	dir := t.TempDir()
	writeCredentials(t, dir)
	env := map[string]string{"DIR": dir}
	for _, f := range archive.Files {
		if f.Name == "env" {
			for line := range strings.Lines(string(f.Data)) {
				key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
				env[key] = value
			}
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir, lookup(env)
}

func lookup(env map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		value, ok := env[name]
		return value, ok
	}
}

// wellPlaced wants an error to be faults only, each with file, line, column and message, in the order of the file.
func wellPlaced(t *testing.T, err error) []Fault {
	t.Helper()
	all, ok := err.(interface{ Unwrap() []error })
	if !ok {
		t.Fatalf("%T is not joined: %v", err, err)
	}
	var faults []Fault
	last := Fault{Line: 1, Column: 1}
	for _, e := range all.Unwrap() {
		var f Fault
		if !errors.As(e, &f) {
			t.Fatalf("%T is no fault: %v", e, e)
		}
		if f.File == "" || f.Line < 1 || f.Column < 1 || f.Message == "" {
			t.Errorf("fault without its place: %#v", f)
		}
		if f.Line < last.Line || f.Line == last.Line && f.Column < last.Column {
			t.Errorf("%v stands after %v", f, last)
		}
		last = f
		faults = append(faults, f)
	}
	if len(faults) == 0 {
		t.Error("an error without a fault")
	}
	return faults
}

func TestLoadFileThatCannotBeRead(t *testing.T) {
	_, err := Load(filepath.Join(t.TempDir(), "none.yml"), os.LookupEnv)
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}
