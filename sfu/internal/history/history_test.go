package history_test

import (
	"sync"
	"testing"

	"github.com/zvonok/zvonok/sfu/internal/history"
	"github.com/zvonok/zvonok/sfu/media"
)

func TestTheRingHoldsTheLatest(t *testing.T) {
	r := history.NewRing(5) // eight places
	for seq := uint64(100); seq < 120; seq++ {
		if !r.Store(&media.Packet{Seq: seq}) {
			t.Errorf("%d was refused", seq)
		}
		if r.Store(&media.Packet{Seq: seq}) {
			t.Errorf("%d was stored twice", seq)
		}
	}
	for seq := uint64(90); seq < 130; seq++ {
		held := seq >= 112 && seq < 120
		if p := r.Get(seq); (p != nil) != held || p != nil && p.Seq != seq {
			t.Errorf("%d: %v", seq, p)
		}
	}
	if r.Store(&media.Packet{Seq: 111}) {
		t.Error("a packet older than the ring was stored")
	}
	if !r.Store(&media.Packet{Seq: 130}) || !r.Store(&media.Packet{Seq: 125}) {
		t.Error("a late packet within the ring was refused")
	}
}

func TestReadersSeeWholePackets(t *testing.T) {
	r := history.NewRing(16)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for seq := range uint64(10000) {
				if p := r.Get(seq); p != nil && p.TS != seq*2 {
					t.Errorf("packet %d has timestamp %d", seq, p.TS)
				}
			}
		})
	}
	for seq := range uint64(10000) {
		r.Store(&media.Packet{Seq: seq, TS: seq * 2})
	}
	wg.Wait()
}
