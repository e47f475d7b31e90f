package history

import (
	"sync/atomic"

	"github.com/zvonok/zvonok/sfu/media"
)

// Ring is a fixed number of places for packets, by sequence number.
type Ring struct {
	slots []atomic.Pointer[media.Packet]
	mask  uint64
	// highest is written by the storing goroutine only.
	highest uint64
}

// NewRing makes a ring for at least n packets, rounded up to a power of two.
func NewRing(n int) *Ring {
	size := 1
	for size < n {
		size <<= 1
	}
	return &Ring{slots: make([]atomic.Pointer[media.Packet], size), mask: uint64(size - 1)}
}

// Store keeps p, in the place of the packet that is one ring older. It is false for a packet that is stored already
// (a retransmission of what had arrived after all) or is older than the ring.
func (r *Ring) Store(p *media.Packet) bool {
	if p.Seq+uint64(len(r.slots)) <= r.highest {
		return false
	}
	place := &r.slots[p.Seq&r.mask]
	if old := place.Load(); old != nil && old.Seq >= p.Seq {
		return false
	}
	place.Store(p)
	r.highest = max(r.highest, p.Seq)
	return true
}

// Get returns the packet with this number, nil when it never came or is gone.
func (r *Ring) Get(seq uint64) *media.Packet {
	if p := r.slots[seq&r.mask].Load(); p != nil && p.Seq == seq {
		return p
	}
	return nil
}
