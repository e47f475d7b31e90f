package bwe

import (
	"time"

	"github.com/zvonok/zvonok/sfu/media"
)

const (
	// smallQueue is what jitter of scheduling makes; standingQueue is too much even when it does not grow; busyQueue
	// means that the path was never idle, so that what arrives is what it carries.
	smallQueue    = 12 * time.Millisecond
	busyQueue     = 50 * time.Millisecond
	standingQueue = 110 * time.Millisecond
	emptyQueue    = 25 * time.Millisecond
	// persists is how long a small queue must last: a keyframe or somebody's probe makes one that goes by itself.
	persists = 180 * time.Millisecond
	// drainSpan is the time in which a queue is to run empty.
	drainSpan = 900 * time.Millisecond
	drainMin  = 0.35
	// deepQueue is nobody's passing burst. Below it an estimate of which less than unused is used falls in steps.
	deepQueue     = 200 * time.Millisecond
	unused        = 0.5
	unusedBackoff = 0.75
	// drained is what is sent of what the path carries once the queue is empty.
	drained = 0.94
	// backoff is what is sent of what a full path carries.
	backoff = 0.85
	// slowly is the growth per second away from a known capacity; near it, a packet per round trip.
	slowly = 0.08
	// margin is by how much the estimate may exceed what is sent without a probe's word.
	margin = 1.25
	// starved is after how long without feedback the estimate falls, and by how much each time.
	starved   = 700 * time.Millisecond
	starvedBy = 0.8
	// learned is how long a measured capacity is believed in against probes that a shaper's bucket might have let pass.
	learned      = 30 * time.Second
	shaperBucket = 4000 // bytes
)

// control is run for each feedback.
func (e *Estimator) control(now time.Duration) {
	if p := &e.probe; !p.sending && !p.waiting && (p.id == 0 || now > p.end+e.rtt+longProbe) {
		e.usual += (e.carried(500*time.Millisecond) - e.usual) / 8
	}
	if e.controlLoss(now) {
		return
	}
	state := e.usage()
	switch {
	case state != overuse && e.queue.delay <= standingQueue+2*e.packetTime() && !e.queue.leaps(e.packetTime()):
		e.overSince = 0
	case e.overSince == 0:
		e.overSince = now
	}
	if e.overSince != 0 {
		e.congestedAt = now
		if e.probe.quiet(now, e.rtt) {
			if e.probe.sending || e.probe.waiting {
				e.probe.fail(now)
			}
			e.temper(now)
			return
		}
		// A small queue may pass, and after a decrease it needs its time to.
		wait := now-e.overSince < persists || now-e.decreasedAt < e.rtt+2*persists
		if e.queue.delay > standingQueue+2*e.packetTime() || e.queue.leaps(e.packetTime()) {
			wait = now-e.decreasedAt < e.rtt+50*time.Millisecond
		}
		if !e.draining && !wait {
			e.decrease(now)
			return
		}
	}
	if e.draining {
		e.drain(now)
		return
	}
	if state == normal && e.queue.delay < busyQueue+e.packetTime() && now-e.decreasedAt > e.rtt {
		e.increase(now)
	}
}

// temper takes back what of the estimate a path that is full for sure does not carry.
func (e *Estimator) temper(now time.Duration) {
	p := &e.probe
	if e.queue.delay <= busyQueue+e.packetTime() || !p.long || e.newest > p.end || e.newest < p.start+e.window() {
		return
	}
	if carried := e.carried(e.window()); carried > 0 && carried < e.target {
		e.learn(now, carried)
		e.set(carried)
	}
}

// packetTime is how long one large packet takes at the present rate: on a slow path a few of them are no congestion.
func (e *Estimator) packetTime() time.Duration {
	return min(time.Duration(8*1200*float64(time.Second)/float64(e.target)), 80*time.Millisecond)
}

// window is over how long the rate of a full path is measured: a few packets' time.
func (e *Estimator) window() time.Duration { return 200*time.Millisecond + 2*e.packetTime() }

// usage is what the gradient says; without a queue nothing is overused.
func (e *Estimator) usage() usage {
	if e.gradient.state == overuse && e.queue.delay <= smallQueue+e.packetTime()/2 {
		return normal
	}
	return e.gradient.state
}

// carried is what the path delivers, with what it always loses added.
func (e *Estimator) carried(window time.Duration) media.Bitrate {
	return media.Bitrate(float64(e.acked.rate(window)) / (1 - min(e.loss.inherent, 0.4)))
}

func (e *Estimator) decrease(now time.Duration) {
	busy := e.queue.delay > busyQueue+e.packetTime()
	window := 500 * time.Millisecond
	if busy {
		window = e.window()
	}
	carried := e.carried(window)
	if carried == 0 {
		carried = e.target
	}
	if !busy && float64(carried) < 0.6*float64(e.target) {
		return // little is sent: what made it wait is not our rate
	}
	e.decreasedAt = now
	if float64(e.usual) < unused*float64(e.target) && e.queue.delay < deepQueue {
		// Not much of the estimate is used: the queue may be somebody else's, and what arrives is what was sent.
		e.set(max(media.Bitrate(unusedBackoff*float64(e.target)), media.Bitrate(backoff*float64(carried))))
		e.probe.broken(now, e.target)
		return
	}
	e.learn(now, min(carried, e.target))
	e.draining = busy
	e.set(min(e.target, e.share(backoff)))
	e.probe.broken(now, e.target)
	if busy {
		e.drain(now)
	}
}

func (e *Estimator) share(part float64) media.Bitrate {
	return media.Bitrate(part * float64(e.capacity))
}

// drain sends as much less than the path carries as the queue needs to run empty.
func (e *Estimator) drain(now time.Duration) {
	if since := now - e.decreasedAt; e.queue.delay > busyQueue && since > 0 {
		// All of the window lies on a full path: what arrives is what it carries.
		if carried := e.carried(min(e.window()+since, 500*time.Millisecond)); carried > 0 {
			e.learn(now, carried)
		}
	}
	if e.queue.delay <= emptyQueue+e.packetTime()/2 {
		e.draining = false
		e.set(max(e.target, e.share(drained)))
		return
	}
	if now-e.decreasedAt > 6*time.Second {
		e.draining = false // the path has become longer, or others fill it
		return
	}
	part := 1 - float64(e.queue.delay)/float64(drainSpan)
	e.set(min(e.target, e.share(min(max(part, drainMin), backoff))))
	e.congestedAt = now
}

func (e *Estimator) increase(now time.Duration) {
	span := min(now-e.updatedAt, 500*time.Millisecond).Seconds()
	if e.updatedAt == 0 {
		span = 0
	}
	t := float64(e.target)
	if e.capacity > 0 && t > 1.25*float64(e.capacity) {
		e.learn(now, 0)
	}
	step := slowly * t * span
	if e.capacity > 0 && t > 0.8*float64(e.capacity) {
		step = min(step, max(8000/(e.rtt.Seconds()+0.1), 4000)*span)
	}
	limit := media.Bitrate(margin*float64(e.usual)) + 10_000
	if grown := min(media.Bitrate(t+step), limit); grown > e.target {
		e.set(grown)
	}
}

func (e *Estimator) set(r media.Bitrate) { e.target = min(max(r, e.cfg.Min), e.cfg.Max) }

// controlLoss follows what the loss says; true while a look at its cause holds the estimate.
func (e *Estimator) controlLoss(now time.Duration) bool {
	canLook := !e.draining && float64(e.target) > 1.3*float64(e.cfg.Min)
	switch e.loss.update(now, canLook) {
	case look:
		e.before = e.target
		if got := e.acked.rate(500 * time.Millisecond); got > 0 {
			e.set(min(e.target, media.Bitrate(testCut*float64(got))))
		}
		e.loss.begin(now)
		if e.probe.sending || e.probe.waiting {
			e.probe.fail(now)
		}
	case congestive:
		e.learn(now, media.Bitrate(float64(e.target)/testCut))
		e.decreasedAt, e.congestedAt = now, now
		e.probe.broken(now, e.target)
	case inherent:
		e.set(max(e.target, e.before))
	case undecided:
	}
	return e.loss.testing
}

// Padding begins a probe when one is due and says how many bytes of padding to send now. Call it every few
// milliseconds, and note what is sent by [Estimator.Sent].
func (e *Estimator) Padding(now time.Duration) int {
	e.starve(now)
	if e.canProbe(now) {
		rate := min(float64(e.wish)*1.05, probeLeap*float64(e.target), float64(e.cfg.Max))
		e.probe.begin(now, media.Bitrate(rate), false, e.queue.delay)
	}
	return e.probe.due(now)
}

// Probing says whether a probe is being sent: [Estimator.Padding] should be called every few milliseconds.
func (e *Estimator) Probing() bool { return e.probe.sending }

func (e *Estimator) canProbe(now time.Duration) bool {
	p := &e.probe
	return e.heard && !p.sending && !p.waiting && now >= p.next && !e.draining && !e.loss.testing &&
		float64(e.wish) > worthwhile*float64(e.target) && e.target < e.cfg.Max &&
		e.queue.delay < busyQueue+e.packetTime() && e.usage() != overuse && now-e.heardAt < starved
}

// starve lowers the estimate while packets are sent and nothing is heard of them: the way there or back is broken.
func (e *Estimator) starve(now time.Duration) {
	if !e.heard || now-e.heardAt < starved+2*e.rtt || now-e.starvedAt < starved || e.sentAt <= e.heardAt {
		return
	}
	e.starvedAt = now
	e.set(media.Bitrate(starvedBy * float64(e.target)))
	if e.probe.sending || e.probe.waiting {
		e.probe.fail(now)
	}
}

// judgeProbe ends a probe that is decided.
func (e *Estimator) judgeProbe(now time.Duration) {
	p := &e.probe
	if (p.sending || p.waiting) && p.long && e.queue.delay > p.queueBefore+leapTo/2 {
		p.fail(now)
		return
	}
	if !p.finished(now, e.rtt) {
		return
	}
	p.waiting = false
	o, ok := p.outcome(e.loss.inherent)
	rate := min(o.sent, o.received, media.Bitrate(1.05*float64(e.wish)), e.cfg.Max)
	if o.unclear {
		rate = min(o.sent, media.Bitrate(1.05*float64(e.wish)), e.cfg.Max)
	}
	switch {
	case !ok || float64(rate) < worthwhile*float64(e.target) || e.draining || e.loss.testing:
		p.fail(now)
	case !p.long:
		through := !o.full
		next := media.Bitrate(p.step * float64(e.target))
		if limit := e.known(now) + e.proof(); limit > e.proof() {
			next = min(limit, media.Bitrate(probeStep*float64(e.target)))
			if rate < limit {
				p.fail(now)
				return
			}
		}
		p.begin(now, min(rate, next), true, e.queue.delay)
		p.through = through
	case o.full:
		e.set(min(max(e.target, media.Bitrate(proven*float64(o.received))), o.received))
		p.fail(now)
	default:
		if known := e.known(now); known > 0 && rate < known+e.proof()*9/10 {
			rate = max(e.target, min(rate, known))
		} else if known > 0 {
			e.learn(now, 0)
			p.step = probeStep
		}
		e.set(rate)
		p.raisedAt, p.raisedTo = now, rate
		p.step = min(1+2*(p.step-1), probeStep)
		p.backoff, p.next = 0, now+probePause
	}
}

// learn notes what a full path delivers; 0 says that this is not known any more.
func (e *Estimator) learn(now time.Duration, r media.Bitrate) { e.capacity, e.learnedAt = r, now }

// known is what a full path delivered not long ago, 0 for unknown.
func (e *Estimator) known(now time.Duration) media.Bitrate {
	if e.capacity > 0 && now-e.learnedAt < learned {
		return e.capacity
	}
	return 0
}

// proof is by how much a long probe must exceed a known capacity: by more than a shaper lets pass at once.
func (e *Estimator) proof() media.Bitrate { return rateOf(shaperBucket, longProbe) }
