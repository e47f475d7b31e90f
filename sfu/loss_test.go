package sfu_test

import (
	"bytes"
	"net"
	"testing"

	"github.com/zvonok/zvonok/sfu"
	"github.com/zvonok/zvonok/sfu/media"
	"github.com/zvonok/zvonok/sfu/sfutest"
)

func TestLostPacketsComeAgainAsRTX(t *testing.T) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	lossy := sfutest.NewLossy(conn, 10, 1)
	w := newWorld(t, lossy)
	m, viewer := w.join("a", sfu.Capabilities{}), w.join("b", sfu.Capabilities{})
	p := w.publish(m, sfutest.Options{}, nil, media.Camera)
	film(p, p.Camera[0], 360)
	viewer.SetView(sfu.View{StageHeight: 360})
	in := w.subscribe(viewer, sfutest.Options{}, media.SlotStageVideo)
	w.until("300 packets", func() bool { return in.count(0) >= 300 })
	lossy.Loss.Store(0) // what is lost by now comes again without loss
	n := in.count(0)
	w.until("60 more packets", func() bool { return in.count(0) >= n+60 })

	got := map[uint16][]byte{}
	rtx, lowest, highest := 0, uint16(0), uint16(0)
	for i, r := range in.snapshot() {
		seq := r.Packet.SequenceNumber
		if i == 0 {
			lowest, highest = seq, seq
		}
		if int16(seq-highest) > 0 {
			highest = seq
		}
		if int16(seq-lowest) < 0 {
			lowest = seq
		}
		if was, ok := got[seq]; ok && !bytes.Equal(was, r.Packet.Payload) {
			t.Fatalf("sequence number %d came with two contents", seq)
		}
		got[seq] = r.Packet.Payload
		if r.RTX {
			rtx++
		}
	}
	missing := 0
	for seq := lowest; seq != highest-50; seq++ { // the newest may be on their way
		if got[seq] == nil {
			missing++
		}
	}
	if rtx == 0 || lossy.Dropped.Load() == 0 || missing > 0 {
		t.Errorf("%d of %d missing, %d came as RTX, %d were lost; %+v", missing, len(got), rtx, lossy.Dropped.Load(), w.server.Stats())
	}
}
