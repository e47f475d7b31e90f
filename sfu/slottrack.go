package sfu

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"

	"github.com/zvonok/zvonok/sfu/internal/rtpwire"
	"github.com/zvonok/zvonok/sfu/media"
)

// slotTrack is one slot of a peer connection: the webrtc.TrackLocal that Pion negotiates, and the sink that the shard
// writes to. SSRC, RTX SSRC and CNAME stay for the transport's life, whoever occupies the slot.
type slotTrack struct {
	id, stream string
	kind       webrtc.RTPCodecType
	counters   *counters
	rtcp       func([]rtcp.Packet) error
	// open is set while the transport is connected; bound is set by Pion when the answer has been made.
	open  *atomic.Bool
	bound atomic.Pointer[binding]

	// owned by the shard
	header          rtp.Header
	level           [1]byte
	scratch         []byte
	rtxSeq          uint16
	packets, octets uint32
}

// binding is what was negotiated for a slot; payload types are indexed by [media.Codec], 0 where there is none.
type binding struct {
	writer        webrtc.TrackLocalWriter
	ssrc, rtxSSRC uint32
	pt, rtx       [media.Opus + 1]uint8
	levelID       uint8
}

// streamNames are the MSIDs of the slots that share one: browsers sync the tracks of one stream.
var streamNames = map[media.SlotKind]string{
	media.SlotStageVideo: "stage", media.SlotStageVoice: "stage", media.SlotShareVideo: "share", media.SlotShareAudio: "share",
}

func newSlotTrack(index int, kind media.SlotKind, c *counters, open *atomic.Bool) *slotTrack {
	t := &slotTrack{
		id: fmt.Sprintf("%s-%d", kind, index), kind: webrtc.RTPCodecTypeAudio, counters: c, open: open,
		scratch: make([]byte, 0, maxPacket),
	}
	if kind.IsVideo() {
		t.kind = webrtc.RTPCodecTypeVideo
	}
	if t.stream = streamNames[kind]; t.stream == "" {
		t.stream = fmt.Sprintf("slot-%d", index)
	}
	return t
}

// Bind implements webrtc.TrackLocal.
func (t *slotTrack) Bind(ctx webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	b := &binding{writer: ctx.WriteStream(), ssrc: uint32(ctx.SSRC()), rtxSSRC: uint32(ctx.SSRCRetransmission())}
	var first *webrtc.RTPCodecParameters
	codecs := ctx.CodecParameters()
	for i := range codecs {
		if c := codecOf(codecs[i].MimeType); c != media.CodecNone && b.pt[c] == 0 {
			b.pt[c] = uint8(codecs[i].PayloadType)
			if first == nil {
				first = &codecs[i]
			}
		}
	}
	if first == nil {
		return webrtc.RTPCodecParameters{}, webrtc.ErrUnsupportedCodec
	}
	for _, c := range codecs {
		if apt, ok := strings.CutPrefix(c.SDPFmtpLine, "apt="); ok && strings.EqualFold(c.MimeType, webrtc.MimeTypeRTX) {
			if pt, err := strconv.ParseUint(apt, 10, 7); err == nil {
				if i := slices.Index(b.pt[:], uint8(pt)); i > 0 {
					b.rtx[i] = uint8(c.PayloadType)
				}
			}
		}
	}
	for _, e := range ctx.HeaderExtensions() {
		if e.URI == sdp.AudioLevelURI && e.ID < 15 {
			b.levelID = uint8(e.ID)
		}
	}
	t.bound.Store(b)
	return *first, nil
}

// Unbind implements webrtc.TrackLocal.
func (t *slotTrack) Unbind(webrtc.TrackLocalContext) error {
	t.bound.Store(nil)
	return nil
}

// ID implements webrtc.TrackLocal.
func (t *slotTrack) ID() string { return t.id }

// RID implements webrtc.TrackLocal.
func (t *slotTrack) RID() string { return "" }

// StreamID implements webrtc.TrackLocal.
func (t *slotTrack) StreamID() string { return t.stream }

// Kind implements webrtc.TrackLocal.
func (t *slotTrack) Kind() webrtc.RTPCodecType { return t.kind }

func (t *slotTrack) ready(c media.Codec) bool {
	b := t.bound.Load()
	return b != nil && t.open.Load() && b.pt[c] != 0
}

func (t *slotTrack) send(p *media.Packet, seq, ts uint64) bool {
	b := t.bound.Load()
	if b == nil || b.pt[p.Codec] == 0 {
		return false
	}
	t.fill(b, p, seq, ts)
	n, err := b.writer.WriteRTP(&t.header, p.Payload)
	if err != nil {
		return false
	}
	t.packets++
	t.octets += uint32(len(p.Payload))
	t.counters.forwarded.Add(1)
	t.counters.forwardedBytes.Add(uint64(n))
	return true
}

// fill makes the header of a packet; the same arguments always make the same header, so that a packet written twice
// is the same ciphertext.
func (t *slotTrack) fill(b *binding, p *media.Packet, seq, ts uint64) {
	h := &t.header
	h.Version, h.PayloadType, h.SSRC = 2, b.pt[p.Codec], b.ssrc
	h.Marker, h.SequenceNumber, h.Timestamp = p.Marker, uint16(seq), uint32(ts)
	if b.levelID != 0 && p.Codec == media.Opus {
		t.level[0] = p.Level
		// The slice is kept by the header, which is ours: no allocation after the first packet.
		_ = h.SetExtension(b.levelID, t.level[:])
	}
}

// resend writes RFC 4588 retransmission; without RTX the packet itself once more, bit for bit.
func (t *slotTrack) resend(p *media.Packet, seq, ts uint64) bool {
	b := t.bound.Load()
	if b == nil || b.pt[p.Codec] == 0 {
		return false
	}
	t.fill(b, p, seq, ts)
	payload := p.Payload
	if b.rtxSSRC != 0 && b.rtx[p.Codec] != 0 {
		t.rtxSeq++
		t.header.SSRC, t.header.PayloadType, t.header.SequenceNumber = b.rtxSSRC, b.rtx[p.Codec], t.rtxSeq
		t.scratch = rtpwire.RTXPayload(t.scratch[:0], uint16(seq), p.Payload)
		payload = t.scratch
	}
	_, err := b.writer.WriteRTP(&t.header, payload)
	return err == nil
}

func (t *slotTrack) published(media.SenderReport) {}

func (t *slotTrack) report(ts uint64, now time.Time) {
	b := t.bound.Load()
	if b == nil || !t.open.Load() {
		return
	}
	// An error means that the transport is closing.
	_ = t.rtcp([]rtcp.Packet{
		&rtcp.SenderReport{SSRC: b.ssrc, NTPTime: toNTP(now), RTPTime: uint32(ts), PacketCount: t.packets, OctetCount: t.octets},
		&rtcp.SourceDescription{Chunks: []rtcp.SourceDescriptionChunk{{
			Source: b.ssrc, Items: []rtcp.SourceDescriptionItem{{Type: rtcp.SDESCNAME, Text: t.stream}},
		}}},
	})
}
