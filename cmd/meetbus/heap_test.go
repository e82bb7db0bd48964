package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"time"
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

// It is adjusted after each collection, whatever small objects that stay have been made beside.
func TestHeapIsAdjustedEachTime(t *testing.T) {
	before := debug.SetGCPercent(100)
	t.Cleanup(func() { debug.SetGCPercent(before) })
	var stay []*uint64
	for range 10 {
		stay = append(stay, new(uint64))
		adjustCollection()
		stay = append(stay, new(uint64))
		const other = 77
		debug.SetGCPercent(other)
		runtime.GC()
		for end := time.Now().Add(5 * time.Second); debug.SetGCPercent(other) == other; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatal("after a collection, it was not adjusted")
			}
		}
	}
	runtime.KeepAlive(stay)
}
