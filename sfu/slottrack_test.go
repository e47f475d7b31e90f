package sfu

import (
	"bytes"
	"testing"

	"github.com/pion/rtp"

	"github.com/zvonok/zvonok/sfu/internal/slotsdp"
	"github.com/zvonok/zvonok/sfu/media"
)

func negotiatedSlot() *slotTrack {
	l := slotsdp.Line{LevelID: 3, TransportID: 4}
	l.Types[media.H264], l.Types[media.VP9], l.Types[media.Opus] = 102, 98, 111
	l.RTX[media.H264], l.RTX[media.VP9] = 103, 99
	return &slotTrack{line: l, ssrc: 1, rtxSSRC: 2}
}

func header(t *testing.T, slot *slotTrack, p *media.Packet, seq uint16, ts uint64) (rtp.Header, []byte) {
	t.Helper()
	buf := bytes.Repeat([]byte{0xff}, 64) // an arena is full of old packets
	n := slot.fill(buf, p, slot.line.Types[p.Codec], slot.ssrc, seq, ts)
	var h rtp.Header
	if got, err := h.Unmarshal(buf[:n]); err != nil || got != n {
		t.Fatalf("%x: %d %v", buf[:n], got, err)
	}
	return h, buf[:n]
}

func TestHeadersSayWhatWasAgreed(t *testing.T) {
	slot := negotiatedSlot()
	for _, p := range []*media.Packet{{Codec: media.Opus, Level: 77, Marker: true}, {Codec: media.H264, Level: 127}} {
		h, b := header(t, slot, p, 4711, 1<<32+99)
		if h.SequenceNumber != 4711 || h.Timestamp != 99 || h.SSRC != 1 || h.Marker != p.Marker || h.PayloadType != slot.line.Types[p.Codec] {
			t.Errorf("%s: %+v", p.Codec, h)
		}
		b[wideAt], b[wideAt+1] = 0x12, 0x34
		if _, err := h.Unmarshal(b); err != nil || !bytes.Equal(h.GetExtension(4), []byte{0x12, 0x34}) {
			t.Errorf("%s: the transport-wide number is not where it is written: % x", p.Codec, b)
		}
		if level := h.GetExtension(3); (p.Codec == media.Opus) != (len(level) == 1 && level[0] == 77) {
			t.Errorf("%s: level % x", p.Codec, level)
		}
	}
	bare := &slotTrack{line: slotsdp.Line{Types: slot.line.Types}}
	if h, b := header(t, bare, &media.Packet{Codec: media.Opus}, 1, 1); h.Extension || len(b) != rtpHeader {
		t.Errorf("extensions that nobody asked for: % x", b)
	}
	bare.line.LevelID = 5
	if h, _ := header(t, bare, &media.Packet{Codec: media.Opus, Level: 9}, 1, 1); !bytes.Equal(h.GetExtension(5), []byte{9}) {
		t.Errorf("level alone: %+v", h)
	}
}
