package bwe_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zvonok/zvonok/sfu/media"
)

var seeds = flag.Int("seeds", 2, "how many seeds each simulated scenario runs with")

// measure is one figure of a scenario over all seeds; bad is on which side the limit lies.
type measure struct {
	name  string
	limit float64
	least bool // the limit is a least value
	unit  string
	got   []float64
}

type table struct {
	t    *testing.T
	name string
	rows []*measure
}

func (tb *table) add(name, unit string, limit float64, least bool, v float64) {
	for _, m := range tb.rows {
		if m.name == name {
			m.got = append(m.got, v)
			return
		}
	}
	tb.rows = append(tb.rows, &measure{name, limit, least, unit, []float64{v}})
}

func (tb *table) most(name, unit string, limit, v float64)  { tb.add(name, unit, limit, false, v) }
func (tb *table) least(name, unit string, limit, v float64) { tb.add(name, unit, limit, true, v) }

// report prints median and worst and fails where the worst is beyond the limit.
func (tb *table) report() {
	tb.t.Helper()
	var out strings.Builder
	for _, m := range tb.rows {
		slices.Sort(m.got)
		worst := m.got[len(m.got)-1]
		bad := worst > m.limit
		if m.least {
			worst = m.got[0]
			bad = worst < m.limit
		}
		fmt.Fprintf(&out, "\n| %s | %s | %.3g | %.3g | %.3g %s |", tb.name, m.name, m.got[len(m.got)/2], worst, m.limit, m.unit)
		if bad {
			tb.t.Errorf("%s, %s: %.4g %s, wanted %.4g", tb.name, m.name, worst, m.unit, m.limit)
		}
	}
	tb.t.Log(out.String())
}

func always(r media.Bitrate) func(time.Duration) media.Bitrate {
	return func(time.Duration) media.Bitrate { return r }
}

// between is low from one moment to another and high otherwise.
func between(high, low media.Bitrate, from, to time.Duration) func(time.Duration) media.Bitrate {
	return func(now time.Duration) media.Bitrate {
		if now >= from && now < to {
			return low
		}
		return high
	}
}

func second(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// at is the index of a moment in what is kept per 100 ms.
func at(s float64) int { return int(s * 10) }

// reached is after how many seconds from a moment on the estimate first is at least r.
func (s *stats) reached(from float64, r media.Bitrate) float64 {
	for i := at(from); i < len(s.targets); i++ {
		if s.targets[i] >= r {
			return float64(i)/10 - from
		}
	}
	return 999
}

// above is for how many seconds the estimate exceeds r.
func (s *stats) above(from, to float64, r media.Bitrate) (n float64) {
	for _, x := range s.targets[at(from):at(to)] {
		if x > r {
			n += 0.1
		}
	}
	return n
}

func (s *stats) median(from, to float64) media.Bitrate {
	v := slices.Clone(s.targets[at(from):at(to)])
	slices.Sort(v)
	return v[len(v)/2]
}

func (s *stats) longest(from, to float64) time.Duration { return slices.Max(s.waits[at(from):at(to)]) }

// deaf is the part of the sound that did not come within 200 ms, by when it was sent.
func (s *stats) deaf(from, to int) float64 {
	sent, heard := 0, 0
	for i := from; i < to; i++ {
		sent += s.voices[i]
		heard += s.heard[i]
	}
	return 100 * float64(sent-heard) / float64(sent)
}

var camera = []media.Bitrate{130_000, 430_000, 1_550_000}

func TestDropTo150(t *testing.T) {
	// What lies in the queue at the moment of the drop takes its time whatever is sent afterwards: 60 kB last for 3.2 s.
	for room, least := range map[int]float64{20_000: 1, 60_000: 3} {
		tb := &table{t: t, name: fmt.Sprintf("3 Mbit/s, 150 kbit/s for 30 s, queue of %d kB", room/1000)}
		for seed := range uint64(*seeds) {
			l := &path{rate: between(3_000_000, 150_000, second(20), second(50)), depth: 3000, room: room, delay: 25 * time.Millisecond, rng: rand.New(rand.NewPCG(seed, 1))}
			f := newFlow(l, seed, 300_000, camera...)
			simulate(l, second(75), nil, f)
			s := &f.stats
			lowest := 0.0
			for i := at(20); i < at(50); i++ {
				if s.layers[i] > 0 {
					lowest = float64(i+1)/10 - 20
				}
			}
			back := 999.0
			for i := at(50); i < len(s.layers); i++ {
				if s.layers[i] == 2 {
					back = float64(i)/10 - 50
					break
				}
			}
			tb.most("lowest layer after", "s", 3, lowest)
			tb.most("top layer again after", "s", 10, back)
			tb.most("longest queue from 5 s after the drop", "ms", 1100, float64(s.longest(25+least/2, 50).Milliseconds()))
			over := 0
			for _, w := range s.waits[at(20):at(50)] {
				if w > 500*time.Millisecond {
					over++
				}
			}
			tb.most("time with more than 500 ms of queue", "s", 2+2*least, float64(over)/10)
			tb.most("sound not there within 200 ms, all the time", "%", 7+2*least, s.deaf(0, 75))
			tb.most("sound not there within 200 ms, from 5 s after the drop", "%", 9, s.deaf(25, 75))
			shown := 0.0
			for _, y := range s.layers[at(25):at(50)] {
				if y >= 0 {
					shown += 100.0 / float64(at(25))
				}
			}
			tb.least("picture shown meanwhile", "%", 20, shown)
		}
		tb.report()
	}
}

func TestSharedByTwo(t *testing.T) {
	tb := &table{t: t, name: "1 Mbit/s shared by two"}
	for seed := range uint64(*seeds) {
		l := &path{rate: always(1_000_000), depth: 3000, room: 40_000, delay: 25 * time.Millisecond, rng: rand.New(rand.NewPCG(seed, 1))}
		a, b := newFlow(l, seed, 300_000, camera...), newFlow(l, seed+100, 300_000, camera...)
		b.started = second(float64(seed%4) * 5)
		simulate(l, second(90), nil, a, b)
		for _, f := range []*flow{a, b} {
			m := float64(f.stats.median(30, 90)) / 1e4
			tb.most("share of each, median in time", "%", 80, m)
			tb.least("share of each, median in time, least", "%", 35, m)
			tb.most("sound not there within 200 ms", "%", 7, f.stats.deaf(20, 90))
		}
	}
	tb.report()
}

func TestDropTo600AndBack(t *testing.T) {
	for _, depth := range []int{0, 3000, 12_000} {
		tb := &table{t: t, name: fmt.Sprintf("3 Mbit/s, 600 kbit/s, 3 Mbit/s, bucket of %d kB", depth/1000)}
		for seed := range uint64(*seeds) {
			l := &path{rate: between(3_000_000, 600_000, second(20), second(50)), depth: depth, room: 60_000, delay: 25 * time.Millisecond, rng: rand.New(rand.NewPCG(seed, 1))}
			f := newFlow(l, seed, 300_000, camera...)
			simulate(l, second(75), nil, f)
			s := &f.stats
			want := media.Bitrate(0.8 * float64(f.demand()))
			tb.most("start: 80 % after", "s", 5, s.reached(0, want))
			tb.most("low: 80 % after", "s", 5, s.reached(22, 480_000)+2)
			tb.least("low: median in time", "kbit/s", 420, float64(s.median(25, 50))/1000)
			// A bucket that holds as much as a probe hides the bottleneck from it; what is then built on the estimate
			// finds out.
			limit := 2.0
			if depth > 4000 {
				limit = 20
			}
			tb.most("low: above 120 %", "s", limit, s.above(20, 50, 720_000))
			tb.most("restored: 80 % after", "s", 6, s.reached(50, want))
			tb.least("restored: median in time", "kbit/s", float64(want)/1000, float64(s.median(55, 75))/1000)
			tb.most("queue after 3 s", "ms", 600, float64(s.longest(23, 50).Milliseconds()))
			tb.most("changes of layer", "", 20, float64(s.changes))
		}
		tb.report()
	}
}

func TestRandomLossIsNoCongestion(t *testing.T) {
	for _, c := range []struct {
		name string
		lose func() func(*rand.Rand) bool
	}{
		{"5 % loss", func() func(*rand.Rand) bool { return iid(0.05) }},
		{"5 % loss in bursts of 5", func() func(*rand.Rand) bool { return gilbert(0.05, 5) }},
		{"20 % loss", func() func(*rand.Rand) bool { return iid(0.2) }},
		{"20 % loss in bursts of 4", func() func(*rand.Rand) bool { return gilbert(0.2, 4) }},
	} {
		for _, onset := range []float64{0, 20} {
			tb := &table{t: t, name: fmt.Sprintf("%s from %v s on, 3 Mbit/s, RTT 100 ms", c.name, onset)}
			for seed := range uint64(*seeds) {
				lose := c.lose()
				now := 0
				l := &path{rate: always(3_000_000), depth: 3000, room: 60_000, delay: 50 * time.Millisecond, rng: rand.New(rand.NewPCG(seed, 1))}
				f := newFlow(l, seed, 300_000, camera...)
				l.lose = func(r *rand.Rand) bool { now++; return len(f.stats.targets) > at(onset) && lose(r) }
				simulate(l, second(60), nil, f)
				s := &f.stats
				want := media.Bitrate(0.8 * float64(f.demand()))
				tb.least("estimate, median in time", "kbit/s", float64(want)/1000, float64(s.median(onset+10, 60))/1000)
				tb.most("below 80 % for", "s", 12, max(0, 60-onset-10-s.above(onset+10, 60, want)))
			}
			tb.report()
		}
	}
}

func TestAPolicerIsCongestion(t *testing.T) {
	tb := &table{t: t, name: "600 kbit/s policer without queue"}
	for seed := range uint64(*seeds) {
		l := &path{rate: always(600_000), depth: 8000, delay: 25 * time.Millisecond, rng: rand.New(rand.NewPCG(seed, 1))}
		f := newFlow(l, seed, 300_000, camera...)
		simulate(l, second(60), nil, f)
		tb.most("sound not there within 200 ms", "%", 5, f.stats.deaf(0, 60))
		tb.most("changes of layer", "", 14, float64(f.stats.changes))
	}
	tb.report()
}

func TestJitterIsNoCongestion(t *testing.T) {
	tb := &table{t: t, name: "RTT 300 ms, jitter 50 ms, 3 Mbit/s"}
	for seed := range uint64(*seeds) {
		l := &path{rate: always(3_000_000), depth: 3000, room: 60_000, delay: 150 * time.Millisecond, jitter: 50 * time.Millisecond, rng: rand.New(rand.NewPCG(seed, 1))}
		f := newFlow(l, seed, 300_000, camera...)
		simulate(l, second(60), nil, f)
		want := media.Bitrate(0.8 * float64(f.demand()))
		tb.least("estimate, median in time", "kbit/s", float64(want)/1000, float64(f.stats.median(15, 60))/1000)
		tb.most("80 % after", "s", 10, f.stats.reached(0, want))
	}
	tb.report()
}

func TestOthersOnTheLink(t *testing.T) {
	tb := &table{t: t, name: "2 Mbit/s, others take 1.4 Mbit/s from 20 s to 40 s"}
	for seed := range uint64(*seeds) {
		l := &path{rate: always(2_000_000), depth: 3000, room: 60_000, delay: 25 * time.Millisecond, rng: rand.New(rand.NewPCG(seed, 1))}
		f := newFlow(l, seed, 300_000, camera...)
		simulate(l, second(60), &crossing{rate: between(0, 1_400_000, second(20), second(40))}, f)
		tb.most("sound not there within 200 ms", "%", 6, f.stats.deaf(0, 60))
		tb.most("queue after 3 s", "ms", 500, float64(f.stats.longest(23, 40).Milliseconds()))
		tb.least("estimate meanwhile, median", "kbit/s", 350, float64(f.stats.median(25, 40))/1000)
		tb.most("80 % again after", "s", 5, f.stats.reached(40, media.Bitrate(0.8*float64(f.demand()))))
	}
	tb.report()
}

func TestLostFeedbackRaisesNothing(t *testing.T) {
	tb := &table{t: t, name: "a third of the feedback lost, and all of it from 20 s to 30 s, 1 Mbit/s"}
	for seed := range uint64(*seeds) {
		l := &path{rate: always(1_000_000), depth: 3000, room: 60_000, delay: 25 * time.Millisecond, rng: rand.New(rand.NewPCG(seed, 1))}
		f := newFlow(l, seed, 300_000, camera...)
		f.lose = func(r *rand.Rand) bool {
			n := len(f.stats.targets)
			return r.IntN(3) == 0 || n > at(20) && n < at(30)
		}
		simulate(l, second(60), nil, f)
		s := &f.stats
		rises := 0
		for i := at(20.5); i < at(30); i++ {
			if s.targets[i] > s.targets[i-1] {
				rises++
			}
		}
		tb.most("rises while nothing is heard", "", 0, float64(rises))
		tb.most("above 120 %", "s", 12, s.above(0, 60, 1_200_000))
		tb.least("estimate, median in time", "kbit/s", 100, float64(s.median(40, 60))/1000)
	}
	tb.report()
}
