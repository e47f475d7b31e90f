package bwe

import (
	"math"
	"time"
)

const (
	// baseSpan and baseBuckets: the smallest delay of the last 20 s counts as that of an empty queue.
	baseSpan    = 2 * time.Second
	baseBuckets = 10
	// A queue that grows from leapFrom to leapTo within a feedback needs no line laid through it.
	leapFrom = 30 * time.Millisecond
	leapTo   = 80 * time.Millisecond
	leapBy   = 40 * time.Millisecond
	never    = time.Duration(math.MinInt64 / 2)
	unknown  = time.Duration(math.MaxInt64)
)

// queue tells how long packets wait on the way: the smallest delay of the packets of one feedback, which jitter hardly
// touches, above the smallest of the last 20 s.
type queue struct {
	buckets [baseBuckets]time.Duration
	epoch   time.Duration
	started bool
	lowest  time.Duration // of the feedback being read
	latest  time.Duration // of its last two packets
	last    time.Duration
	// previous is the delay one feedback earlier.
	delay, previous time.Duration
	// end is the delay at the feedback's end.
	end time.Duration
}

// packet takes one packet's transit: arrival minus sending, of clocks with any offset.
func (q *queue) packet(sent, transit time.Duration) {
	epoch := sent / baseSpan
	switch {
	case !q.started:
		q.started, q.epoch, q.lowest = true, epoch, unknown
		for i := range q.buckets {
			q.buckets[i] = unknown
		}
	case epoch > q.epoch:
		for e := max(q.epoch+1, epoch-baseBuckets+1); e <= epoch; e++ {
			q.buckets[e%baseBuckets] = unknown
		}
		q.epoch = epoch
	}
	place := &q.buckets[q.epoch%baseBuckets]
	*place = min(*place, transit)
	if q.lowest == unknown {
		q.last = transit
	}
	q.lowest = min(q.lowest, transit)
	q.latest, q.last = min(transit, q.last), transit
}

// leaps says that the delay runs away: the last packets of a feedback waited far longer than its first, or all far longer
// than those of the feedback before. packet is a packet's own time on the path.
func (q *queue) leaps(packet time.Duration) bool {
	if q.delay <= leapFrom+packet {
		return false
	}
	return q.end > leapTo+2*packet && q.end > 2*q.delay || q.delay > q.previous+leapBy+packet
}

// done ends a feedback.
func (q *queue) done() {
	if !q.started || q.lowest == unknown {
		return
	}
	base := unknown
	for _, b := range q.buckets {
		base = min(base, b)
	}
	q.previous = q.delay
	q.delay, q.end = q.lowest-base, q.latest-base
	q.lowest = unknown
}
