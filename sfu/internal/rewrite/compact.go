package rewrite

// Compact closes the holes that packets without content leave in a source's sequence numbers, so that nobody asks for
// a retransmission of padding. The zero value is ready. One goroutine uses it.
type Compact struct {
	// skips are the numbers of the latest padding packets, oldest first; total counts all there ever were.
	skips   [64]uint64
	kept    int
	total   uint64
	highest uint64
}

// Skip notes that the packet seq has no content. One that is late, after others with higher numbers were passed on,
// leaves its hole: their numbers cannot change any more.
func (c *Compact) Skip(seq uint64) {
	if seq <= c.highest {
		return
	}
	c.highest = seq
	if c.kept == len(c.skips) {
		copy(c.skips[:], c.skips[1:])
		c.kept--
	}
	c.skips[c.kept] = seq
	c.kept++
	c.total++
}

// Map gives the number of a packet with content. It is false for one that is older than all that is remembered.
func (c *Compact) Map(seq uint64) (uint64, bool) {
	c.highest = max(c.highest, seq)
	after := 0
	for after < c.kept && c.skips[c.kept-1-after] > seq {
		after++
	}
	if after == len(c.skips) {
		return 0, false
	}
	return seq - (c.total - uint64(after)), true
}
