package reorder

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/zvonok/zvonok/sfu/media"
)

func pkt(seq uint64) *media.Packet { return &media.Packet{Seq: seq, Payload: []byte{1}} }

func TestOrderGapsAndLate(t *testing.T) {
	t0 := time.Unix(100, 0)
	var got string
	out := func(p *media.Packet, lost int) { got += fmt.Sprintf("%d/%d ", p.Seq, lost) }
	b := New(300 * time.Millisecond)
	b.Push(pkt(10), t0, out)
	b.Push(pkt(12), t0.Add(10*time.Millisecond), out)
	b.Push(pkt(13), t0.Add(20*time.Millisecond), out)
	b.Push(pkt(13), t0.Add(20*time.Millisecond), out)
	b.Tick(t0.Add(300*time.Millisecond), out)
	b.Push(pkt(11), t0.Add(305*time.Millisecond), out) // a retransmission, just in time
	b.Push(pkt(16), t0.Add(400*time.Millisecond), out)
	b.Push(pkt(17), t0.Add(650*time.Millisecond), out)
	b.Tick(t0.Add(699*time.Millisecond), out)
	if got != "10/0 11/0 12/0 13/0 " {
		t.Fatal(got)
	}
	b.Tick(t0.Add(700*time.Millisecond), out)
	b.Push(pkt(14), t0.Add(710*time.Millisecond), out)
	if want := "10/0 11/0 12/0 13/0 16/2 17/0 "; got != want {
		t.Fatalf("got %s want %s", got, want)
	}
	if b.Late() != 1 || b.Lost() != 2 {
		t.Errorf("late %d lost %d", b.Late(), b.Lost())
	}
}

// Whatever the order and the losses: handed out in order, each once, and lost adds up.
func TestProperty(t *testing.T) {
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		b := New(50 * time.Millisecond)
		now := time.Unix(1, 0)
		next, seen, missing := uint64(1000), 0, 0
		out := func(p *media.Packet, lost int) {
			if p.Seq != next+uint64(lost) {
				t.Fatalf("seed %d: %d after %d with %d lost", seed, p.Seq, next, lost)
			}
			next = p.Seq + 1
			seen++
			missing += lost
		}
		b.Push(pkt(1000), now, out)
		var queue []uint64
		for i := range uint64(400) {
			if rnd.IntN(10) > 0 {
				queue = append(queue, 1001+i)
			}
		}
		for i := range queue {
			if j := i + rnd.IntN(8); j < len(queue) {
				queue[i], queue[j] = queue[j], queue[i]
			}
		}
		for _, s := range queue {
			now = now.Add(time.Duration(rnd.IntN(10)) * time.Millisecond)
			b.Push(pkt(s), now, out)
			b.Tick(now, out)
		}
		b.Flush(out)
		if uint64(missing) != b.Lost() || seen+int(b.Late()) != len(queue)+1 {
			t.Fatalf("seed %d: seen %d late %d of %d; missing %d lost %d", seed, seen, b.Late(), len(queue)+1, missing, b.Lost())
		}
	}
}

func TestHeldIsBounded(t *testing.T) {
	b := New(time.Hour)
	n := 0
	out := func(*media.Packet, int) { n++ }
	b.Push(pkt(1), time.Unix(1, 0), out)
	for i := range uint64(maxHeld + 5) {
		b.Push(pkt(3+i), time.Unix(1, 0), out)
	}
	if n < maxHeld {
		t.Errorf("%d handed out", n)
	}
}
