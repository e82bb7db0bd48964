package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// A heap that has less than heapSmall in use is collected when it reaches heapFloor, in bytes. What a webhook needs is garbage a
// millisecond later, and little else is in the heap of a relay: Go, which collects one that has doubled, would do little else.
const heapSmall, heapFloor = 24 << 20, 32 << 20

// holdCollection has a small heap collected at heapFloor, and a larger one when it has doubled. Whoever sets GOGC knows better.
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
	percent := uint64(100)
	if live < heapSmall {
		percent = 100 * (heapFloor - live) / growing
	}
	debug.SetGCPercent(int(min(percent, 1000)))
	runtime.AddCleanup(new(uint64), func(int) { adjustCollection() }, 0)
}
