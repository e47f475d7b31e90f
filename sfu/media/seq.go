package media

// Seq16 unwraps 16-bit sequence numbers (RFC 3550, section 5.1) into 64 bits. The zero value is ready; the first
// number lands in the second cycle, so that packets older than it still have a number.
type Seq16 struct {
	highest uint64
	started bool
}

// Unwrap gives the 64-bit number that is nearest to the highest seen so far.
func (s *Seq16) Unwrap(seq uint16) uint64 {
	if !s.started {
		s.started = true
		s.highest = 1<<16 + uint64(seq)
		return s.highest
	}
	out := s.highest + uint64(int64(int16(seq-uint16(s.highest))))
	s.highest = max(s.highest, out)
	return out
}

// Ticks32 unwraps 32-bit RTP timestamps into 64 bits, as [Seq16] does for sequence numbers.
type Ticks32 struct {
	highest uint64
	started bool
}

// Unwrap gives the 64-bit timestamp that is nearest to the highest seen so far.
func (t *Ticks32) Unwrap(ts uint32) uint64 {
	if !t.started {
		t.started = true
		t.highest = 1<<32 + uint64(ts)
		return t.highest
	}
	out := NearTicks(t.highest, ts)
	t.highest = max(t.highest, out)
	return out
}

// NearTicks gives the 64-bit timestamp with the low 32 bits ts that is nearest to ref.
func NearTicks(ref uint64, ts uint32) uint64 {
	return ref + uint64(int64(int32(ts-uint32(ref))))
}
