package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
)

// A heap with little in use may grow to heapFloor, also after a collection that found more; one with much in use by heapGrowth.
func TestHeapIsCollectedAtItsFloor(t *testing.T) {
	t.Setenv("GOGC", "")
	before := debug.SetGCPercent(100)
	t.Cleanup(func() { debug.SetGCPercent(before) })
	goal := func() uint64 {
		read := []metrics.Sample{{Name: "/gc/heap/goal:bytes"}}
		metrics.Read(read)
		return read[0].Value.Uint64()
	}
	runtime.GC()
	holdCollection()
	if got := goal(); got < heapFloor*9/10 || got > 2*heapFloor {
		t.Errorf("the heap is collected at %d bytes, want about %d", got, heapFloor)
	}
	large := make([]byte, 2*heapFloor)
	runtime.GC()
	adjustCollection()
	if got, want := goal(), uint64(len(large))*(100+heapGrowth)/100; got < want || got > want*5/4 {
		t.Errorf("with %d bytes in use, the heap is collected at %d, want about %d", len(large), got, want)
	}
	runtime.KeepAlive(large)
}
