package bwe

import (
	"math"
	"time"

	"github.com/zvonok/zvonok/sfu/media"
)

const (
	// A probe sends at a higher rate for a moment, padding filling up what the media leave. The short one is cheap and
	// asks whether the path is faster at all; the long one confirms it before anything is built on the answer, since
	// shapers let a short burst through.
	shortProbe      = 25 * time.Millisecond
	longProbe       = 220 * time.Millisecond
	minProbePackets = 5
	minProbeSpan    = 10 * time.Millisecond
	// probeGrace is how long after the round trip a probe's last packets are waited for.
	probeGrace = 350 * time.Millisecond
	// probeLeap bounds one probe by the estimate.
	probeLeap = 3.0
	// probeStep bounds a long probe: where the estimate is all that the path carries, it makes a queue of its own
	// length. After one that failed the next takes a smallStep.
	probeStep = 2.0
	smallStep = 1.15
	// clean is the part of the sent rate that must arrive for the path to count as not filled.
	clean = 0.92
	// proven is what is made of the rate that a filled path delivered: others may have shared it for that moment.
	proven = 0.85
	// worthwhile is by how much a probe must exceed the estimate to raise it.
	worthwhile = 1.05
	// growth is the queue that a long probe may leave behind.
	growth = 14 * time.Millisecond
	// certainty is how many standard errors of the slope are doubted, unclearRise where a short probe tells nothing.
	certainty   = 2.0
	unclearRise = 6.0 // ms
	// After success the next probe may follow at once, after failure ever later; after a raise that did not hold, later
	// still.
	probePause    = 150 * time.Millisecond
	firstBackoff  = time.Second
	failedBackoff = 2500 * time.Millisecond
	deceived      = 4 * time.Second
	// holds is how long a raise must stand to count.
	holds = 3 * time.Second
)

// cluster is one probe, being sent or waited for.
type cluster struct {
	id          uint8
	rate        media.Bitrate
	long        bool
	sending     bool
	waiting     bool
	start, end  time.Duration
	packets     int
	bytes       int
	lastSize    int
	firstSent   time.Duration
	lastSent    time.Duration
	queueBefore time.Duration

	reported      int
	reportedBytes int
	arrived       int
	arrivedBytes  int
	line          line
}

// line is a least-squares line through the transits of a probe's packets, in milliseconds.
type line struct{ n, x0, y0, x, y, xx, xy, yy float64 }

func (l *line) add(sent, transit time.Duration) {
	if l.n == 0 {
		l.x0, l.y0 = ms(sent), ms(transit)
	}
	x, y := ms(sent)-l.x0, ms(transit)-l.y0
	l.n++
	l.x += x
	l.y += y
	l.xx += x * x
	l.xy += x * y
	l.yy += y * y
}

// slope is how fast the transit grows, and how far jitter may have led that astray.
func (l *line) slope() (slope, doubt float64) {
	spread := l.xx - l.x*l.x/l.n
	if l.n < minProbePackets-1 || spread <= 0 {
		return 0, 0
	}
	slope = (l.xy - l.x*l.y/l.n) / spread
	rest := l.yy - l.y*l.y/l.n - slope*slope*spread
	return slope, math.Sqrt(max(rest, 0) / (l.n - 2) / spread)
}

func (c *cluster) sent(now time.Duration, size int) {
	if c.packets == 0 {
		c.firstSent = now
	}
	c.lastSent = now
	c.packets++
	c.bytes += size
	c.lastSize = size
}

func (c *cluster) lost(size int) {
	c.reported++
	c.reportedBytes += size
}

func (c *cluster) got(sent, at time.Duration, size int) {
	c.reported++
	c.reportedBytes += size
	c.line.add(sent, at-sent)
	c.arrived++
	c.arrivedBytes += size
}

// outcome is what a probe has shown.
type outcome struct {
	// sent and received are rates; full says that the path was filled, unclear that jitter hides it.
	sent, received media.Bitrate
	full, unclear  bool
}

// outcome is ok = false when too little came to tell. Loss that the path always has is not held against it.
func (c *cluster) outcome(inherent float64) (o outcome, ok bool) {
	out := c.lastSent - c.firstSent
	if c.arrived < minProbePackets-1 || c.arrived*2 < c.reported || out < minProbeSpan {
		return o, false
	}
	slope, doubt := c.line.slope()
	// Packets that came as fast as they were sent have the same transit; a slope of one halves the rate.
	delivered := min(1, float64(c.arrivedBytes)/float64(c.reportedBytes)/(1-inherent-0.1))
	o.sent = rateOf(c.bytes-c.lastSize, out)
	o.received = media.Bitrate(float64(o.sent) / (1 + max(slope, 0)) * delivered)
	rise, unsure := slope*ms(out), certainty*doubt*ms(out)
	o.unclear = unsure > unclearRise
	if c.long {
		o.full = rise > ms(growth)+unsure || delivered < clean
	} else {
		o.full = !o.unclear && 1+slope > 1/clean || delivered < clean
	}
	return o, true
}

// prober decides when to probe and what a probe means.
type prober struct {
	cluster
	next    time.Duration
	backoff time.Duration
	// step is how far a long probe goes beyond the estimate.
	step float64
	// through says that the short probe came through: when the long one does not, short ones are not to be trusted.
	through bool
	dice    uint64
	// raised is when a probe raised the estimate last, and to what; deceived counts raises that did not hold.
	raisedAt time.Duration
	raisedTo media.Bitrate
}

func (p *prober) begin(now time.Duration, rate media.Bitrate, long bool, queue time.Duration) {
	id := p.id + 1
	if id == 0 {
		id = 1
	}
	span := shortProbe
	if long {
		span = longProbe
	}
	p.cluster = cluster{id: id, rate: rate, long: long, sending: true, start: now, end: now + span, queueBefore: queue}
}

// due is how many bytes of padding the probe wants now; it ends the sending when its time is over.
func (p *prober) due(now time.Duration) int {
	if !p.sending {
		return 0
	}
	if now >= p.end && (p.packets >= minProbePackets || now >= p.end+shortProbe) {
		p.sending, p.waiting = false, true
		return 0
	}
	return max(0, bytesIn(p.rate, min(now, p.end)-p.start+burst)-p.bytes)
}

func (p *prober) fail(now time.Duration) {
	p.sending, p.waiting = false, false
	if p.long && p.through {
		p.step = smallStep
	}
	p.backoff = min(max(2*p.backoff, firstBackoff), failedBackoff)
	p.next = now + p.scatter(p.backoff)
}

// scatter varies a pause by a quarter, so that two who share a path do not probe in step for ever (xorshift).
func (p *prober) scatter(d time.Duration) time.Duration {
	p.dice ^= p.dice << 13
	p.dice ^= p.dice >> 7
	p.dice ^= p.dice << 17
	return d - d/4 + time.Duration(p.dice%1024)*d/2048
}

// quiet says that the queue seen now may be the probe's own; it is over soon.
func (p *prober) quiet(now, rtt time.Duration) bool {
	return p.id != 0 && p.long && now < p.end+rtt+longProbe
}

// broken is told that the path could not carry what was sent.
func (p *prober) broken(now time.Duration, target media.Bitrate) {
	if p.sending || p.waiting {
		p.fail(now)
	}
	if p.raisedTo > 0 && now-p.raisedAt < holds && float64(target) < 0.75*float64(p.raisedTo) {
		p.next = now + p.scatter(deceived)
		p.backoff = failedBackoff
	}
	p.raisedTo = 0
	p.next = max(p.next, now+firstBackoff)
}

// finished says whether all that can be known of the probe is known.
func (p *prober) finished(now, rtt time.Duration) bool {
	return p.waiting && (p.reported >= p.packets || now > p.end+rtt+probeGrace)
}
