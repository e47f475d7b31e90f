package bwe

import (
	"time"

	"github.com/zvonok/zvonok/sfu/media"
)

// Config bounds an estimate.
type Config struct {
	// Start is assumed before anything is known, Min and Max are never passed.
	Start, Min, Max media.Bitrate
	// Seed sets apart the estimators that share a path.
	Seed uint64
}

// Estimator estimates one path. Make it with [New].
type Estimator struct {
	cfg      Config
	sent     history
	gradient gradient
	queue    queue
	acked    acked
	loss     losses
	probe    prober

	target media.Bitrate
	// wish is what the sender would send if it could.
	wish media.Bitrate
	// capacity is what a full path delivered last; 0 for unknown.
	capacity  media.Bitrate
	learnedAt time.Duration
	// usual is the rate that arrives outside probes, over about a second.
	usual media.Bitrate
	// draining: the queue that has built up is let run empty before anything grows again.
	draining bool
	// before is the estimate that a look at the loss's cause interrupted.
	before media.Bitrate

	rtt         time.Duration
	decreasedAt time.Duration
	// overSince is since when the path has been overused without a pause; 0 for not.
	overSince   time.Duration
	updatedAt   time.Duration
	heardAt     time.Duration
	sentAt      time.Duration
	newest      time.Duration // when the newest packet that arrived was sent
	starvedAt   time.Duration
	congestedAt time.Duration
	started     bool
	heard       bool

	clock clock
}

// New makes an estimator that has seen nothing yet.
func New(cfg Config) *Estimator {
	return &Estimator{cfg: cfg, probe: prober{step: probeStep, dice: cfg.Seed*2 + 1}, target: cfg.Start, rtt: 200 * time.Millisecond, congestedAt: never, decreasedAt: never}
}

// clock unwraps the receiver's time.
type clock struct {
	last    time.Duration // as on the wire
	total   time.Duration
	started bool
}

const maxClockLeap = 30 * time.Second

// unwrap says ok = false when the clock jumped: another receiver, or one that restarted.
func (c *clock) unwrap(at time.Duration) (t time.Duration, ok bool) {
	if !c.started {
		// Room below, so that earlier packets that come later stay positive.
		*c = clock{last: at, total: time.Hour, started: true}
		return c.total, true
	}
	d := (at - c.last) % Wrap
	switch {
	case d > Wrap/2:
		d -= Wrap
	case d < -Wrap/2:
		d += Wrap
	}
	if d > maxClockLeap || d < -time.Second {
		c.last, c.total = at, time.Hour
		return c.total, false
	}
	c.last, c.total = at, c.total+d
	return c.total, true
}

// Sent takes note of a packet: its transport-wide sequence number and its size on the wire. All packets count,
// padding and retransmissions too.
func (e *Estimator) Sent(now time.Duration, seq uint16, size int) {
	if !e.started {
		e.started, e.heardAt, e.starvedAt, e.loss.since = true, now, now, now
	}
	e.sentAt = now
	cluster := uint8(0)
	if e.probe.sending {
		cluster = e.probe.id
		e.probe.cluster.sent(now, size)
	}
	e.sent.add(now, seq, size, cluster)
}

// Feedback takes what the receiver says, in the order of sequence numbers, and brings the estimate up to date.
func (e *Estimator) Feedback(now time.Duration, arrivals []Arrival) {
	news := false
	newest := never
	for i := range arrivals {
		a := &arrivals[i]
		p := e.sent.get(a.Seq)
		if p == nil || p.state == arrived || p.at > now {
			continue
		}
		news = true
		if !a.Received {
			if p.state == inFlight {
				p.state = lost
				e.loss.packet(p, true)
				if p.cluster == e.probe.id {
					e.probe.lost(int(p.size))
				}
			}
			continue
		}
		e.arrived(p, a.At)
		newest = max(newest, p.at)
	}
	if !news {
		return
	}
	if newest != never {
		e.heard, e.newest = true, newest
		sample := now - newest
		e.rtt += (sample - e.rtt) / 8
		e.queue.done()
	}
	e.heardAt, e.starvedAt = now, now
	e.control(now)
	e.judgeProbe(now)
	e.updatedAt = now
}

func (e *Estimator) arrived(p *sentPacket, wire time.Duration) {
	at, ok := e.clock.unwrap(wire)
	if !ok {
		e.gradient, e.queue, e.acked = gradient{limit: e.gradient.limit}, queue{}, acked{}
		if e.probe.sending || e.probe.waiting {
			e.probe.fail(p.at)
		}
	}
	if p.state == lost {
		e.loss.found(p)
	} else {
		e.loss.packet(p, false)
		if p.cluster != 0 && p.cluster == e.probe.id {
			e.probe.got(p.at, at, int(p.size))
		}
	}
	p.state = arrived
	e.acked.packet(at, int(p.size))
	e.queue.packet(p.at, at-p.at)
	e.gradient.packet(p.at, at-p.at)
}

// Demand says what the sender would send if nothing limited it; it may be called as often as it changes.
func (e *Estimator) Demand(wish media.Bitrate) { e.wish = min(wish, e.cfg.Max) }

// Target is the rate that may be sent, in bit/s on the wire.
func (e *Estimator) Target() media.Bitrate { return e.target }

// Heard says whether any feedback has come: a path that never tells is not estimated.
func (e *Estimator) Heard() bool { return e.heard }

// Loss is the part of the packets that are lost, of about the last two seconds.
func (e *Estimator) Loss() float64 { return e.loss.fraction }

// Queue is how long packets wait on the way, beyond the shortest delay of the last 20 s.
func (e *Estimator) Queue() time.Duration { return e.queue.delay }

// RTT is the time from sending a packet to hearing of it; the receiver's interval of feedback is part of it.
func (e *Estimator) RTT() time.Duration { return e.rtt }

// Congested says that the path was full within the last second.
func (e *Estimator) Congested(now time.Duration) bool { return now-e.congestedAt < time.Second }
