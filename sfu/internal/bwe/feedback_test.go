package bwe_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pion/rtcp"

	"github.com/zvonok/zvonok/sfu/internal/bwe"
)

// anyFeedback is a feedback as Pion writes it, with what it says.
func anyFeedback(rng *rand.Rand) (raw []byte, want []bwe.Arrival) {
	p := &rtcp.TransportLayerCC{
		Header:             rtcp.Header{Count: rtcp.FormatTCC, Type: rtcp.TypeTransportSpecificFeedback},
		BaseSequenceNumber: uint16(rng.Uint32()), ReferenceTime: rng.Uint32() & 0xffffff,
	}
	at := time.Duration(p.ReferenceTime) * 64 * time.Millisecond
	seq := p.BaseSequenceNumber
	add := func(symbol uint16) {
		a := bwe.Arrival{Seq: seq}
		seq++
		if symbol != rtcp.TypeTCCPacketNotReceived {
			delta := int64(rng.IntN(256))
			if symbol == rtcp.TypeTCCPacketReceivedLargeDelta {
				delta = int64(rng.IntN(1<<16)) - 1<<15
			}
			at += time.Duration(delta) * 250 * time.Microsecond
			a.Received, a.At = true, at
			p.RecvDeltas = append(p.RecvDeltas, &rtcp.RecvDelta{Type: symbol, Delta: delta * 250})
		}
		want = append(want, a)
	}
	for range 1 + rng.IntN(6) {
		switch rng.IntN(3) {
		case 0:
			c := &rtcp.RunLengthChunk{Type: rtcp.TypeTCCRunLengthChunk, PacketStatusSymbol: uint16(rng.IntN(3)), RunLength: uint16(1 + rng.IntN(40))}
			p.PacketChunks = append(p.PacketChunks, c)
			for range c.RunLength {
				add(c.PacketStatusSymbol)
			}
		case 1:
			c := &rtcp.StatusVectorChunk{Type: rtcp.TypeTCCStatusVectorChunk, SymbolSize: rtcp.TypeTCCSymbolSizeOneBit}
			for range 14 {
				c.SymbolList = append(c.SymbolList, uint16(rng.IntN(2)))
				add(c.SymbolList[len(c.SymbolList)-1])
			}
			p.PacketChunks = append(p.PacketChunks, c)
		case 2:
			c := &rtcp.StatusVectorChunk{Type: rtcp.TypeTCCStatusVectorChunk, SymbolSize: rtcp.TypeTCCSymbolSizeTwoBit}
			for range 7 {
				c.SymbolList = append(c.SymbolList, uint16(rng.IntN(3)))
				add(c.SymbolList[len(c.SymbolList)-1])
			}
			p.PacketChunks = append(p.PacketChunks, c)
		}
	}
	p.PacketStatusCount = uint16(len(want))
	size := 20 + 2*len(p.PacketChunks)
	for _, d := range p.RecvDeltas {
		size += 1
		if d.Type == rtcp.TypeTCCPacketReceivedLargeDelta {
			size++
		}
	}
	p.Header.Padding = size%4 != 0
	p.Header.Length = uint16((size+3)/4 - 1)
	raw, err := p.Marshal()
	if err != nil {
		panic(err)
	}
	return raw, want
}

func TestFeedbackIsReadAsPionWritesIt(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var buf []bwe.Arrival
	for range 3000 {
		raw, want := anyFeedback(rng)
		got, err := bwe.Parse(raw, buf[:0])
		if err != nil {
			t.Fatalf("%x: %v", raw, err)
		}
		buf = got
		if len(got) != len(want) {
			t.Fatalf("%d statuses, not %d", len(got), len(want))
		}
		var p rtcp.TransportLayerCC
		if p.Unmarshal(raw) != nil {
			continue // Pion does not read a feedback without a single arrival
		}
		read := bwe.Arrivals(&p, nil)
		if len(read) != len(want) {
			t.Fatalf("%d statuses of Pion's, not %d", len(read), len(want))
		}
		for i := range got {
			if got[i] != want[i] || read[i] != want[i] {
				t.Fatalf("status %d: %+v and %+v, not %+v", i, got[i], read[i], want[i])
			}
		}
	}
}

func FuzzFeedback(f *testing.F) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 20 {
		raw, _ := anyFeedback(rng)
		f.Add(raw, int64(100))
	}
	f.Fuzz(func(t *testing.T, raw []byte, millis int64) {
		list, err := bwe.Parse(raw, nil)
		if err != nil && len(list) > 0 {
			t.Fatal("an error and arrivals")
		}
		const lowest, highest = 50_000, 5_000_000
		e := bwe.New(bwe.Config{Start: 300_000, Min: lowest, Max: highest})
		e.Demand(2_000_000)
		now := time.Duration(millis%100_000) * time.Millisecond
		for i, a := range list {
			e.Sent(now+time.Duration(i)*time.Millisecond, a.Seq, 1000)
		}
		for i := range time.Duration(3) {
			e.Feedback(now+i*time.Second, list)
			e.Padding(now + i*time.Second)
			if got := e.Target(); got < lowest || got > highest {
				t.Fatalf("target %d", got)
			}
		}
	})
}
