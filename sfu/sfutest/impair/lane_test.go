package impair

import (
	"errors"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestLossIsWhatWasAskedAndTheSeedsOwn(t *testing.T) {
	const n = 200_000
	losses := func(s Shape, seed uint64) (lost []bool, share, row float64) {
		d := dice{seed: seed, lane: 3}
		count, rows := 0, 0
		for i := range n {
			f := d.next(&s)
			lost = append(lost, f.lost)
			if f.lost {
				count++
				if i == 0 || !lost[i-1] {
					rows++
				}
			}
		}
		return lost, float64(count) / n, float64(count) / float64(max(rows, 1))
	}
	alone, share, row := losses(Shape{Loss: 0.05}, 1)
	if math.Abs(share-0.05) > 0.002 || math.Abs(row-1/0.95) > 0.02 {
		t.Errorf("5 %% alone: lost %.4f in rows of %.3f", share, row)
	}
	if _, share, row := losses(Shape{Burst: Bursts(0.05, 4)}, 1); math.Abs(share-0.05) > 0.005 || math.Abs(row-4) > 0.2 {
		t.Errorf("5 %% in rows of 4: lost %.4f in rows of %.3f", share, row)
	}
	if _, share, _ := losses(Shape{}, 1); share != 0 {
		t.Errorf("a perfect link loses %f", share)
	}
	again, _, _ := losses(Shape{Loss: 0.05}, 1)
	other, _, _ := losses(Shape{Loss: 0.05}, 2)
	same := func(a, b []bool) (n int) {
		for i := range a {
			if a[i] && b[i] {
				n++
			}
		}
		return n
	}
	if same(alone, again) != int(math.Round(n*share)) {
		t.Error("the same seed loses other packets")
	}
	if both := same(alone, other); both > n*4/1000 {
		t.Errorf("two seeds lose %d packets together, expected about %d", both, n*25/10000)
	}
}

func TestDrawsAreEvenAndIndependent(t *testing.T) {
	const n = 100_000
	var boxes [10]int
	sum := 0.0
	for i := range uint64(n) {
		a, b := draw(7, 2, i, drawLoss), draw(7, 2, i, drawReorder)
		boxes[int(a*10)]++
		sum += (a - 0.5) * (b - 0.5)
	}
	for i, got := range boxes {
		if math.Abs(float64(got)-n/10) > 400 { // four deviations
			t.Errorf("box %d has %d of %d", i, got, n)
		}
	}
	if correlation := 12 * sum / n; math.Abs(correlation) > 0.02 {
		t.Errorf("two draws correlate by %f", correlation)
	}
}

// arrival is a packet at the end of a lane.
type arrival struct {
	number int
	at     time.Duration
}

// carry sends packets of a size at even distances through a lane in simulated time.
func carry(t *testing.T, s Shape, n, size int, every time.Duration, during func(l *lane, sent int)) (got []arrival, c Counts, waits []Wait) {
	t.Helper()
	synctest.Test(t, func(*testing.T) {
		began := time.Now()
		l := newLane(5, 0, began)
		l.set(s)
		d := &dice{seed: 5, lane: 2}
		for i := range n {
			if during != nil {
				during(l, i)
			}
			number := i
			l.offer(d, make([]byte, size), time.Now(), func([]byte) { got = append(got, arrival{number, time.Since(began)}) })
			time.Sleep(every)
		}
		time.Sleep(time.Minute)
		c, waits = l.counts(), l.takeWaits()
		l.close()
	})
	return got, c, waits
}

func TestDelayAndJitter(t *testing.T) {
	const every = 5 * time.Millisecond
	s := Shape{Delay: 100 * time.Millisecond, Jitter: 50 * time.Millisecond}
	got, _, _ := carry(t, s, 20_000, 100, every, nil)
	if len(got) != 20_000 {
		t.Fatalf("%d of 20000 arrived", len(got))
	}
	var sum, squares float64
	for i, a := range got {
		if a.number != i {
			t.Fatalf("packet %d came as number %d", a.number, i)
		}
		d := (a.at - time.Duration(i)*every - s.Delay).Seconds() * 1000
		if d < -50.01 || d > 50.01 {
			t.Fatalf("packet %d swings by %.2f ms", i, d)
		}
		sum += d
		squares += d * d
	}
	n := float64(len(got))
	// Between two uniform supports the variance is 2/3 of theirs: 50²/3 · 2/3.
	if mean, dev := sum/n, math.Sqrt(squares/n); math.Abs(mean) > 3 || math.Abs(dev-23.6) > 2 {
		t.Errorf("mean %.2f ms, deviation %.2f ms", mean, dev)
	}
}

func TestReorderAndDuplicate(t *testing.T) {
	const n = 20_000
	got, c, _ := carry(t, Shape{Delay: 30 * time.Millisecond, Reorder: 0.02, ReorderBy: 10 * time.Millisecond, Duplicate: 0.01}, n, 100, time.Millisecond, nil)
	twice := len(got) - n
	if math.Abs(float64(twice)-n*0.01) > 60 || int(c.Duplicated) != twice {
		t.Errorf("%d of %d came twice, counted %d", twice, n, c.Duplicated)
	}
	late, highest := 0, -1
	for _, a := range got {
		if a.number < highest {
			late++
		}
		highest = max(highest, a.number)
	}
	if math.Abs(float64(late)-n*0.02) > 90 {
		t.Errorf("%d of %d were overtaken", late, n)
	}
}

func TestBottleneckHoldsItsRateAndItsQueue(t *testing.T) {
	// 1,000 bytes each 4 ms are 2 Mbit/s: twice what passes.
	s := Shape{Rate: 1_000_000, Queue: 25_000, Delay: 10 * time.Millisecond}
	got, c, waits := carry(t, s, 5000, 1000, 4*time.Millisecond, nil)
	first, last := got[100].at, got[len(got)-30].at
	rate := float64(len(got)-130) * 8000 / (last - first).Seconds()
	if math.Abs(rate-1e6) > 1e4 {
		t.Errorf("%.0f bit/s pass", rate)
	}
	if c.Passed+c.Full != 5000 || math.Abs(float64(c.Full)-2500) > 60 {
		t.Errorf("%+v", c)
	}
	longest := time.Duration(0)
	for _, w := range waits {
		longest = max(longest, w.Took)
	}
	if longest < 190*time.Millisecond || longest > 201*time.Millisecond {
		t.Errorf("25,000 bytes at 1 Mbit/s waited %v", longest)
	}
}

func TestShapesChangeAtRunTime(t *testing.T) {
	got, c, _ := carry(t, Shape{}, 3000, 1000, time.Millisecond, func(l *lane, sent int) {
		switch sent {
		case 1000:
			l.set(Shape{Blackhole: true})
		case 1500:
			l.set(Shape{Rate: 4_000_000, Queue: 10_000_000})
		case 2500:
			l.set(Shape{Delay: time.Millisecond}) // what waited is let go
		}
	})
	if len(got) != 2500 || c.Swallowed != 500 || c.Full != 0 {
		t.Errorf("%d arrived, %+v", len(got), c)
	}
	for i := 1; i < len(got); i++ {
		if got[i].number < got[i-1].number {
			t.Fatalf("packet %d after %d", got[i].number, got[i-1].number)
		}
	}
	if end := got[len(got)-1].at; end > 3100*time.Millisecond {
		t.Errorf("the last came at %v", end)
	}
}

func TestScript(t *testing.T) {
	steps, err := ParseScript(strings.NewReader(`
# a bad afternoon
10s  down rate=150k queue=300k
0s   both delay=50ms jitter=5ms loss=5% burst=4
20s  rebind
30s  block udp
40s  up
`))
	if err != nil || len(steps) != 5 || steps[0].At != 0 || steps[1].Text != "down rate=150k queue=300k" {
		t.Fatalf("%v %+v", err, steps)
	}
	for _, bad := range []string{"1s down loss=100%", "1s down speed=3", "x down", "1s block quic", "1s rebind now", "1s", "1s down rate=NaN", "1s down burst=0.5 loss=-1"} {
		if _, err := ParseScript(strings.NewReader(bad)); !errors.Is(err, ErrShape) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	shape, err := ParseShape("delay=150ms", "loss=5%", "burst=4", "reorder=1%", "duplicate=0.5%", "rate=1.5M", "bucket=3k", "queue=64k")
	want := Shape{Delay: 150 * time.Millisecond, Burst: Bursts(0.05, 4), Reorder: 0.01, Duplicate: 0.005, Rate: 1_500_000, Bucket: 3000, Queue: 64000}
	if err != nil || shape != want {
		t.Errorf("%v %+v", err, shape)
	}
}
