package bwe_test

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/zvonok/zvonok/sfu/internal/alloc"
	"github.com/zvonok/zvonok/sfu/internal/bwe"
	"github.com/zvonok/zvonok/sfu/media"
)

// overhead is what a packet's headers cost: IP and UDP, RTP with extensions, the authentication tag.
const overhead = 54

// flow is a subscriber with what it is sent: one talker and one camera in three layers, two temporal layers each,
// chosen by the allocator.
type flow struct {
	receiver
	est      *bwe.Estimator
	alloc    alloc.Allocator
	link     *path
	rng      *rand.Rand
	layers   []media.Bitrate
	seq      uint16
	target   alloc.Target
	keyframe bool
	// pauseUntil and resent belong to retransmission.
	resend  []pending2
	frame   time.Duration
	frames  int
	voice   time.Duration
	decide  time.Duration
	pad     time.Duration
	started time.Duration

	stats stats
}

type pending2 struct {
	at   time.Duration
	size int
}

type stats struct {
	voices, heard [200]int // by second of sending
	arrived       [4]int   // bytes by kind
	sent          [4]int
	targets       []media.Bitrate // per 100 ms
	layers        []int
	waits         []time.Duration
	changes       int
}

func newFlow(link *path, seed uint64, start media.Bitrate, layers ...media.Bitrate) *flow {
	return &flow{
		receiver: receiver{got: map[uint16]time.Duration{}, every: 100 * time.Millisecond, offset: 300 * time.Hour},
		est:      bwe.New(bwe.Config{Start: start, Min: 60_000, Max: 8_000_000, Seed: seed}), link: link,
		rng: rand.New(rand.NewPCG(seed, 77)), layers: layers, seq: uint16(seed * 7919), target: alloc.Paused,
		frame: time.Duration(seed%40) * time.Millisecond, voice: time.Duration(seed%20) * time.Millisecond,
	}
}

func (f *flow) receive(p *parcel) {
	f.receiver.receive(p)
	f.stats.arrived[p.kind] += p.size
	if p.kind == sound && p.arrives-p.sent < 200*time.Millisecond+f.link.delay {
		f.stats.heard[int(p.sent.Seconds())]++
	}
}

func (f *flow) send(now time.Duration, size int, k kind) {
	f.seq++
	f.est.Sent(now, f.seq, size)
	f.stats.sent[k] += size
	f.link.send(&parcel{to: f, seq: f.seq, size: size, sent: now, kind: k})
}

// demand is the most that the flow would send.
func (f *flow) demand() media.Bitrate { return f.layers[len(f.layers)-1] + 54_000 }

func (f *flow) input() *alloc.Input {
	s := alloc.Slot{Occupant: 1, Class: alloc.Stage}
	for i, r := range f.layers {
		s.Layers[i].Rates[0], s.Layers[i].Rates[1] = r*6/10, r
	}
	lossy := f.est.Loss() > 0.02
	return &alloc.Input{Budget: f.est.Target(), Slots: []alloc.Slot{s}, Voices: []media.Bitrate{54_000}, Congested: lossy}
}

func (f *flow) run(now time.Duration) {
	for len(f.back) > 0 && f.back[0].at <= now {
		list := f.back[0].arrivals
		f.back = f.back[1:]
		f.est.Feedback(now, list)
		for _, a := range list {
			if !a.Received && f.rng.Float64() < 0.9 {
				f.resend = append(f.resend, pending2{now, 1100})
			}
		}
	}
	f.report(now, f.link.delay, f.rng)
	if now >= f.decide {
		f.decide = now + 100*time.Millisecond
		f.reallocate(now)
	}
	if now < f.started {
		f.frame, f.voice = max(f.frame, f.started), max(f.voice, f.started)
		return
	}
	if now >= f.voice {
		f.voice += 20 * time.Millisecond
		f.stats.voices[int(now.Seconds())]++
		f.send(now, 80+overhead, sound)
	}
	if now >= f.frame {
		f.frame += 40 * time.Millisecond
		f.film(now)
	}
	for n := 0; len(f.resend) > 0 && n < 2; n++ {
		if f.target.Layer >= 0 {
			f.send(now, f.resend[0].size, video)
		}
		f.resend = f.resend[1:]
	}
	if now >= f.pad {
		f.pad = now + 5*time.Millisecond
		for due := f.est.Padding(now); due > 0; due -= 255 + overhead {
			f.send(now, 255+overhead, padding)
		}
	}
}

func (f *flow) reallocate(now time.Duration) {
	res := f.alloc.Decide(now, f.input())
	f.est.Demand(res.Wish)
	if t := res.Targets[0]; t != f.target {
		f.keyframe = f.keyframe || t.Layer != f.target.Layer
		f.target = t
		f.stats.changes++
	}
	f.stats.targets = append(f.stats.targets, f.est.Target())
	f.stats.layers = append(f.stats.layers, f.target.Layer)
	f.stats.waits = append(f.stats.waits, f.link.waits(now))
}

// film sends a frame: of varying size, six times as large when it is a keyframe.
func (f *flow) film(now time.Duration) {
	f.frames++
	if f.target.Layer < 0 || f.target.Temporal == 0 && f.frames%2 == 1 {
		return
	}
	size := float64(f.layers[f.target.Layer]) / 8 / 25 * math.Exp(0.25*f.rng.NormFloat64()-0.03)
	if f.target.Temporal == 0 {
		size *= 1.2
	}
	if f.keyframe {
		f.keyframe = false
		size *= 6
	}
	for ; size > 60; size -= 1150 {
		f.send(now, int(min(size, 1150))+overhead, video)
	}
}

// crossing is other people's traffic.
type crossing struct {
	rate func(time.Duration) media.Bitrate
	owed float64
}

func (c *crossing) run(now time.Duration, l *path) {
	for c.owed += float64(c.rate(now)) * step.Seconds() / 8; c.owed > 1250; c.owed -= 1250 {
		l.send(&parcel{size: 1250, sent: now, kind: cross})
	}
}

// world runs flows over one link.
func simulate(l *path, span time.Duration, c *crossing, flows ...*flow) {
	for now := time.Duration(0); now < span; now += step {
		l.run(now)
		if c != nil {
			c.run(now, l)
		}
		for _, f := range flows {
			f.run(now)
		}
	}
}
