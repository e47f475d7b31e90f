package egress

import "time"

const (
	// Tick is how long a subscriber's budget lasts; what waits goes at the next one.
	Tick = 5 * time.Millisecond
	// offeredSpan is what the rate of a subscriber without a target is measured over.
	offeredSpan = 500 * time.Millisecond
	// budgetPackets may always go within a tick, whatever the target.
	budgetPackets = 10
)

// Budget bounds what one subscriber is sent at once, so that a keyframe does not overrun the queue of a slow link:
// two and a half times the target within a tick, and at least ten packets. The zero value has no target: what it was
// offered of late stands for one.
type Budget struct {
	window  int64 // number of the tick that is counted
	packets int
	bytes   int
	limit   int
	// offered counts bytes since then, until there is a target.
	offered int
	since   time.Duration
	aimed   bool
}

// SetTarget sets the rate that the subscriber is to be sent, in bit/s.
func (b *Budget) SetTarget(bitsPerSecond int) {
	b.aimed = true
	b.limit = limitOf(bitsPerSecond / 8)
}

func limitOf(bytesPerSecond int) int { return bytesPerSecond * int(Tick) / int(time.Second) * 5 / 2 }

// Offer counts n bytes that are to be sent, now or later.
func (b *Budget) Offer(now time.Duration, n int) {
	if b.aimed {
		return
	}
	b.offered += n
	if span := now - b.since; span >= offeredSpan {
		b.limit = limitOf(int(time.Duration(b.offered) * time.Second / span))
		b.offered, b.since = 0, now
	}
}

// Take says whether a packet of n bytes may go now, and counts it if so.
func (b *Budget) Take(now time.Duration, n int) bool {
	b.begin(now)
	if b.packets >= budgetPackets && b.bytes+n > b.limit {
		return false
	}
	b.packets++
	b.bytes += n
	return true
}

// Spend counts a packet that goes in any case.
func (b *Budget) Spend(now time.Duration, n int) {
	b.begin(now)
	b.packets++
	b.bytes += n
}

func (b *Budget) begin(now time.Duration) {
	if w := int64(now / Tick); w != b.window {
		b.window, b.packets, b.bytes = w, 0, 0
	}
}
