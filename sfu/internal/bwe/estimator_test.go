package bwe_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/zvonok/zvonok/sfu/internal/bwe"
	"github.com/zvonok/zvonok/sfu/media"
)

// Whoever sends feedback may say anything: the estimate stays within its bounds, and nothing is made of packets that
// were never sent.
func TestForgedFeedbackMovesNothing(t *testing.T) {
	e := bwe.New(bwe.Config{Start: 300_000, Min: 50_000, Max: 5_000_000})
	e.Demand(2_000_000)
	rng := rand.New(rand.NewPCG(1, 2))
	var list []bwe.Arrival
	for i := range 1000 {
		list = list[:0]
		for range rng.IntN(200) {
			list = append(list, bwe.Arrival{Seq: uint16(rng.Uint32()), Received: rng.IntN(2) == 0, At: time.Duration(rng.Int64N(int64(bwe.Wrap)))})
		}
		e.Feedback(time.Duration(i)*50*time.Millisecond, list)
	}
	if e.Heard() || e.Target() != 300_000 {
		t.Fatalf("heard %v, target %d", e.Heard(), e.Target())
	}
}

// talk is a conversation over a path that carries everything, with a receiver's clock of any origin.
func talk(e *bwe.Estimator, from, to, origin time.Duration, seq *uint16) {
	var list []bwe.Arrival
	for now := from; now < to; now += 5 * time.Millisecond {
		*seq++
		e.Sent(now, *seq, 800)
		list = append(list, bwe.Arrival{Seq: *seq, Received: true, At: (now + origin) % bwe.Wrap})
		for due := e.Padding(now); due > 0; due -= 300 {
			*seq++
			e.Sent(now, *seq, 300)
			list = append(list, bwe.Arrival{Seq: *seq, Received: true, At: (now + origin) % bwe.Wrap})
		}
		if now%(100*time.Millisecond) == 0 {
			e.Feedback(now+30*time.Millisecond, list)
			list = list[:0]
		}
	}
}

func TestTheReceiversClockMayWrapAndJump(t *testing.T) {
	e := bwe.New(bwe.Config{Start: 300_000, Min: 50_000, Max: 5_000_000})
	e.Demand(3_000_000)
	var seq uint16
	second := time.Second
	talk(e, 0, 20*second, bwe.Wrap-10*second, &seq)
	if e.Target() < 2_400_000 {
		t.Errorf("over a wrap: %d", e.Target())
	}
	talk(e, 20*second, 30*second, 77*time.Hour, &seq)
	talk(e, 30*second, 40*second, time.Minute, &seq)
	if e.Target() < 2_400_000 || e.Queue() > 10*time.Millisecond {
		t.Errorf("after jumps: %d, queue %v", e.Target(), e.Queue())
	}
}

func TestSilenceLowersTheEstimate(t *testing.T) {
	e := bwe.New(bwe.Config{Start: 300_000, Min: 50_000, Max: 5_000_000})
	e.Demand(3_000_000)
	var seq uint16
	talk(e, 0, 5*time.Second, time.Minute, &seq)
	last := e.Target()
	for now := 5 * time.Second; now < 30*time.Second; now += 5 * time.Millisecond {
		seq++
		e.Sent(now, seq, 800)
		e.Padding(now)
		if e.Target() > last {
			t.Fatal("raised by silence")
		}
		last = e.Target()
	}
	if last > 100_000 {
		t.Errorf("%d after 25 s of silence", last)
	}
}

func TestNoAllocationPerPacket(t *testing.T) {
	e := bwe.New(bwe.Config{Start: 300_000, Min: 50_000, Max: 5_000_000})
	e.Demand(3_000_000)
	list := make([]bwe.Arrival, 0, 64)
	var seq uint16
	now := time.Second
	round := func() {
		list = list[:0]
		for range 20 {
			now += 5 * time.Millisecond
			seq++
			e.Sent(now, seq, 900)
			list = append(list, bwe.Arrival{Seq: seq, Received: seq%17 != 0, At: now})
			e.Padding(now)
		}
		e.Feedback(now+20*time.Millisecond, list)
	}
	round()
	if n := testing.AllocsPerRun(200, round); n > 0 {
		t.Errorf("%v allocations for 20 packets", n)
	}
}

func BenchmarkPacket(b *testing.B) {
	e := bwe.New(bwe.Config{Start: 1_000_000, Min: 50_000, Max: 5_000_000})
	e.Demand(media.Bitrate(1_500_000))
	list := make([]bwe.Arrival, 0, 64)
	var seq uint16
	now := time.Second
	for b.Loop() {
		now += 5 * time.Millisecond
		seq++
		e.Sent(now, seq, 900)
		list = append(list, bwe.Arrival{Seq: seq, Received: true, At: now})
		if len(list) == 20 {
			e.Feedback(now, list)
			list = list[:0]
		}
	}
}
