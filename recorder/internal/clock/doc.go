// Package clock puts RTP timestamps on the recording's time line.
//
// All times here are time.Duration since the recording's start, on the server's monotonic clock, except a sender's own
// wall clock (NTP). RTP time is unwrapped ticks. Its values belong to the goroutine that owns the recording; nothing
// reads a clock. It imports nothing of ours.
//
// A [Sender] estimates one offset between a publisher's wall clock and the recording's time, shared by all tracks of
// that publisher, so that sound and picture keep their distance whatever the network does to either. A [Line] maps one
// track: by sender reports, or until the first one by the least arrival offset. A line changes its mapping only in
// [Line.Resync], at a segment boundary.
package clock
