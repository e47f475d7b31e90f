package sfu

import (
	"slices"
	"time"

	"github.com/zvonok/zvonok/sfu/internal/egress"
	"github.com/zvonok/zvonok/sfu/media"
)

const (
	// gatherFanOut is from how many takers on a picture's packets are gathered to a burst, gatherTime for how long at
	// most, gatherMost how many.
	gatherFanOut = 32
	gatherTime   = 2 * time.Millisecond
	gatherMost   = 64
	// evenBy is by how many bytes packets may differ to be evened by padding: a byte costs far less than a message.
	evenBy = 16
	// listenEvery is after how many takers of a picture's burst a shard looks for sound, which must not wait for the rest.
	listenEvery = 32
	// waitMost is how many packets of one subscriber wait for its budget: a second of it.
	waitMost = 2048
)

// parcel is a packet on its way to many: what is sealed for each of them is the same.
type parcel struct {
	packet *media.Packet
	// payload is the packet's own, or a copy with padding bytes behind it (RFC 3550, section 5.1), the last of which says
	// how many they are. It is valid while its burst is sent.
	payload []byte
	padding int
}

// feed is an up track's way to its takers on one shard.
type feed struct {
	up *upTrack
	// downs is replaced, not changed: a switch in the middle of a burst leaves the list that is walked whole.
	downs []*downTrack
	// pending are gathered packets, the first of which came at since; spare is the list that is not being filled.
	pending, spare []*media.Packet
	since          time.Duration
}

// gathers says whether packets wait for the rest of their frame.
func (f *feed) gathers() bool { return len(f.downs) >= gatherFanOut && f.up.source.kind.IsVideo() }

// ripe says whether a gathered burst is to go.
func (f *feed) ripe(now time.Duration) bool {
	n := len(f.pending)
	return f.pending[n-1].Marker || n >= gatherMost || now-f.since >= gatherTime || !f.gathers()
}

// evener makes parcels of a burst's packets: those of nearly equal length get padding, so that the kernel cuts them
// from one message. What it returns is valid until the next call.
type evener struct {
	parcels []parcel
	scratch []byte
}

func (e *evener) even(packets []*media.Packet) []parcel {
	e.parcels, e.scratch = e.parcels[:0], e.scratch[:0]
	for _, p := range packets {
		e.parcels = append(e.parcels, parcel{packet: p, payload: p.Payload})
	}
	if len(packets) < 2 || packets[0].Codec == media.Opus {
		return e.parcels
	}
	// The last packet of a message may be shorter, so that each has to reach the longest of what follows it.
	total, longest := 0, 0
	for i, p := range slices.Backward(e.parcels) {
		n := len(p.payload)
		switch {
		case n >= longest:
			longest = n
		case n+evenBy >= longest && i < len(packets)-1:
			e.parcels[i].padding = longest - n
			total += longest
		default:
			longest = n
		}
	}
	e.scratch = slices.Grow(e.scratch, total)
	for i := range e.parcels {
		if p := &e.parcels[i]; p.padding > 0 {
			from := len(e.scratch)
			e.scratch = append(e.scratch, p.payload...)
			e.scratch = append(e.scratch, make([]byte, p.padding-1)...)
			e.scratch = append(e.scratch, byte(p.padding))
			p.payload = e.scratch[from:]
		}
	}
	return e.parcels
}

// outlet is what a shard keeps of one subscriber: its budget, and the pictures' packets that wait for the next tick.
// Sound never waits.
type outlet struct {
	budget  egress.Budget
	waiting []waiting
	listed  bool // among the shard's
}

// waiting is a packet whose place in the outgoing stream is given already.
type waiting struct {
	down    *downTrack
	up      *upTrack
	packet  *media.Packet
	seq, ts uint64
}

// pass says whether a packet of n bytes may go at once.
func (o *outlet) pass(now time.Duration, n int) bool {
	o.budget.Offer(now, n)
	return len(o.waiting) == 0 && o.budget.Take(now, n)
}

// release sends what the budget allows of what waits, in order; it is true when nothing waits any more.
func (o *outlet) release(now time.Duration) bool {
	n := 0
	for _, w := range o.waiting {
		if !o.budget.Take(now, len(w.packet.Payload)) {
			break
		}
		n++
		if !w.up.source.passes() {
			w.down.shard.room.counters.drop(DropGated) // closed while it waited
			continue
		}
		w.down.deliver(parcel{packet: w.packet, payload: w.packet.Payload}, w.seq, w.ts)
	}
	o.waiting = slices.Delete(o.waiting, 0, n)
	return len(o.waiting) == 0
}

// forget drops what waits for a down track that ends.
func (o *outlet) forget(d *downTrack) {
	o.waiting = slices.DeleteFunc(o.waiting, func(w waiting) bool { return w.down == d })
}
