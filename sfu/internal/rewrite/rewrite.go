package rewrite

// Stream is the numbering of one outgoing stream. The zero value begins at sequence number and timestamp 0; use
// [NewStream] for random starts.
type Stream struct {
	lastSeq, lastTS   uint64 // highest given out
	seqShift, tsShift uint64 // added to the source's numbers, modulo 2^64
	firstSeq          uint64 // first packet of the current source; older ones belong to nobody
	started           bool   // anything was ever given out
}

// NewStream begins after the given numbers (RFC 3550, section 5.1 asks for random ones).
func NewStream(seq uint16, ts uint32) Stream {
	return Stream{lastSeq: 1<<16 + uint64(seq), lastTS: 1<<32 + uint64(ts)}
}

// Switch makes the packet (seq, ts) of a new source the next one of the stream. elapsed is how many ticks passed
// since the last packet that was given out; the timestamp advances by it, and by at least one, so that the frames of
// two sources never share a timestamp.
func (s *Stream) Switch(seq, ts, elapsed uint64) {
	if !s.started {
		elapsed = 0
	}
	s.firstSeq = seq
	s.seqShift = s.lastSeq + 1 - seq
	s.tsShift = s.lastTS + max(elapsed, 1) - ts
}

// Map gives the numbers of the current source's packet in the stream. It is false for a packet from before the
// switch.
func (s *Stream) Map(seq, ts uint64) (outSeq, outTS uint64, ok bool) {
	if seq < s.firstSeq {
		return 0, 0, false
	}
	outSeq, outTS = seq+s.seqShift, ts+s.tsShift
	if outSeq > s.lastSeq {
		s.lastSeq = outSeq
	}
	if outTS > s.lastTS {
		s.lastTS = outTS
	}
	s.started = true
	return outSeq, outTS, true
}

// Append gives the numbers of a packet that belongs to no source, ticks after the last one. The current source's
// numbers may not be mapped any more: [Stream.Switch] comes next.
func (s *Stream) Append(ticks uint64) (outSeq, outTS uint64) {
	s.lastSeq++
	s.lastTS += ticks
	return s.lastSeq, s.lastTS
}

// Ticks maps a timestamp of the current source without giving out a packet.
func (s *Stream) Ticks(ts uint64) uint64 { return ts + s.tsShift }

// Near gives the whole of a number that was given out within the last 2^31, of which only the low bits were kept.
func (s *Stream) Near(low uint32) uint64 { return s.lastSeq - uint64(uint32(s.lastSeq)-low) }
