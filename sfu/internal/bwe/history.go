package bwe

import "time"

// historySize is how many sent packets can be answered for; a power of two. At 300 packets a second it is 3 s.
const historySize = 1024

// What became of a sent packet.
const (
	unsent = iota
	inFlight
	lost
	arrived
)

// sentPacket is one transport-wide sequence number.
type sentPacket struct {
	at      time.Duration
	seq     uint16
	size    uint16
	cluster uint8
	state   uint8
}

// history is the ring of sent packets. It is allocated by the first.
type history struct{ ring []sentPacket }

func (h *history) add(at time.Duration, seq uint16, size int, cluster uint8) {
	if h.ring == nil {
		h.ring = make([]sentPacket, historySize)
	}
	h.ring[seq%historySize] = sentPacket{at: at, seq: seq, size: uint16(min(size, 1<<16-1)), cluster: cluster, state: inFlight}
}

// get is nil for a number that was not sent, or long ago.
func (h *history) get(seq uint16) *sentPacket {
	if h.ring == nil {
		return nil
	}
	p := &h.ring[seq%historySize]
	if p.state == unsent || p.seq != seq {
		return nil
	}
	return p
}
