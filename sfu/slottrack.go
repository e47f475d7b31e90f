package sfu

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/pion/rtcp"

	"github.com/zvonok/zvonok/sfu/internal/egress"
	"github.com/zvonok/zvonok/sfu/internal/rtpwire"
	"github.com/zvonok/zvonok/sfu/internal/slotsdp"
	"github.com/zvonok/zvonok/sfu/media"
)

// slotTrack is one slot of a subscriber's transport: the sink that the shard writes to. SSRC, RTX SSRC and CNAME stay
// for the transport's life, whoever occupies the slot. All but the negotiated is owned by the shard.
type slotTrack struct {
	link          *ownDownlink
	line          slotsdp.Line
	ssrc, rtxSSRC uint32
	stream        string

	rtxSeq          uint64
	packets, octets uint32
}

// streamNames are the MSIDs of the slots that share one: browsers sync the tracks of one stream.
var streamNames = map[media.SlotKind]string{
	media.SlotStageVideo: "stage", media.SlotStageVoice: "stage", media.SlotShareVideo: "share", media.SlotShareAudio: "share",
}

// slotNames are a slot's names in the answer.
func slotNames(index int, kind media.SlotKind) (stream, track string) {
	if stream = streamNames[kind]; stream == "" {
		stream = fmt.Sprintf("slot-%d", index)
	}
	return stream, fmt.Sprintf("%s-%d", kind, index)
}

const (
	// firstIndex is the unwrapped number at which the roll-over counter of SRTP is 0: where [rewrite.NewStream] begins.
	firstIndex = 1 << 16
	// The fixed part of an RTP header, and the most that our extensions add.
	rtpHeader, maxExtensions = 12, 12
	// maxOverhead is what a packet needs beside its payload: header, RTX number, tag.
	maxOverhead = rtpHeader + maxExtensions + 2 + 16
	// wideAt is where the transport-wide number stands.
	wideAt = rtpHeader + 4 + 1
	// padded is the bit that says that padding follows the payload.
	padded = 0x20
	// padByte fills header extensions up.
	padByte = 0
)

func (t *slotTrack) ready(c media.Codec) bool { return t.line.Types[c] != 0 && t.link.session.Ready() }

func (t *slotTrack) send(whole parcel, seq, ts uint64) int {
	p := whole.packet
	if t.line.Types[p.Codec] == 0 {
		return 0
	}
	buf := t.link.space(len(whole.payload) + maxOverhead)
	if buf == nil {
		return 0
	}
	header := t.fill(buf, p, t.line.Types[p.Codec], t.ssrc, uint16(seq), ts)
	if whole.padding > 0 {
		buf[0] |= padded
	}
	n := t.link.seal(buf, header, whole.payload, t.ssrc, seq-firstIndex, t.numbered(), kindOf(p))
	if n == 0 {
		return 0
	}
	t.packets++
	t.octets += uint32(len(p.Payload))
	return n
}

// kindOf tells a stream connection what may be lost.
func kindOf(p *media.Packet) egress.Kind {
	switch {
	case p.Codec == media.Opus:
		return egress.Audio
	case p.Keyframe:
		return egress.KeyVideo
	}
	return egress.Video
}

// numbered says whether packets carry transport-wide numbers. No packet is ever sealed twice: a second number under the
// same index would break AES-GCM.
func (t *slotTrack) numbered() bool { return t.line.TransportID != 0 }

// fill writes a packet's header and gives its length. But for the transport-wide number, for which it only makes room,
// the same arguments always make the same bytes.
func (t *slotTrack) fill(b []byte, p *media.Packet, pt uint8, ssrc uint32, seq uint16, ts uint64) int {
	b[0], b[1] = 0x80, pt
	if p.Marker {
		b[1] |= 0x80
	}
	binary.BigEndian.PutUint16(b[2:], seq)
	binary.BigEndian.PutUint32(b[4:], uint32(ts))
	binary.BigEndian.PutUint32(b[8:], ssrc)
	const first = rtpHeader + 4
	at := first
	if t.numbered() {
		b[at], b[at+1], b[at+2] = t.line.TransportID<<4|1, 0, 0
		at += 3
	}
	if t.line.LevelID != 0 && p.Codec == media.Opus {
		b[at], b[at+1] = t.line.LevelID<<4, p.Level&0x7f
		at += 2
	}
	if at == first {
		return rtpHeader
	}
	for ; at%4 != 0; at++ {
		b[at] = padByte
	}
	b[0] |= 0x10
	binary.BigEndian.PutUint16(b[rtpHeader:], 0xbede) // RFC 8285, section 4.2
	binary.BigEndian.PutUint16(b[rtpHeader+2:], uint16((at-first)/4))
	return at
}

// resend writes RFC 4588 retransmission. Without RTX there is none: the packet once more would have to be the same bit
// for bit, and its first copy may have been padded.
func (t *slotTrack) resend(p *media.Packet, seq, ts uint64) bool {
	rtx := t.line.RTX[p.Codec]
	if t.line.Types[p.Codec] == 0 || rtx == 0 {
		return false
	}
	buf := t.link.space(len(p.Payload) + maxOverhead)
	if buf == nil {
		return false
	}
	t.rtxSeq++
	header := t.fill(buf, p, rtx, t.rtxSSRC, uint16(t.rtxSeq), ts)
	payload := rtpwire.RTXPayload(buf[header:header], uint16(seq), p.Payload)
	return t.link.seal(buf, header, payload, t.rtxSSRC, t.rtxSeq, t.numbered(), egress.Repeat) > 0
}

func (t *slotTrack) published(media.SenderReport) {}

func (t *slotTrack) report(ts uint64, now time.Time) {
	raw, err := rtcp.Marshal([]rtcp.Packet{
		&rtcp.SenderReport{SSRC: t.ssrc, NTPTime: toNTP(now), RTPTime: uint32(ts), PacketCount: t.packets, OctetCount: t.octets},
		&rtcp.SourceDescription{Chunks: []rtcp.SourceDescriptionChunk{{
			Source: t.ssrc, Items: []rtcp.SourceDescriptionItem{{Type: rtcp.SDESCNAME, Text: t.stream}},
		}}},
	})
	if err == nil {
		t.link.control(raw)
	}
}
