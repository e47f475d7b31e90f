package impair

import "time"

// What is drawn for a packet; each is independent of the others.
const (
	drawLoss = iota
	drawState
	drawBurstLoss
	drawReorder
	drawDuplicate
	drawJitter
)

// draw gives a number in [0, 1) that depends on its arguments only (splitmix64).
func draw(seed, lane, index, purpose uint64) float64 {
	x := seed
	for _, v := range [...]uint64{lane, index, purpose} {
		x += 0x9e3779b97f4a7c15 + v
		x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
		x = (x ^ x>>27) * 0x94d049bb133111eb
		x ^= x >> 31
	}
	return float64(x>>11) / (1 << 53)
}

// dice decides about the packets of one flow in one direction.
type dice struct {
	seed, lane uint64
	index      uint64
	bad        bool
}

// fate is what happens to one packet.
type fate struct {
	lost, twice, late bool
}

// next decides about the next packet.
func (d *dice) next(s *Shape) (f fate) {
	roll := func(purpose uint64) float64 { return draw(d.seed, d.lane, d.index, purpose) }
	if d.bad {
		d.bad = roll(drawState) >= s.Burst.Leave
	} else {
		d.bad = roll(drawState) < s.Burst.Enter
	}
	f.lost = roll(drawLoss) < s.Loss || d.bad && roll(drawBurstLoss) < s.Burst.Lost
	f.late = roll(drawReorder) < s.Reorder
	f.twice = roll(drawDuplicate) < s.Duplicate
	d.index++
	return f
}

// jitterGrid is how far the supports of the jitter's curve lie apart.
const jitterGrid = 100 * time.Millisecond

// swing is the jitter at a moment of the link's life, between -1 and 1: a line between random supports, so that delays
// rise and fall as queues on a path do, instead of tearing each frame's packets apart.
func swing(seed, lane uint64, at time.Duration) float64 {
	support := func(i uint64) float64 { return 2*draw(seed, lane, i, drawJitter) - 1 }
	i := uint64(max(at, 0) / jitterGrid)
	part := float64(max(at, 0)%jitterGrid) / float64(jitterGrid)
	return support(i)*(1-part) + support(i+1)*part
}
