package clock

import "time"

const (
	// window is how long a least offset is believed: long enough to meet an undelayed report, short enough to follow
	// a drifting clock (50 ppm are 3 ms a minute).
	window = 30 * time.Second
	// stepLimit is how far an offset may be from the estimate before it is a stepped clock rather than a delay.
	stepLimit = 2 * time.Second
)

// least is a minimum over the last one to two windows.
type least struct {
	set       bool
	since     time.Duration
	cur, prev time.Duration
	hasPrev   bool
}

func (l *least) add(v, at time.Duration) {
	switch {
	case !l.set:
		l.set, l.since, l.cur = true, at, v
	case at-l.since >= window:
		l.prev, l.hasPrev = l.cur, true
		l.since, l.cur = at, v
	default:
		l.cur = min(l.cur, v)
	}
}

func (l *least) value() time.Duration {
	if l.hasPrev {
		return min(l.cur, l.prev)
	}
	return l.cur
}

// Sender is what is known of one publisher's wall clock.
type Sender struct {
	// origin keeps durations small: NTP times are taken relative to the first one.
	origin time.Time
	offset least
	// epoch counts the steps of the sender's clock.
	epoch int
}

// report takes a sender report that arrived at the given time and returns the report's place in the sender's time.
func (s *Sender) report(ntp time.Time, arrival time.Duration) time.Duration {
	if s.origin.IsZero() {
		s.origin = ntp.Round(0)
	}
	sent := ntp.Round(0).Sub(s.origin)
	off := arrival - sent
	if d := off - s.offset.value(); s.offset.set && (d < -stepLimit || d > stepLimit) {
		s.offset = least{}
		s.epoch++
	}
	s.offset.add(off, arrival)
	return sent
}

// Line maps one track's RTP time.
type Line struct {
	sender *Sender
	rate   int64

	arrivals least
	// The last report.
	reported    bool
	reportTS    uint64
	reportSent  time.Duration
	reportEpoch int
	reportNTP   time.Time

	// The mapping in use: baseTS is at base.
	mapped bool
	exact  bool
	baseTS uint64
	base   time.Duration
}

// NewLine makes the line of a track of the given sender; rate is in ticks per second.
func NewLine(s *Sender, rate int64) *Line { return &Line{sender: s, rate: rate} }

func (l *Line) ticks(from, to uint64) time.Duration {
	d := int64(to - from)
	// Split so that hours of ticks do not overflow.
	return time.Duration(d/l.rate)*time.Second + time.Duration(d%l.rate)*time.Second/time.Duration(l.rate)
}

// Arrive notes when a packet of timestamp ts arrived.
func (l *Line) Arrive(ts uint64, arrival time.Duration) {
	if !l.mapped {
		l.mapped, l.baseTS, l.base = true, ts, arrival
	}
	l.arrivals.add(arrival-l.ticks(l.baseTS, ts), arrival)
}

// Report notes a sender report: the sender's wall clock showed ntp at ts.
func (l *Line) Report(ts uint64, ntp time.Time, arrival time.Duration) {
	l.reportSent = l.sender.report(ntp, arrival)
	l.reportTS, l.reportNTP, l.reportEpoch, l.reported = ts, ntp, l.sender.epoch, true
}

// Exact says whether the mapping in use came from a sender report; Reported, whether one has arrived.
func (l *Line) Exact() bool { return l.exact }

// Reported says whether a sender report has arrived.
func (l *Line) Reported() bool { return l.reported }

// Anchor gives the last sender report: RTP ticks and the sender's wall clock; false: none yet.
func (l *Line) Anchor() (uint64, time.Time, bool) { return l.reportTS, l.reportNTP, l.reported }

// Resync takes up the best mapping known, from the timestamp ts on, which will not be placed before floor.
func (l *Line) Resync(ts uint64, floor time.Duration) {
	if !l.mapped {
		return
	}
	at := l.Time(ts)
	switch {
	case l.reported && l.reportEpoch == l.sender.epoch:
		at = l.reportSent + l.sender.offset.value() + l.ticks(l.reportTS, ts)
		l.exact = true
	case l.reported:
		// The sender's clock stepped and this track has not been told yet: go on as before.
	default:
		at = l.arrivals.value() + l.ticks(l.baseTS, ts)
	}
	at = max(at, floor)
	// The arrivals are kept relative to the base, which moves.
	shift := l.ticks(l.baseTS, ts)
	l.arrivals.cur += shift
	l.arrivals.prev += shift
	l.baseTS, l.base = ts, at
}

// Time is where ts lies on the recording's time line under the mapping in use.
func (l *Line) Time(ts uint64) time.Duration { return l.base + l.ticks(l.baseTS, ts) }
