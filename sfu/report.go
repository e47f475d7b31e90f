package sfu

import "time"

// leadLimit is how far a sender report's timestamp may be ahead of what the packets say, and how much that may change
// from one report to the next.
const leadLimit = 300 * time.Millisecond

// reportLead sorts out sender reports that cannot be true. A report's timestamp is that of its moment (RFC 3550, section
// 6.4.1), so it is ahead of the packets by as long as encoding and sending take, and by about as much each time.
// GStreamer 1.22 adds the time since its start instead: its reports run away from its packets, and whoever believes them
// places sound and picture ever further in the past. A report that is far ahead counts only when the one before was as
// far; one that is behind was on the way for long, which the clock deals with. The goroutine that reads a track's RTCP
// owns it.
type reportLead struct {
	last time.Duration
	any  bool
}

func (l *reportLead) credible(lead time.Duration) bool {
	steady := l.any && (lead-l.last).Abs() <= leadLimit
	l.last, l.any = lead, true
	return lead <= leadLimit || steady
}

// leadOf is how far a report that came at now is ahead of the packets.
func (u *upTrack) leadOf(ts uint64, now time.Time) time.Duration {
	passed := u.room.server.since(now) - time.Duration(u.arrived.Load())
	return ticksToDuration(int64(ts-u.ticked.Load()), u.source.rate()) - passed
}
