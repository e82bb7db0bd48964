package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// source is what a release is made from.
type source struct {
	version, commit string
	date            time.Time // the commit's, UTC: the time of the build is in nothing that is published
}

var semantic = regexp.MustCompile(`^v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?$`)

// readSource reads the commit that is checked out. It fails if files differ from that commit, since nobody could then build the
// same again, and if version is the tag of another one. An empty version is the tag's.
func readSource(ctx context.Context, version string) (source, error) {
	if err := clean(ctx); err != nil {
		return source{}, err
	}
	commit, err := git(ctx, "rev-parse", "HEAD")
	if err != nil {
		return source{}, err
	}
	seconds, err := git(ctx, "show", "-s", "--format=%ct", "HEAD")
	if err != nil {
		return source{}, err
	}
	unix, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return source{}, fmt.Errorf("the date of commit %s: %w", commit, err)
	}
	if version, err = readVersion(ctx, version, commit); err != nil {
		return source{}, err
	}
	return source{version, commit, time.Unix(unix, 0).UTC()}, nil
}

// clean fails if a file of the commit is not there byte for byte, or another one is. What git status is told to overlook counts, by
// settings of the user, marks in the index and translated ends of lines; of files that are ignored, only those of the tree's own
// .gitignore are.
func clean(ctx context.Context) error {
	others, err := git(ctx, "ls-files", "--others", "--exclude-per-directory=.gitignore")
	if err != nil {
		return err
	}
	if others != "" {
		return dirty("?? " + others)
	}
	changed, err := git(ctx, "status", "--porcelain", "--untracked-files=no")
	if err != nil {
		return err
	}
	if changed != "" {
		return dirty(changed)
	}
	return same(ctx)
}

// same compares the hashes of all files with those of the commit.
func same(ctx context.Context) error {
	tree, err := git(ctx, "ls-tree", "-r", "--full-tree", "HEAD") // MODE blob HASH, a tab, and the path
	if err != nil {
		return err
	}
	var paths, hashes []string
	for line := range strings.Lines(tree) {
		entry, path, _ := strings.Cut(strings.TrimSpace(line), "\t")
		paths, hashes = append(paths, path), append(hashes, entry[strings.LastIndexByte(entry, ' ')+1:])
	}
	cmd := exec.CommandContext(ctx, "git", "hash-object", "--no-filters", "--stdin-paths")
	cmd.Stdin = strings.NewReader(strings.Join(paths, "\n"))
	there, err := output(cmd)
	if err != nil {
		return err
	}
	for i, hash := range strings.Fields(there) {
		if hash != hashes[i] {
			return dirty(paths[i])
		}
	}
	return nil
}

// dirty is the error for a tree with these files, one a line.
func dirty(files string) error {
	first, _, more := strings.Cut(files, "\n")
	if more {
		first += " and others"
	}
	return fmt.Errorf("the tree is not what the commit says (%s): commit or remove that first, or release from a fresh clone", first)
}

// readVersion is the version that was asked for, else the tag at the commit.
func readVersion(ctx context.Context, asked, commit string) (string, error) {
	if asked == "" {
		tags, err := git(ctx, "tag", "--points-at", commit, "--list", "v*")
		if err != nil {
			return "", err
		}
		if asked = tags; asked == "" || strings.Contains(asked, "\n") {
			return "", fmt.Errorf("HEAD has not one tag of a version (%q): git tag v1.2.3, or say which with -version", tags)
		}
	}
	if !semantic.MatchString(asked) {
		return "", fmt.Errorf("%q is no version: write v1.2.3 or v1.2.3-rc.1", asked)
	}
	// for-each-ref says nothing, and does not fail, where there is no such tag; *objectname is the commit of an annotated one.
	tagged, err := git(ctx, "for-each-ref", "--format=%(objectname) %(*objectname)", "refs/tags/"+asked)
	if err != nil {
		return "", err
	}
	if tagged != "" && !strings.Contains(tagged, commit) {
		return "", fmt.Errorf("the tag %s is not at HEAD: git switch --detach %s", asked, asked)
	}
	return asked, nil
}

// git runs git, which shows each object as its name says: with git replace, a clone can have others in their place.
func git(ctx context.Context, arguments ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", arguments...)
	cmd.Env = append(os.Environ(), "GIT_NO_REPLACE_OBJECTS=1")
	return output(cmd)
}
