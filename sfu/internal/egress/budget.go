package egress

import "time"

const (
	// Tick is how long a subscriber's budget lasts; what waits goes at the next one.
	Tick = 5 * time.Millisecond
	// budgetPackets may always go within a tick, whatever the target.
	budgetPackets = 10
)

// Budget bounds what one subscriber is sent at once, so that a keyframe does not overrun the queue of a slow link:
// two and a half times the target within a tick, and at least ten packets. The zero value has no target.
type Budget struct {
	window  int64 // number of the tick that is counted
	packets int
	bytes   int
	limit   int
}

// SetTarget sets the rate that the subscriber is to be sent, in bit/s.
func (b *Budget) SetTarget(bitsPerSecond int) {
	b.limit = bitsPerSecond / 8 * int(Tick) / int(time.Second) * 5 / 2
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
