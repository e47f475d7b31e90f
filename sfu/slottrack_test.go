package sfu

import (
	"bytes"
	"sync/atomic"
	"testing"

	"github.com/pion/rtp"

	"github.com/zvonok/zvonok/sfu/media"
)

// wireTap is a webrtc.TrackLocalWriter that keeps what would be sealed.
type wireTap struct{ packets [][]byte }

func (w *wireTap) WriteRTP(h *rtp.Header, payload []byte) (int, error) {
	b, err := (&rtp.Packet{Header: *h, Payload: payload}).Marshal()
	w.packets = append(w.packets, b)
	return len(b), err
}

func (w *wireTap) Write(b []byte) (int, error) { return len(b), nil }

func boundSlot(kind media.SlotKind, rtx bool) (*slotTrack, *wireTap) {
	open := &atomic.Bool{}
	open.Store(true)
	t, w := newSlotTrack(0, kind, &counters{}, open), &wireTap{}
	b := &binding{writer: w, ssrc: 1, levelID: 3}
	b.pt[media.H264], b.pt[media.VP9], b.pt[media.Opus] = 102, 98, 111
	if rtx {
		b.rtxSSRC, b.rtx[media.H264], b.rtx[media.VP9] = 2, 103, 99
	}
	t.bound.Store(b)
	return t, w
}

// Sealing one (SSRC, sequence number) with two contents would break AES-GCM: whatever is sent and sent again, in
// whatever order, the bytes before encryption are the same for the same pair.
func TestOneSSRCAndNumberHaveOneContent(t *testing.T) {
	for _, rtx := range []bool{true, false} {
		slot, w := boundSlot(media.SlotTile, rtx)
		packets := []*media.Packet{
			{Codec: media.H264, Payload: []byte{1, 2, 3}, Marker: true},
			{Codec: media.VP9, Payload: []byte{4, 5}},
			{Codec: media.H264, Payload: []byte{6}},
		}
		for i, p := range packets {
			slot.send(p, uint64(65535+i), uint64(1<<32-1+i*3000))
		}
		for range 3 {
			for i, p := range packets {
				slot.resend(p, uint64(65535+i), uint64(1<<32-1+i*3000))
			}
		}
		seen := map[[2]uint32][]byte{}
		for _, wire := range w.packets {
			var p rtp.Packet
			if err := p.Unmarshal(wire); err != nil {
				t.Fatal(err)
			}
			key := [2]uint32{p.SSRC, uint32(p.SequenceNumber)}
			if was, ok := seen[key]; ok && !bytes.Equal(was, wire) {
				t.Errorf("rtx %v: SSRC %d, number %d: % x and % x", rtx, key[0], key[1], was, wire)
			}
			seen[key] = wire
			if rtx && p.SSRC == 2 && (p.PayloadType != 103 && p.PayloadType != 99 || len(p.Payload) < 3) {
				t.Errorf("retransmission %v", p)
			}
		}
		if want := map[bool]int{true: 12, false: 3}[rtx]; len(seen) != want {
			t.Errorf("rtx %v: %d different packets, not %d", rtx, len(seen), want)
		}
	}
}

func TestOnlySoundCarriesAnExtension(t *testing.T) {
	for kind, c := range map[media.SlotKind]media.Codec{media.SlotVoice: media.Opus, media.SlotTile: media.H264} {
		slot, w := boundSlot(kind, true)
		for level := range uint8(3) {
			slot.send(&media.Packet{Codec: c, Payload: []byte{1}, Level: level}, uint64(level)+1<<16, 1<<32)
			var p rtp.Packet
			if err := p.Unmarshal(w.packets[level]); err != nil {
				t.Fatal(err)
			}
			if got := p.GetExtension(3); (c == media.Opus) != (len(got) == 1 && got[0] == level) {
				t.Errorf("%s: extension %v", c, got)
			}
		}
	}
}
