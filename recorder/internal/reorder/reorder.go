package reorder

import (
	"time"

	"github.com/zvonok/zvonok/sfu/media"
)

// maxHeld bounds the packets that wait behind a gap: a second of a fast share.
const maxHeld = 2048

// Buffer holds packets back until their predecessors came or were waited for long enough.
type Buffer struct {
	wait    time.Duration
	started bool
	next    uint64
	held    map[uint64]held
	// gapSince is when the oldest held packet came. Measured so, one gap after the other does not add up to a lag.
	gapSince time.Time
	late     uint64
	lost     uint64
}

type held struct {
	p  *media.Packet
	at time.Time
}

// New makes a buffer that waits at most wait for a missing packet: retransmissions arrive late.
func New(wait time.Duration) *Buffer {
	return &Buffer{wait: wait, held: make(map[uint64]held)}
}

// Out receives a packet in order; lost is how many packets are missing just before it.
type Out func(p *media.Packet, lost int)

// Push takes a packet and hands out all that are now in order.
func (b *Buffer) Push(p *media.Packet, now time.Time, out Out) {
	switch {
	case !b.started:
		b.started, b.next = true, p.Seq
	case p.Seq < b.next:
		b.late++
		return
	}
	if _, double := b.held[p.Seq]; double {
		return
	}
	if p.Seq == b.next {
		b.next++
		out(p, 0)
		b.drain(out)
		return
	}
	if len(b.held) == 0 {
		b.gapSince = now
	}
	b.held[p.Seq] = held{p, now}
	if len(b.held) > maxHeld {
		b.skip(out)
	}
}

// Tick gives up waiting for packets that are missing too long.
func (b *Buffer) Tick(now time.Time, out Out) {
	for len(b.held) > 0 && now.Sub(b.gapSince) >= b.wait {
		b.skip(out)
	}
}

// Flush hands out everything that is held; the buffer then begins anew.
func (b *Buffer) Flush(out Out) {
	for len(b.held) > 0 {
		b.skip(out)
	}
	b.started = false
}

// Oldest is since when packets wait behind a gap; false: none do.
func (b *Buffer) Oldest() (time.Time, bool) { return b.gapSince, len(b.held) > 0 }

// Late counts packets that came after they had been given up; Lost those that were given up.
func (b *Buffer) Late() uint64 { return b.late }

// Lost counts the packets that were waited for in vain.
func (b *Buffer) Lost() uint64 { return b.lost }

// skip goes to the first held packet.
func (b *Buffer) skip(out Out) {
	first := ^uint64(0)
	for seq := range b.held {
		first = min(first, seq)
	}
	missing := first - b.next
	b.lost += missing
	p := b.held[first].p
	delete(b.held, first)
	b.next = first + 1
	b.refresh()
	out(p, int(min(missing, 1<<20)))
	b.drain(out)
}

// drain hands out what follows next without a gap.
func (b *Buffer) drain(out Out) {
	moved := false
	for {
		h, ok := b.held[b.next]
		if !ok {
			break
		}
		delete(b.held, b.next)
		b.next++
		moved = true
		out(h.p, 0)
	}
	if moved {
		b.refresh()
	}
}

func (b *Buffer) refresh() {
	first := true
	for _, h := range b.held {
		if first || h.at.Before(b.gapSince) {
			b.gapSince, first = h.at, false
		}
	}
}
