package sfu

import (
	"math"
	"sync/atomic"
	"time"

	"github.com/zvonok/zvonok/sfu/internal/speaker"
	"github.com/zvonok/zvonok/sfu/media"
)

// upSource is one of a participant's four sources. It outlives publish transports. The gates and the meter are read
// in the packet path; all else belongs to the room's goroutine.
type upSource struct {
	participant media.ParticipantID
	kind        media.Source
	// open is what the member said last, allowed what the publication permits: both must hold for anything to pass.
	open, allowed atomic.Bool
	meter         *speaker.Meter
	clock         *senderClock

	// published says that a transport with this source exists.
	published bool
	// layers are the received encodings, smallest first; nil where there is none.
	layers [maxLayers]*upTrack
	// codec is that of the latest packets; CodecNone before the first.
	codec media.Codec
	// openedAt orders the shares: the newest one is seen.
	openedAt uint64
	tapped   *tapLine
}

// passes says whether packets may go anywhere.
func (s *upSource) passes() bool { return s.open.Load() && s.allowed.Load() }

// live says whether the source can occupy a slot.
func (s *upSource) live() bool { return s.published && s.passes() }

// rate is the RTP clock in ticks per second.
func (s *upSource) rate() int64 {
	if s.kind.IsVideo() {
		return media.H264.ClockRate()
	}
	return media.Opus.ClockRate()
}

// senderClock is the offset between a publisher's wall clock and ours: the smallest arrival delay of its sender
// reports, one for sound and picture, so that browsers keep lips in sync. Any goroutine may use it.
type senderClock struct {
	offset atomic.Int64 // nanoseconds to add to the publisher's time; unknown before the first report
}

const (
	clockUnknown = math.MinInt64
	// clockDrift lets the offset grow per report, since clocks drift and the route may get longer.
	clockDrift = time.Millisecond
)

func newSenderClock() *senderClock {
	c := &senderClock{}
	c.offset.Store(clockUnknown)
	return c
}

func (c *senderClock) add(sr media.SenderReport) {
	sample := int64(sr.Arrival.Sub(sr.NTP))
	for {
		old := c.offset.Load()
		next := sample
		if old != clockUnknown && sample > old {
			next = min(sample, old+int64(clockDrift))
		}
		if c.offset.CompareAndSwap(old, next) {
			return
		}
	}
}

// toServer turns the publisher's time into ours; false before the first report.
func (c *senderClock) toServer(ntp time.Time) (time.Time, bool) {
	offset := c.offset.Load()
	return ntp.Add(time.Duration(offset)), offset != clockUnknown
}

// capturedAt is when the sample with this timestamp was taken, in our time; false before the first report.
func (u *upTrack) capturedAt(ts uint64) (time.Time, bool) {
	sr := u.report.Load()
	if sr == nil {
		return time.Time{}, false
	}
	rate := u.source.rate()
	return u.source.clock.toServer(sr.NTP.Add(ticksToDuration(int64(ts-sr.TS), rate)))
}

// ticksAt is the timestamp that a sample taken at t (our time) has; false before the first report.
func (u *upTrack) ticksAt(t time.Time) (uint64, bool) {
	sr := u.report.Load()
	if sr == nil {
		return 0, false
	}
	at, ok := u.source.clock.toServer(sr.NTP)
	return sr.TS + uint64(durationToTicks(t.Sub(at), u.source.rate())), ok
}

func ticksToDuration(ticks, rate int64) time.Duration {
	return time.Duration(ticks/rate)*time.Second + time.Duration(ticks%rate)*time.Second/time.Duration(rate)
}

func durationToTicks(d time.Duration, rate int64) int64 {
	return int64(d/time.Second)*rate + int64(d%time.Second)*rate/int64(time.Second)
}
