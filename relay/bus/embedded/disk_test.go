package embedded

import (
	"strings"
	"testing"
)

func TestRoom(t *testing.T) {
	if err := room(t.TempDir()); err != nil {
		t.Errorf("this test wants a disk with room: %v", err)
	}
	if err := room("/proc"); err == nil || !strings.Contains(err.Error(), "is low") {
		t.Errorf("a file system without any room: %v", err)
	}
	if err := room(t.TempDir() + "/nowhere"); err == nil {
		t.Error("a folder that is not there has room")
	}
}
