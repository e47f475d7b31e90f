package bwe

import (
	"math"
	"time"

	"github.com/zvonok/zvonok/sfu/media"
)

const (
	lossWindow  = 500 * time.Millisecond
	lossPackets = 30
	lossLimit   = 2 * time.Second
	// certainLoss above what is inherent is reason enough to look for its cause, risenLoss is when less was seen at
	// lower rates.
	certainLoss = 0.10
	risenLoss   = 0.05
	// The look: the rate is cut to this part of what arrives until so many packets have told whether the loss falls.
	testCut     = 0.8
	testPackets = 150
	testLimit   = 4 * time.Second
	// testPause is between looks, doubled while they find nothing.
	testPause    = 8 * time.Second
	maxTestPause = 60 * time.Second
	// lossMemory is how long a rate's loss is remembered.
	lossMemory  = 30 * time.Second
	rateBuckets = 24
)

// verdict is what a look at the cause of loss has found.
type verdict uint8

const (
	undecided verdict = iota
	// look: send less for a while.
	look
	// congestive: with less sent, less was lost.
	congestive
	// inherent: the path loses whatever is sent.
	inherent
)

// losses tells congestion's loss from that of radio. Delay tells where a queue is; where there is none (a policer, a
// tiny buffer), only sending less can tell: loss that stays is no congestion.
type losses struct {
	since          time.Duration
	packets, lost  int
	bytes          int
	fraction       float64 // smoothed
	inherent       float64
	suspicions     int
	memory         [rateBuckets]rateLoss
	testing        bool
	from, deadline time.Duration
	before         float64
	tested, missed int
	next, pause    time.Duration
}

// rateLoss is the loss seen around one rate.
type rateLoss struct {
	packets, lost float64
	at            time.Duration
}

func rateBucket(r media.Bitrate) int {
	// Steps of a quarter from 50 kbit/s on.
	i := int(math.Log(float64(max(r, 1))/50e3) / math.Log(1.25))
	return min(max(i, 0), rateBuckets-1)
}

func (l *losses) packet(p *sentPacket, gone bool) {
	l.packets++
	l.bytes += int(p.size)
	counts := l.testing && p.at >= l.from
	if counts {
		l.tested++
	}
	if gone {
		l.lost++
		if counts {
			l.missed++
		}
	}
}

// found takes back a loss: the packet came later.
func (l *losses) found(p *sentPacket) {
	l.lost = max(0, l.lost-1)
	if l.testing && p.at >= l.from {
		l.missed = max(0, l.missed-1)
	}
}

// update closes the window when it is full, and tells what follows.
func (l *losses) update(now time.Duration, canLook bool) verdict {
	if l.packets == 0 {
		l.since = now
		return undecided
	}
	span := now - l.since
	if !(span >= lossWindow && l.packets >= lossPackets || span >= lossLimit) {
		return undecided
	}
	n, seen := float64(l.packets), float64(l.lost)/float64(l.packets)
	rate := rateOf(l.bytes, span)
	l.since, l.packets, l.lost, l.bytes = now, 0, 0, 0
	l.fraction += (seen - l.fraction) * 0.4
	l.remember(now, rate, n, seen*n)
	if l.testing {
		return l.judge(now)
	}
	if seen < l.inherent {
		l.inherent += (seen - l.inherent) * 0.1
	}
	low, known := l.below(now, rate)
	margin := 2 * math.Sqrt(seen*(1-seen)/n)
	suspicious := seen-margin > l.inherent+certainLoss || known && seen-margin > max(low, l.inherent)+risenLoss
	if !suspicious {
		l.suspicions = 0
		return undecided
	}
	l.suspicions++
	if l.suspicions < 2 || now < l.next || !canLook {
		return undecided
	}
	l.suspicions, l.before = 0, max(min(seen, l.fraction), l.fraction*0.8)
	return look
}

// begin starts the look; what is sent from now on counts.
func (l *losses) begin(now time.Duration) {
	l.testing, l.from, l.deadline = true, now+50*time.Millisecond, now+testLimit
	l.tested, l.missed = 0, 0
}

func (l *losses) judge(now time.Duration) verdict {
	if l.tested < testPackets && now < l.deadline {
		return undecided
	}
	l.testing = false
	after := float64(l.missed) / float64(max(l.tested, 1))
	if l.tested >= lossPackets && after <= l.before*0.5 && after <= l.before-0.04 {
		l.pause = testPause
		l.next = now + time.Second
		return congestive
	}
	l.inherent = max(after, l.inherent)
	l.pause = min(max(2*l.pause, testPause), maxTestPause)
	l.next = now + l.pause
	return inherent
}

func (l *losses) remember(now time.Duration, r media.Bitrate, packets, lost float64) {
	m := &l.memory[rateBucket(r)]
	keep := math.Exp2(-(now - m.at).Seconds() / (lossMemory.Seconds() / 2))
	*m = rateLoss{packets: m.packets*keep + packets, lost: m.lost*keep + lost, at: now}
}

// below is the loss that was seen at clearly lower rates.
func (l *losses) below(now time.Duration, r media.Bitrate) (fraction float64, known bool) {
	var packets, lost float64
	for i := range rateBucket(r) - 1 {
		if m := &l.memory[i]; m.packets > 0 && now-m.at < lossMemory {
			packets += m.packets
			lost += m.lost
		}
	}
	return lost / max(packets, 1), packets >= 100
}
