package rewrite_test

import (
	"math/rand/v2"
	"testing"

	"github.com/zvonok/zvonok/sfu/internal/rewrite"
)

// Whatever the sources, orders and switches: no outgoing number is given to two packets, numbers in order have no
// gap, and timestamps of frames in order rise.
func TestAStreamIsContinuousOverSwitches(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		s := rewrite.NewStream(uint16(rng.Uint32()), rng.Uint32())
		used := map[uint64]bool{}
		var last, lastTS uint64
		for range 5 {
			seq, ts := uint64(rng.Uint32())+1<<17, rng.Uint64()>>20+1<<33
			s.Switch(seq, ts, uint64(rng.IntN(90000)))
			for i := range uint64(50) {
				if _, _, ok := s.Map(seq-1-i, ts); ok {
					t.Fatal("a packet from before the switch was taken")
				}
				order := seq + i
				if i%7 == 3 {
					order++ // swapped with the next one
				} else if i%7 == 4 {
					order--
				}
				out, outTS, ok := s.Map(order, ts+(order-seq)*3000)
				if !ok || used[out] {
					t.Fatalf("number %d given twice or refused", out)
				}
				used[out] = true
				if order == seq+i && i%7 < 3 && last != 0 {
					if out != last+1 || outTS <= lastTS {
						t.Fatalf("(%d, %d) after (%d, %d)", out, outTS, last, lastTS)
					}
				}
				if out > last {
					last, lastTS = out, outTS
				}
			}
		}
	}
}

func TestTheTimestampAdvancesByWhatPassed(t *testing.T) {
	s := rewrite.NewStream(0, 0)
	s.Switch(10, 1000, 12345)
	_, first, _ := s.Map(10, 1000)
	s.Switch(99999, 5, 90000)
	_, second, _ := s.Map(99999, 5)
	s.Switch(7, 8, 0)
	_, third, _ := s.Map(7, 8)
	if second-first != 90000 || third-second != 1 {
		t.Errorf("%d, %d, %d", first, second, third)
	}
	if s.Ticks(8+100) != third+100 {
		t.Error("Ticks disagrees with Map")
	}
}

func TestNearFindsTheWholeNumber(t *testing.T) {
	s := rewrite.NewStream(0, 0)
	s.Switch(10, 10, 10)
	first, _, _ := s.Map(10, 10)
	last, _, _ := s.Map(10+1<<33, 10)
	for _, seq := range []uint64{last, last - 1, last - 511, last - 1<<31} {
		if got := s.Near(uint32(seq)); got != seq {
			t.Errorf("%d in place of %d (from %d)", got, seq, first)
		}
	}
}

func TestMapDoesNotAllocate(t *testing.T) {
	s := rewrite.NewStream(0, 0)
	s.Switch(10, 10, 10)
	seq := uint64(10)
	if n := testing.AllocsPerRun(100, func() {
		s.Map(seq, seq*3000)
		seq++
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestPaddingLeavesNoHoles(t *testing.T) {
	var c rewrite.Compact
	expect := func(seq, want uint64) {
		t.Helper()
		if got, ok := c.Map(seq); !ok || got != want {
			t.Errorf("%d maps to %d, not %d", seq, got, want)
		}
	}
	expect(100, 100)
	c.Skip(101)
	c.Skip(102)
	expect(103, 101)
	expect(99, 99) // late, from before the padding
	c.Skip(98)     // late padding: its hole stays
	expect(104, 102)
	for seq := uint64(200); seq < 400; seq += 2 {
		c.Skip(seq)
		expect(seq+1, seq+1-2-(seq-198)/2)
	}
	if _, ok := c.Map(150); ok {
		t.Error("a packet from before all that is remembered was mapped")
	}
}
