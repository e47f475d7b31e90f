package tally

import (
	"sync/atomic"
	"time"
)

// Durations counts durations by the bucket that they fall into. Make one with [New].
type Durations struct {
	bounds []float64
	counts []atomic.Uint64 // one more than bounds
	micros atomic.Uint64
}

// Reading is what a [Durations] has counted.
type Reading struct {
	// Bounds are the buckets' upper ends in seconds, UpTo how many durations were at most as long.
	Bounds []float64
	UpTo   []uint64
	// Count is of all, Sum their seconds.
	Count uint64
	Sum   float64
}

// New makes an empty one with the buckets' upper ends, in seconds, ascending.
func New(bounds ...float64) *Durations {
	return &Durations{bounds: bounds, counts: make([]atomic.Uint64, len(bounds)+1)}
}

// Count counts one; less than nothing counts as nothing.
func (d *Durations) Count(took time.Duration) {
	took = max(took, 0)
	i := 0
	for i < len(d.bounds) && took.Seconds() > d.bounds[i] {
		i++
	}
	d.counts[i].Add(1)
	d.micros.Add(uint64(took.Microseconds()))
}

// Read gives what was counted so far.
func (d *Durations) Read() Reading {
	r := Reading{Bounds: d.bounds, UpTo: make([]uint64, len(d.bounds)), Sum: float64(d.micros.Load()) / 1e6}
	for i := range d.counts {
		r.Count += d.counts[i].Load()
		if i < len(r.UpTo) {
			r.UpTo[i] = r.Count
		}
	}
	return r
}
