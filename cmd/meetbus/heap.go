package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// A heap is collected when it reaches heapFloor, in bytes, and one with much in use when it has grown by heapGrowth, in percent. What a
// webhook needs is garbage a millisecond later, and little else is in the heap of a relay: Go, which collects one that has doubled,
// would do little else while it is small, and with 1,000 connections wait until it takes a third more memory than it needs.
const heapFloor, heapGrowth = 32 << 20, 60

// holdCollection has the heap collected so from now on. Whoever sets GOGC knows better.
func holdCollection() {
	if os.Getenv("GOGC") == "" {
		adjustCollection()
	}
}

// adjustCollection sets the growth for the next collection by what this one has left, and is called again after that.
func adjustCollection() {
	read := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/scan/stack:bytes"}, {Name: "/gc/scan/globals:bytes"}}
	metrics.Read(read)
	live := read[0].Value.Uint64()
	growing := max(1, live+read[1].Value.Uint64()+read[2].Value.Uint64()) // what GOGC is a percentage of
	toFloor := 100 * (heapFloor - min(live, heapFloor)) / growing
	debug.SetGCPercent(int(min(max(toFloor, heapGrowth), 1000)))
	runtime.AddCleanup(new(garbage), func(int) { adjustCollection() }, 0)
}

// garbage has a pointer in it: Go puts a small object without one into a block with others, and it is garbage only when they are.
type garbage struct{ _ *byte }
