package sfu

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zvonok/zvonok/sfu/internal/bwe"
	"github.com/zvonok/zvonok/sfu/internal/egress"
	"github.com/zvonok/zvonok/sfu/media"
)

const (
	// startEstimate is assumed until a path has shown that it carries less, or more: everybody's picture comes at once
	// over an ordinary line, and a narrow one is noticed within the first second's packets;
	// minEstimate is what a voice needs, maxEstimate more than anybody is sent.
	startEstimate media.Bitrate = 2_500_000
	minEstimate   media.Bitrate = 60_000
	maxEstimate   media.Bitrate = 12_000_000
	// underRTP is what IP and UDP add to a datagram.
	underRTP = 28
	// padSize is the padding of a probe's packet: as much as one can have (RFC 3550, section 5.1).
	padSize = 255
)

// padBytes is a whole payload of padding.
var padBytes = func() (b [padSize]byte) {
	b[padSize-1] = padSize
	return b
}()

// Downlink is what is known of a subscriber's path.
type Downlink struct {
	// Known is false while the client has sent no transport-wide feedback: nothing is estimated then, nothing limited.
	Known bool
	// Estimate is what the path carries, Wish what would be sent over it if it carried everything; on the wire.
	Estimate, Wish media.Bitrate
	// Loss is the part of the packets that get lost, Queue how long they wait on the way, RTT how long until the client's
	// word of them comes back.
	Loss       float64
	Queue, RTT time.Duration
	// Congested: the path was full within the last second.
	Congested bool
}

// path estimates what one subscriber can be sent. The shard owns it; the room reads what is atomic, and sets the wish.
type path struct {
	link      *ownDownlink
	estimator *bwe.Estimator
	outlet    *outlet
	// pads is the slot whose retransmission stream carries padding, as codec; nil when there is none.
	pads    *slotTrack
	codec   media.Codec
	probing bool // among the shard's
	// ask hands feedback to the shard; it is set before the transport listens.
	ask func(feedback)

	known, congested     atomic.Bool
	target, wish         atomic.Int64
	loss                 atomic.Uint32 // in millionths
	queueDelay, feedback atomic.Int64
}

func newPath(l *ownDownlink) *path {
	p := &path{link: l, estimator: bwe.New(bwe.Config{Start: startEstimate, Min: minEstimate, Max: maxEstimate, Seed: rand.Uint64()})}
	for _, t := range l.tracks {
		for _, c := range videoCodecs {
			if p.pads == nil && t.line.RTX[c.codec] != 0 && t.line.TransportID != 0 {
				p.pads, p.codec = t, c.codec
			}
		}
	}
	p.target.Store(int64(startEstimate))
	return p
}

// state is safe from any goroutine.
func (p *path) state() Downlink {
	return Downlink{
		Known: p.known.Load(), Estimate: media.Bitrate(p.target.Load()), Wish: media.Bitrate(p.wish.Load()),
		Loss: float64(p.loss.Load()) / 1e6, Queue: time.Duration(p.queueDelay.Load()), RTT: time.Duration(p.feedback.Load()),
		Congested: p.congested.Load(),
	}
}

// wideFeedback is transport-wide feedback on its way to a shard.
type wideFeedback struct {
	path     *path
	arrivals []bwe.Arrival
}

var wideFeedbacks = sync.Pool{New: func() any { return &wideFeedback{arrivals: make([]bwe.Arrival, 0, 64)} }}

// hear takes a packet of feedback on the transport's goroutine; it is false when it cannot be read.
func (p *path) hear(packet []byte) bool {
	w, _ := wideFeedbacks.Get().(*wideFeedback)
	arrivals, err := bwe.Parse(packet, w.arrivals[:0])
	w.arrivals = arrivals
	if err != nil {
		wideFeedbacks.Put(w)
		return false
	}
	w.path = p
	p.ask(feedback{wide: w})
	return true
}

// watch begins to estimate, unwatch ends it; both run on the shard.
func (s *shard) watch(p *path) {
	if p == nil {
		return
	}
	s.paths[p] = struct{}{}
	p.link.sent = func(now time.Duration, number uint16, size int) { p.estimator.Sent(now, number, size+underRTP) }
}

func (s *shard) unwatch(p *path) {
	if p == nil {
		return
	}
	delete(s.paths, p)
	p.link.sent = nil
}

// learn takes what a subscriber says of what it was sent.
func (s *shard) learn(w *wideFeedback) {
	if _, ok := s.paths[w.path]; ok {
		w.path.estimator.Feedback(s.now, w.arrivals)
		s.look(w.path)
	}
	w.path = nil
	wideFeedbacks.Put(w)
}

// lookAll notices paths that have fallen silent.
func (s *shard) lookAll() {
	for p := range s.paths {
		s.look(p)
	}
}

// look publishes an estimate and begins a probe when one is due.
func (s *shard) look(p *path) {
	e := p.estimator
	e.Demand(media.Bitrate(p.wish.Load()))
	s.pad(p)
	p.known.Store(e.Heard())
	p.target.Store(int64(e.Target()))
	p.loss.Store(uint32(e.Loss() * 1e6))
	p.queueDelay.Store(int64(e.Queue()))
	p.feedback.Store(int64(e.RTT()))
	p.congested.Store(e.Congested(s.now))
	if e.Heard() && p.outlet != nil {
		p.outlet.budget.SetTarget(int(e.Target()))
	}
	if e.Probing() && !p.probing {
		p.probing = true
		s.probing = append(s.probing, p)
	}
}

// probe goes on with the probes that are being sent; it is called at each tick.
func (s *shard) probe() {
	left := s.probing[:0]
	for _, p := range s.probing {
		if _, ok := s.paths[p]; ok {
			s.pad(p)
		}
		if p.probing = p.estimator.Probing(); p.probing {
			left = append(left, p)
		}
	}
	clear(s.probing[len(left):])
	s.probing = left
}

// pad sends the padding that a probe wants now.
func (s *shard) pad(p *path) {
	due := p.estimator.Padding(s.now)
	for due > 0 && p.pads != nil {
		n := p.pads.pad(p.codec)
		if n == 0 {
			return
		}
		due -= n + underRTP
	}
}

// pad sends a retransmission packet with nothing in it but padding. It gives its length, 0 when nothing was sent.
func (t *slotTrack) pad(c media.Codec) int {
	buf := t.link.space(padSize + maxOverhead)
	if buf == nil {
		return 0
	}
	t.rtxSeq++
	p := media.Packet{Codec: c}
	header := t.fill(buf, &p, t.line.RTX[c], t.rtxSSRC, uint16(t.rtxSeq), 0)
	buf[0] |= padded
	return t.link.seal(buf, header, padBytes[:], t.rtxSSRC, t.rtxSeq, true, egress.Repeat)
}
