package bwe_test

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/zvonok/zvonok/sfu/internal/bwe"
	"github.com/zvonok/zvonok/sfu/media"
)

// step is the grain of the simulation.
const step = 500 * time.Microsecond

// path is a simulated link: a token bucket with a queue, behind it delay and jitter, in front of it loss.
type path struct {
	// rate is the capacity at a moment.
	rate func(time.Duration) media.Bitrate
	// depth is the bucket in bytes, room the queue in bytes; no room at all makes a policer.
	depth, room   int
	delay, jitter time.Duration
	lose          func(*rand.Rand) bool

	rng     *rand.Rand
	tokens  float64
	queue   []*parcel
	queued  int
	flying  []*parcel
	dropped int
}

// parcel is a packet on its way.
type parcel struct {
	to      *flow
	seq     uint16
	size    int
	sent    time.Duration
	arrives time.Duration
	kind    kind
}

type kind uint8

const (
	video kind = iota
	sound
	padding
	cross
)

func iid(p float64) func(*rand.Rand) bool { return func(r *rand.Rand) bool { return r.Float64() < p } }

// gilbert loses in bursts of the given mean length.
func gilbert(p, length float64) func(*rand.Rand) bool {
	bad := false
	leave := 1 / length
	enter := p * leave / (1 - p)
	return func(r *rand.Rand) bool {
		if bad {
			bad = r.Float64() >= leave
		} else {
			bad = r.Float64() < enter
		}
		return bad
	}
}

func (l *path) send(p *parcel) {
	if l.lose != nil && l.lose(l.rng) {
		return
	}
	if l.queued+p.size > max(l.room, 0) && !(len(l.queue) == 0 && l.tokens >= float64(p.size)) {
		l.dropped++
		return
	}
	l.queue = append(l.queue, p)
	l.queued += p.size
}

// run lets the link work for one step and hands over what arrives.
func (l *path) run(now time.Duration) {
	l.tokens += float64(l.rate(now)) * step.Seconds() / 8
	for len(l.queue) > 0 && l.tokens >= float64(l.queue[0].size) {
		p := l.queue[0]
		l.queue = l.queue[1:]
		l.queued -= p.size
		l.tokens -= float64(p.size)
		p.arrives = now + l.delay
		if l.jitter > 0 {
			p.arrives += time.Duration(l.rng.Int64N(int64(l.jitter)))
		}
		l.flying = append(l.flying, p)
	}
	if len(l.queue) == 0 {
		l.tokens = min(l.tokens, float64(max(l.depth, 1500)))
	}
	l.flying = slices.DeleteFunc(l.flying, func(p *parcel) bool {
		if p.arrives > now {
			return false
		}
		if p.to != nil {
			p.to.receive(p)
		}
		return true
	})
}

// waits is how long a packet that comes now would wait.
func (l *path) waits(now time.Duration) time.Duration {
	return time.Duration(float64(l.queued) * 8 / float64(l.rate(now)) * float64(time.Second))
}

// receiver makes the feedback of one flow.
type receiver struct {
	got    map[uint16]time.Duration
	base   uint16
	newest uint16
	any    bool
	every  time.Duration
	next   time.Duration
	offset time.Duration
	back   []pending
	lose   func(*rand.Rand) bool
}

type pending struct {
	at       time.Duration
	arrivals []bwe.Arrival
}

func (r *receiver) receive(p *parcel) {
	if !r.any {
		r.any, r.base, r.newest = true, p.seq, p.seq
	}
	if int16(p.seq-r.base) < 0 {
		r.base = p.seq
	}
	if int16(p.seq-r.newest) > 0 {
		r.newest = p.seq
	}
	// The receiver's clock has another origin, drifts, and is told in quarters of a millisecond.
	at := p.arrives + p.arrives/10_000 + r.offset
	r.got[p.seq] = at / (250 * time.Microsecond) * (250 * time.Microsecond) % bwe.Wrap
}

// report makes a feedback when it is time.
func (r *receiver) report(now, delay time.Duration, rng *rand.Rand) {
	if now < r.next || !r.any || int16(r.newest-r.base) < 0 {
		return
	}
	r.next = now + r.every
	var list []bwe.Arrival
	for s := r.base; s != r.newest+1; s++ {
		at, ok := r.got[s]
		list = append(list, bwe.Arrival{Seq: s, Received: ok, At: at})
	}
	r.base = r.newest + 1
	if r.lose == nil || !r.lose(rng) {
		r.back = append(r.back, pending{now + delay, list})
	}
}
