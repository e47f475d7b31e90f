package recorder

import "time"

// timeline turns server time into the recording's time. Its zero is wall time, so that a recording continues after a
// restart; inside a process it runs on the monotonic clock.
type timeline struct {
	zero   time.Time
	anchor time.Time
	base   time.Duration
}

// newTimeline begins at now, but not before floor: time never goes backwards over a restart, whatever the wall clock did.
func newTimeline(zero, now time.Time, floor time.Duration) timeline {
	return timeline{zero: zero, anchor: now, base: max(now.Round(0).Sub(zero.Round(0)), floor, 0)}
}

func (t timeline) at(now time.Time) time.Duration { return max(0, t.base+now.Sub(t.anchor)) }

// wall is the wall time of a place.
func (t timeline) wall(at time.Duration) time.Time { return t.zero.Add(at).UTC() }

func ticks(d time.Duration, rate int64) int64 {
	return int64(d/time.Second)*rate + int64(d%time.Second)*rate/int64(time.Second)
}

func duration(ticks, rate int64) time.Duration {
	return time.Duration(ticks/rate)*time.Second + time.Duration(ticks%rate)*time.Second/time.Duration(rate)
}
